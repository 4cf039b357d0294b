"""The values of the admin module as they are stored and shown: vacancies, applicants, deliveries, scores.

Plain frozen records without behaviour; the store fills them, use cases pass them on, templates read them.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeAlias
from uuid import UUID

import msgspec

Texts: TypeAlias = dict[str, str]  # one text by language code


class Stage(msgspec.Struct, frozen=True):
    """One line of an announced schedule; both days are included."""

    title: Texts
    starts_on: date
    ends_on: date


class Assessment(msgspec.Struct, frozen=True):
    """One announced test: its kind, its weight in per cent of the final score, and what eliminates."""

    title: Texts
    weight: str
    elimination: Texts


class Vacancy(msgspec.Struct, frozen=True):
    """An announced post. `code` is what score records call `vacancy_id`."""

    id: UUID
    code: str
    title: Texts
    unit: Texts
    qualification: Texts
    formasi: int
    tracks: tuple[str, ...]
    rule_pack: str
    exam_code: str | None
    schedule: tuple[Stage, ...]
    assessments: tuple[Assessment, ...]
    announced_at: datetime | None


class VacancyLine(msgspec.Struct, frozen=True):
    """A vacancy in a list, with how many applied and of how many a score has arrived."""

    vacancy: Vacancy
    applicants: int
    received: int


class Applicant(msgspec.Struct, frozen=True):
    """Somebody who applied. Of the NIK only the last four digits are kept here."""

    participant_id: UUID
    number: str
    name: str
    nik_last4: str | None
    birth_date: date | None
    gpa: Decimal | None


class Application(msgspec.Struct, frozen=True):
    """An applicant for a vacancy, on a track."""

    participant_id: UUID
    vacancy: str
    track: str
    submitted_at: datetime


class ApplicantLine(msgspec.Struct, frozen=True):
    """An application in a list; `status` and `total` are those of the newest score, None where none has arrived."""

    applicant: Applicant
    track: str
    vacancy: str
    vacancy_title: Texts
    status: str | None
    total: str | None  # as the record writes it
    received_at: datetime | None


class Standing(msgspec.Struct, frozen=True):
    """An applicant of one vacancy with the newest score record that counts for it."""

    participant_id: UUID
    number: str
    name: str
    track: str
    record: Any
    score_version: int | None
    received_at: datetime | None


class Delivery(msgspec.Struct, frozen=True):
    """An authentic delivery as it came."""

    source: str
    event_id: str
    sha256: str
    raw: bytes
    received_at: datetime


class StoredScore(msgspec.Struct, frozen=True):
    """A score version as it is kept: the record, its evidence, and where it came from."""

    participant_id: UUID
    exam_id: str
    attempt: int
    score_version: int
    session_id: str
    vacancy_code: str
    record: Any
    record_hash: str
    jws: str
    source: str
    event_id: str
    received_at: datetime


class DeliveryLine(msgspec.Struct, frozen=True):
    """A delivery in the log; the last three are None where no score came of it or nobody of that id applied."""

    source: str
    event_id: str
    sha256: str
    verdict: str
    problems: tuple[str, ...]
    received_at: datetime
    raw: bytes
    number: str | None
    session_id: str | None
    score_version: int | None


class QuarantineLine(msgspec.Struct, frozen=True):
    """A delivery that waits for a human."""

    source: str
    event_id: str
    sha256: str
    reason: str
    received_at: datetime


class SessionRecord(msgspec.Struct, frozen=True):
    """What reconciliation needs of a score. `matched`: somebody of that id applied for that vacancy."""

    exam_id: str
    session_id: str
    score_version: int
    status: str
    record_hash: str
    prev_hash: str
    matched: bool
    current: bool


class Counts(msgspec.Struct, frozen=True):
    """The numbers of the start page."""

    vacancies: int
    applicants: int
    scores: int
    waiting: int
    refused: int
    quarantined: int
