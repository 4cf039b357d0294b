"""What the use cases need from outside: stores of one transaction, the items of the bank, and the values they carry.

Stores satisfy these structurally; only wiring joins the two.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

import msgspec

from exam_engine.domain.attempt import Status
from exam_engine.domain.log import Event, SequenceItem
from item_bank.domain.item import ItemContent


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
    """One sitting of an exam; log-in is possible from `opens_at` to `closes_at`."""

    id: UUID
    exam_id: UUID
    code: str
    opens_at: datetime
    closes_at: datetime


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
    photo_at: datetime | None
    checked_at: datetime | None
    started_at: datetime | None
    deadline_at: datetime | None
    paused_at: datetime | None
    ended_at: datetime | None
    last_seq: int
    form_hash: str | None


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


class ExamPort(Protocol):
    """Exams, sessions, participants."""

    async def exam(self, exam_id: UUID) -> Exam: ...
    async def session(self, session_id: UUID) -> Session: ...
    async def session_by_code(self, code: str) -> Session: ...
    async def sessions(self) -> list[SessionLine]: ...
    async def participant(self, participant_id: UUID) -> Participant: ...
    async def open_participant(self, number: str, now: datetime) -> Participant | None: ...
    async def add_exam(self, exam: Exam, now: datetime) -> None: ...
    async def add_session(self, session: Session) -> None: ...
    async def add_participants(self, participants: Sequence[Participant]) -> None: ...


class AttemptPort(Protocol):
    """Attempts and their logs. `lock` returns the database's time after the row is held."""

    async def get(self, attempt_id: UUID) -> Attempt: ...
    async def lock(self, attempt_id: UUID) -> tuple[Attempt, datetime]: ...
    async def lock_of_participant(self, participant_id: UUID) -> Attempt | None: ...
    async def lock_overdue(self, limit: int) -> list[UUID]: ...
    async def add(self, attempt: Attempt) -> None: ...
    async def save(self, attempt: Attempt) -> None: ...
    async def append(self, attempt: Attempt, kind: str, payload: Any, at: datetime) -> Attempt: ...
    async def events(self, attempt_id: UUID) -> list[Event]: ...
    async def sequences(self, attempt_ids: Sequence[UUID]) -> dict[UUID, tuple[SequenceItem, ...]]: ...
    async def session_progress(self, session_id: UUID) -> list[Progress]: ...
    async def progress(self, attempt_id: UUID) -> Progress: ...
    async def responses(self, attempt_ids: Sequence[UUID]) -> dict[UUID, dict[UUID, Any]]: ...
    async def answered(self, attempt_ids: Sequence[UUID]) -> dict[UUID, int]: ...


class ScorePort(Protocol):
    """Score versions, the chain of a session's records, and the outbox."""

    async def lock_chain(self, session_id: UUID) -> str: ...
    async def advance_chain(self, session_id: UUID, head: str) -> None: ...
    async def add(self, score: Score, session_id: UUID) -> None: ...
    async def latest(self, attempt_id: UUID) -> Score | None: ...
    async def take_outgoing(self, now: datetime, limit: int) -> list[Outgoing]: ...
    async def mark_sent(self, outgoing_id: int, now: datetime) -> None: ...
    async def postpone(self, outgoing_id: int, next_at: datetime, error: str) -> None: ...
    async def outbox_counts(self) -> tuple[int, int]: ...


class ExamUnit(Protocol):
    """The stores of one transaction."""

    @property
    def exams(self) -> ExamPort: ...
    @property
    def attempts(self) -> AttemptPort: ...
    @property
    def scores(self) -> ScorePort: ...


class ItemSource(Protocol):
    """The items of the bank, cached: an approved version never changes."""

    async def contents(self, version_ids: Sequence[UUID]) -> Mapping[UUID, ItemContent]: ...
