"""The records of proctoring as values: what stores read and write and use cases decide over."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec


class Frame(msgspec.Struct, frozen=True):
    """A picture as it came. `at` is the server's time of receipt, `captured_at` the browser's claim."""

    attempt_id: UUID
    session_id: UUID
    at: datetime
    captured_at: datetime | None
    jpeg: bytes
    receipt: str = ""  # the queue's own mark of a taken frame


class Watched(msgspec.Struct, frozen=True):
    """A held row: the exam's proctoring settings and the rules' state, both as JSON values."""

    attempt_id: UUID
    session_id: UUID
    settings: dict[str, Any]
    state: dict[str, Any]


class IncidentRow(msgspec.Struct, frozen=True):
    """An incident as stored."""

    id: UUID
    attempt_id: UUID
    session_id: UUID
    kind: str
    topic: str
    severity: str
    opened_at: datetime
    closed_at: datetime | None
    facts: dict[str, Any]
    evidence: list[UUID]
    review: str
    review_note: str
    reviewed_by: str | None
    reviewed_at: datetime | None


class Action(msgspec.Struct, frozen=True):
    """What somebody did."""

    at: datetime
    kind: str
    actor: str
    detail: dict[str, Any]


class Message(msgspec.Struct, frozen=True):
    """From a proctor to a candidate."""

    id: UUID
    attempt_id: UUID
    at: datetime
    author: str
    text: str


class Picture(msgspec.Struct, frozen=True):
    """A stored picture; `kind` is `identity` or `evidence`."""

    id: UUID
    attempt_id: UUID
    kind: str
    at: datetime
    sha256: str
    jpeg: bytes


class Standing(msgspec.Struct, frozen=True):
    """One candidate in the grid: incidents that wait for a review (remarks of severity info are not counted)."""

    attempt_id: UUID
    frame_at: datetime | None
    open_incidents: int
    worst: str | None
    photo: UUID | None
