"""The records of the engine as values: what stores read and write and use cases decide over."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from exam_engine.domain.attempt import Status


class Exam(msgspec.Struct, frozen=True):
    """An examination: what is drawn, scored and shown; `title` and `instructions` by language."""

    id: UUID
    code: str
    title: dict[str, str]
    instructions: dict[str, list[str]]
    blueprint: str
    rule_pack: str
    minutes: int
    board: bool
    proctoring: dict[str, Any]


class Session(msgspec.Struct, frozen=True):
    """One sitting of an exam; log-in is possible from `opens_at` to `closes_at`, the start from `starts_at` (T0)."""

    id: UUID
    exam_id: UUID
    code: str
    opens_at: datetime
    closes_at: datetime
    starts_at: datetime | None = None


class SessionLine(msgspec.Struct, frozen=True):
    """A session in a list, with its counts."""

    id: UUID
    exam_id: UUID
    code: str
    opens_at: datetime
    closes_at: datetime
    title: dict[str, str]
    board: bool
    registered: int
    active: int
    ended: int


class Participant(msgspec.Struct, frozen=True):
    """Somebody registered for a session."""

    id: UUID
    session_id: UUID
    number: str
    name: str
    pin_digest: bytes
    track: str
    vacancy: str
    extra_minutes: int


class Attempt(msgspec.Struct, frozen=True):
    """One sitting of one participant."""

    id: UUID
    participant_id: UUID
    session_id: UUID
    ordinal: int
    status: Status
    seed: int
    seat_id: UUID
    created_at: datetime
    photo_at: datetime | None = None
    checked_at: datetime | None = None
    started_at: datetime | None = None
    deadline_at: datetime | None = None
    paused_at: datetime | None = None
    ended_at: datetime | None = None
    last_seq: int = 0
    form_hash: str | None = None
    grace_s: int = 0  # how late what was made before the deadline may arrive


class Candidate(msgspec.Struct, frozen=True):
    """A held attempt that somebody wants to start: whose it is, of which exam, T0 of its session, the time now."""

    attempt: Attempt
    person: Participant
    exam_id: UUID
    starts_at: datetime | None
    at: datetime


class Beginning(msgspec.Struct, frozen=True):
    """An attempt as it is after its start, and the payloads of its events; None where there is nothing to write."""

    attempt: Attempt
    at: datetime
    form: dict[str, Any] | None
    terms: dict[str, Any] | None


class Progress(msgspec.Struct, frozen=True):
    """An attempt as proctors and the score board see it."""

    id: UUID
    status: Status
    started_at: datetime | None
    deadline_at: datetime | None
    paused_at: datetime | None
    ended_at: datetime | None
    last_seq: int
    photo_at: datetime | None
    number: str
    name: str
    track: str
    vacancy: str


class Score(msgspec.Struct, frozen=True):
    """A stored score version: the signed record and the receipt of the log that it was made from."""

    attempt_id: UUID
    version: int
    event_id: UUID
    record: Any
    record_hash: str
    log_hash: str
    jws: str
    created_at: datetime


class Outgoing(msgspec.Struct, frozen=True):
    """A hand-over that waits to be delivered."""

    id: int
    event_id: UUID
    tries: int
    record: Any
    jws: str
    created_at: datetime
