"""What the pages show besides the ranking: vacancies, applicants, the log of hand-overs, reconciliation."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from kit.handover import parse_envelope
from kit.signing import BadSignature, verify_record
from recruitment.domain.reconcile import SessionSummary, reconcile
from recruitment.domain.records import ApplicantLine, Counts, DeliveryLine, QuarantineLine, VacancyLine
from recruitment.service.ports import RecruitmentPort

PAGE_SIZE = 50
MOST_PAGES = 10_000  # a page number beyond is a typing mistake, and would overflow the offset
QUARANTINE_SHOWN = 100


@dataclass(frozen=True)
class Page:
    """Where a list stands: `number` from 1 to `count`."""

    number: int
    total: int

    @property
    def count(self) -> int:
        """How many pages there are, at least one."""
        return max(1, -(-self.total // PAGE_SIZE))

    @property
    def first(self) -> int:
        """The position of the first line shown, 0 for an empty list."""
        return min(self.total, (self.number - 1) * PAGE_SIZE + 1)

    @property
    def last(self) -> int:
        """The position of the last line shown."""
        return min(self.total, self.number * PAGE_SIZE)


@dataclass(frozen=True)
class Overview:
    """The staff's start page."""

    counts: Counts
    vacancies: list[VacancyLine]
    sessions: list[SessionSummary]


@dataclass(frozen=True)
class ApplicantPage:
    """One page of applicants; `vacancy` and `text` are the filters in force."""

    lines: list[ApplicantLine]
    page: Page
    vacancy: str | None
    text: str | None


@dataclass(frozen=True)
class CheckedDelivery:
    """A delivery of the log; `holds`: the signature of its stored bytes was verified again just now."""

    line: DeliveryLine
    holds: bool


@dataclass(frozen=True)
class InboxPage:
    """One page of the log, and what is in quarantine."""

    deliveries: list[CheckedDelivery]
    page: Page
    quarantine: list[QuarantineLine]


def _page(number: int, total: int) -> Page:
    asked = Page(max(1, min(number, MOST_PAGES)), total)
    return Page(min(asked.number, asked.count), total)


async def overview(unit: RecruitmentPort) -> Overview:
    """Counts, vacancies, sessions."""
    return Overview(await unit.counts(), await unit.vacancies(), await reconcile_sessions(unit))


async def list_vacancies(unit: RecruitmentPort) -> list[VacancyLine]:
    """All vacancies with their counts."""
    return await unit.vacancies()


async def list_applicants(unit: RecruitmentPort, vacancy: str | None, text: str | None, number: int) -> ApplicantPage:
    """Page `number` of those who applied for `vacancy` and whose name or number holds `text`."""
    page = _page(number, await unit.count_applicants(vacancy, text))
    lines = await unit.applicants(vacancy, text, PAGE_SIZE, (page.number - 1) * PAGE_SIZE)
    return ApplicantPage(lines, page, vacancy, text)


async def inbox_log(unit: RecruitmentPort, public_hex: str, number: int) -> InboxPage:
    """Page `number` of the received hand-overs, newest first, each verified anew from its raw bytes."""
    page = _page(number, await unit.count_deliveries())
    lines = await unit.deliveries(PAGE_SIZE, (page.number - 1) * PAGE_SIZE)
    checked = [CheckedDelivery(line, _holds(line.raw, public_hex)) for line in lines]
    return InboxPage(checked, page, await unit.quarantined(QUARANTINE_SHOWN))


def _holds(raw: bytes, public_hex: str) -> bool:
    try:
        verify_record(parse_envelope(raw).data.jws, public_hex)
    except (BadSignature, msgspec.MsgspecError):
        return False
    return True


async def reconcile_sessions(unit: RecruitmentPort) -> list[SessionSummary]:
    """Every exam session of which something has arrived."""
    return reconcile(await unit.session_records())
