"""What the use cases need from outside. Stores satisfy these structurally; only wiring joins the two."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Any, Protocol, TypeAlias
from uuid import UUID

import msgspec

from proctoring.domain.incident import Incident
from proctoring.domain.measure import Measurement
from proctoring.domain.review import ReviewState
from proctoring.domain.signals import Signal
from proctoring.service.views import Message, Picture, Standing


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


class FrameQueue(Protocol):
    """The newest frame of each candidate, for the workers and for the live view. Holding it may lose frames."""

    async def put(self, frame: Frame) -> None:
        """Replaces an older frame of the attempt that nobody has measured."""

    async def take(self, limit: int, now: datetime) -> list[Frame]:
        """Claim waiting frames, oldest first; also those whose worker died."""

    async def done(self, frame: Frame) -> None:
        """A taken frame needs no more work."""

    async def latest(self, attempt_id: UUID) -> Frame | None:
        """The live picture."""

    async def seen_at(self, attempt_ids: Sequence[UUID]) -> dict[UUID, datetime]:
        """When the newest frame of each attempt came."""

    async def forget(self, attempt_id: UUID) -> None:
        """Drop the live picture of an attempt that is over."""


class ProctorPort(Protocol):
    """The tables of one transaction."""

    async def lock_watch(self, attempt_id: UUID) -> Watched | None: ...
    async def add_watch(self, attempt_id: UUID, session_id: UUID, now: datetime) -> None: ...
    async def save_settings(self, attempt_id: UUID, settings: dict[str, Any]) -> None: ...
    async def save_watch(
        self, attempt_id: UUID, state: Any, due_at: datetime | None, frame_at: datetime | None, judged: bool
    ) -> None: ...
    async def due(self, now: datetime, limit: int) -> list[tuple[UUID, UUID]]: ...
    async def count_quiet(self, before: datetime) -> tuple[int, int]: ...
    async def add_measurement(
        self, attempt_id: UUID, measurement: Measurement, reading: str, captured_at: datetime | None
    ) -> None: ...
    async def add_signals(
        self, attempt_id: UUID, session_id: UUID, signals: Sequence[Signal], now: datetime
    ) -> None: ...
    async def waiting_signals(self, limit: int) -> list[tuple[UUID, UUID]]: ...
    async def take_signals(self, attempt_id: UUID, limit: int) -> list[Signal]: ...
    async def signals(self, attempt_id: UUID, limit: int) -> list[Signal]: ...
    async def open_incident(
        self, attempt_id: UUID, session_id: UUID, incident: Incident, evidence: Sequence[UUID]
    ) -> UUID: ...
    async def extend_incident(self, attempt_id: UUID, incident: Incident, evidence: Sequence[UUID]) -> UUID | None: ...
    async def close_incident(self, attempt_id: UUID, incident: Incident, at: datetime) -> UUID | None: ...
    async def close_incidents(self, attempt_id: UUID, at: datetime) -> None: ...
    async def incident(self, incident_id: UUID, *, lock: bool = False) -> IncidentRow | None: ...
    async def save_review(
        self, incident_id: UUID, state: ReviewState, note: str, reviewer: str, now: datetime
    ) -> None: ...
    async def session_incidents(self, session_id: UUID, *, unreviewed: bool, limit: int) -> list[IncidentRow]: ...
    async def attempt_incidents(self, attempt_id: UUID, limit: int) -> list[IncidentRow]: ...
    async def add_media(self, picture: Picture) -> None: ...
    async def media(self, media_id: UUID) -> Picture | None: ...
    async def photos(self, attempt_id: UUID) -> list[tuple[UUID, datetime]]: ...
    async def release_media(self, attempt_id: UUID, media_ids: Sequence[UUID]) -> None: ...
    async def add_message(self, attempt_id: UUID, text: str, author: str, now: datetime) -> Message: ...
    async def messages(self, attempt_id: UUID, limit: int) -> list[Message]: ...
    async def add_action(self, attempt_id: UUID, action: Action) -> None: ...
    async def actions(self, attempt_id: UUID, limit: int) -> list[Action]: ...
    async def standings(self, attempt_ids: Sequence[UUID]) -> list[Standing]: ...


class ProctorUnit(Protocol):
    """The stores of one transaction."""

    @property
    def proctor(self) -> ProctorPort: ...


Units: TypeAlias = Callable[[], AbstractAsyncContextManager[ProctorUnit]]  # opens one transaction
Measure: TypeAlias = Callable[[bytes, datetime], Awaitable[Measurement]]  # raises BadImage
