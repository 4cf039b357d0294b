"""The admin module's queries over one connection; the caller owns the transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

import msgspec

from kit.errors import NotFound
from kit.postgres import Connection, like_words, load_statements
from recruitment.domain.inbox import Received, Verdict
from recruitment.domain.records import (
    Applicant,
    ApplicantLine,
    Application,
    Counts,
    Delivery,
    DeliveryLine,
    QuarantineLine,
    SessionRecord,
    Standing,
    StoredScore,
    Vacancy,
    VacancyLine,
)

INBOX = load_statements(__package__, "sql/inbox.sql")
VACANCIES = load_statements(__package__, "sql/vacancies.sql")
_APPLICANT_COLUMNS = len(msgspec.structs.fields(Applicant))
_VACANCY_COLUMNS = [field.name for field in msgspec.structs.fields(Vacancy)]


@dataclass(eq=False)
class NoSuchVacancy(NotFound):
    """`code` of the vacancy that was looked for."""

    code: str
    key: ClassVar[str] = "no-such-vacancy"


def _vacancy(row: Any) -> Vacancy:
    return msgspec.convert({name: row[name] for name in _VACANCY_COLUMNS}, Vacancy)


class RecruitmentStore:
    """Vacancies, applicants, the inbox and the scores."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def lock_delivery(self, source: str, event_id: str) -> None:
        """Hold (source, event id) until the transaction ends, so that two copies of a delivery do not race."""
        await self._connection.execute(INBOX.lock_delivery, source, event_id)

    async def delivery(self, source: str, event_id: str) -> Received | None:
        """The first delivery under this id."""
        row = await self._connection.fetchrow(INBOX.select_delivery, source, event_id)
        return None if row is None else Received(row["sha256"], Verdict(row["verdict"]))

    async def add_delivery(self, delivery: Delivery, verdict: Verdict, problems: Sequence[str]) -> None:
        """Keep a delivery with its verdict, for ever."""
        await self._connection.execute(
            INBOX.insert_delivery,
            delivery.source,
            delivery.event_id,
            delivery.sha256,
            delivery.raw,
            verdict.value,
            list(problems),
            delivery.received_at,
        )

    async def quarantine(self, delivery: Delivery, reason: str) -> bool:
        """Keep a delivery apart; False where exactly this one is kept already."""
        return bool(
            await self._connection.fetchval(
                INBOX.insert_quarantine,
                delivery.source,
                delivery.event_id,
                delivery.sha256,
                delivery.raw,
                reason,
                delivery.received_at,
            )
        )

    async def latest_version(self, participant_id: UUID, exam_id: str, attempt: int) -> int | None:
        """The newest score version of a sitting."""
        found: int | None = await self._connection.fetchval(
            INBOX.select_latest_version, participant_id, exam_id, attempt
        )
        return found

    async def add_score(self, score: StoredScore) -> None:
        """Insert a score version."""
        await self._connection.execute(INBOX.insert_score, *msgspec.structs.astuple(score))

    async def deliveries(self, limit: int, offset: int) -> list[DeliveryLine]:
        """Newest first."""
        rows = await self._connection.fetch(INBOX.select_deliveries, limit, offset)
        return [msgspec.convert(dict(row), DeliveryLine) for row in rows]

    async def count_deliveries(self) -> int:
        """All that were ever received."""
        found: int = await self._connection.fetchval(INBOX.count_deliveries)
        return found

    async def quarantined(self, limit: int) -> list[QuarantineLine]:
        """Newest first."""
        return [QuarantineLine(*row) for row in await self._connection.fetch(INBOX.select_quarantine, limit)]

    async def session_records(self) -> list[SessionRecord]:
        """Every score version, by exam and session."""
        return [SessionRecord(*row) for row in await self._connection.fetch(INBOX.select_session_records)]

    async def add_vacancy(self, vacancy: Vacancy) -> None:
        """Insert; a vacancy whose code exists stays as it is."""
        plain = msgspec.to_builtins(vacancy, builtin_types=(UUID, datetime))
        await self._connection.execute(VACANCIES.upsert_vacancy, *(plain[name] for name in _VACANCY_COLUMNS))

    async def vacancies(self) -> list[VacancyLine]:
        """All, by code."""
        rows = await self._connection.fetch(VACANCIES.select_vacancies)
        return [VacancyLine(_vacancy(row), row["applicants"], row["received"]) for row in rows]

    async def announced(self, now: datetime) -> list[Vacancy]:
        """Those that the public may see."""
        return [_vacancy(row) for row in await self._connection.fetch(VACANCIES.select_announced, now)]

    async def vacancy(self, code: str) -> Vacancy:
        """Raises `NoSuchVacancy`."""
        sought = None if "\0" in code else code  # PostgreSQL knows no such text
        row = await self._connection.fetchrow(VACANCIES.select_vacancy, sought)
        if row is None:
            raise NoSuchVacancy(code)
        return _vacancy(row)

    async def add_applicants(self, applicants: Sequence[Applicant], applications: Sequence[Application]) -> None:
        """Insert what is not there yet."""
        people = list(zip(*map(msgspec.structs.astuple, applicants), strict=True)) or [()] * _APPLICANT_COLUMNS
        await self._connection.execute(VACANCIES.insert_applicants, *people)
        await self._connection.execute(
            VACANCIES.insert_applications,
            [each.participant_id for each in applications],
            [each.vacancy for each in applications],
            [each.track for each in applications],
            [each.submitted_at for each in applications],
        )

    async def standings(self, code: str) -> list[Standing]:
        """The applicants of a vacancy with the newest score that counts."""
        return [Standing(*row) for row in await self._connection.fetch(VACANCIES.select_standings, code)]

    async def applicants(self, vacancy: str | None, text: str | None, limit: int, offset: int) -> list[ApplicantLine]:
        """By number; all words of `text` must be in name and number, in any order."""
        rows = await self._connection.fetch(VACANCIES.select_applicants, vacancy, like_words(text), limit, offset)
        return [
            ApplicantLine(Applicant(*list(row)[:_APPLICANT_COLUMNS]), *list(row)[_APPLICANT_COLUMNS:]) for row in rows
        ]

    async def count_applicants(self, vacancy: str | None, text: str | None) -> int:
        """How many `applicants` would list without a limit."""
        found: int = await self._connection.fetchval(VACANCIES.count_applicants, vacancy, like_words(text))
        return found

    async def counts(self) -> Counts:
        """The numbers of the start page."""
        return Counts(*await self._connection.fetchrow(VACANCIES.select_counts))
