"""The proctoring tables over one connection; the caller owns the transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from kit.postgres import Connection, load_statements
from proctoring.domain.incident import Incident
from proctoring.domain.measure import Measurement
from proctoring.domain.records import Action, IncidentRow, Message, Picture, Standing, Watched
from proctoring.domain.review import ReviewState
from proctoring.domain.signals import Signal

SQL = load_statements(__package__, "sql/proctor.sql")
_SIGN = 1 << 63


class ProctorStore:
    """Satisfies `ProctorPort`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def lock_watch(self, attempt_id: UUID) -> Watched | None:
        """The row of an attempt, held until the transaction ends."""
        row = await self._connection.fetchrow(SQL.lock_watch, attempt_id)
        return None if row is None else Watched(*row)

    async def add_watch(self, attempt_id: UUID, session_id: UUID, now: datetime) -> None:
        """Insert; one that exists stays."""
        await self._connection.execute(SQL.insert_watch, attempt_id, session_id, now)

    async def save_settings(self, attempt_id: UUID, settings: dict[str, Any]) -> None:
        """The exam's proctoring settings."""
        await self._connection.execute(SQL.update_settings, attempt_id, settings)

    async def save_watch(
        self, attempt_id: UUID, state: Any, due_at: datetime | None, frame_at: datetime | None, judged: bool
    ) -> None:
        """The rules' state after a step."""
        await self._connection.execute(SQL.update_watch, attempt_id, state, due_at, frame_at, judged)

    async def due(self, now: datetime, limit: int) -> list[tuple[UUID, UUID]]:
        """Attempt and session of every watch in which time will change something."""
        return [tuple(row) for row in await self._connection.fetch(SQL.select_due, now, limit)]

    async def count_quiet(self, before: datetime) -> tuple[int, int]:
        """How many attempts owe frames, and how many of them sent none since `before`."""
        return tuple(await self._connection.fetchrow(SQL.count_quiet, before))

    async def add_measurement(
        self, attempt_id: UUID, measurement: Measurement, reading: str, captured_at: datetime | None
    ) -> None:
        """One row per frame."""
        faces = [[face.x, face.y, face.width, face.height, face.score] for face in measurement.faces]
        await self._connection.execute(
            SQL.insert_measurement,
            attempt_id,
            measurement.at,
            captured_at,
            reading,
            faces,
            measurement.brightness,
            measurement.contrast,
            measurement.sharpness,
            measurement.face_share,
            # the same 64 bits as a signed number
            (measurement.dhash ^ _SIGN) - _SIGN,
            measurement.width,
            measurement.height,
        )

    async def add_signals(self, attempt_id: UUID, session_id: UUID, signals: Sequence[Signal], now: datetime) -> None:
        """Append."""
        rows = [(attempt_id, session_id, each.kind, each.at, now, each.detail) for each in signals]
        await self._connection.executemany(SQL.insert_signal, rows)

    async def waiting_signals(self, limit: int) -> list[tuple[UUID, UUID]]:
        """Attempt and session of those with signals that no rule has seen."""
        return [tuple(row) for row in await self._connection.fetch(SQL.select_signal_attempts, limit)]

    async def take_signals(self, attempt_id: UUID, limit: int) -> list[Signal]:
        """Mark as seen and return, in the order of receipt."""
        rows = sorted(await self._connection.fetch(SQL.take_signals, attempt_id, limit), key=lambda row: row["id"])
        return [Signal(row["kind"], row["at"], row["detail"]) for row in rows]

    async def signals(self, attempt_id: UUID, limit: int) -> list[Signal]:
        """By their own time."""
        return [Signal(*row) for row in await self._connection.fetch(SQL.select_signals, attempt_id, limit)]

    async def open_incident(
        self, attempt_id: UUID, session_id: UUID, incident: Incident, evidence: Sequence[UUID]
    ) -> UUID:
        """Insert; a second open one of the same kind and topic is refused by the index."""
        found: UUID = await self._connection.fetchval(
            SQL.insert_incident,
            attempt_id,
            session_id,
            incident.kind.value,
            incident.topic,
            incident.severity.value,
            incident.opened_at,
            incident.last_at,
            incident.facts,
            list(evidence),
        )
        return found

    async def extend_incident(self, attempt_id: UUID, incident: Incident, evidence: Sequence[UUID]) -> UUID | None:
        """Write what changed; `evidence` is added."""
        found: UUID | None = await self._connection.fetchval(
            SQL.extend_incident,
            attempt_id,
            incident.kind.value,
            incident.topic,
            incident.severity.value,
            incident.last_at,
            incident.facts,
            list(evidence),
        )
        return found

    async def close_incident(self, attempt_id: UUID, incident: Incident, at: datetime) -> UUID | None:
        """Set the end."""
        found: UUID | None = await self._connection.fetchval(
            SQL.close_incident, attempt_id, incident.kind.value, incident.topic, at
        )
        return found

    async def close_incidents(self, attempt_id: UUID, at: datetime) -> None:
        """Close all that are open."""
        await self._connection.execute(SQL.close_incidents, attempt_id, at)

    async def incident(self, incident_id: UUID, *, lock: bool = False) -> IncidentRow | None:
        """One incident, held if asked."""
        row = await self._connection.fetchrow(SQL.lock_incident if lock else SQL.select_incident, incident_id)
        return None if row is None else IncidentRow(*row)

    async def save_review(self, incident_id: UUID, state: ReviewState, note: str, reviewer: str, now: datetime) -> None:
        """Only a new incident takes one."""
        await self._connection.execute(SQL.update_review, incident_id, state.value, note, reviewer, now)

    async def session_incidents(self, session_id: UUID, *, unreviewed: bool, limit: int) -> list[IncidentRow]:
        """The gravest first, then the newest."""
        rows = await self._connection.fetch(SQL.select_session_incidents, session_id, unreviewed, limit)
        return [IncidentRow(*row) for row in rows]

    async def attempt_incidents(self, attempt_id: UUID, limit: int) -> list[IncidentRow]:
        """Oldest first."""
        rows = await self._connection.fetch(SQL.select_attempt_incidents, attempt_id, limit)
        return [IncidentRow(*row) for row in rows]

    async def add_media(self, picture: Picture) -> None:
        """Insert; the same id twice is the same picture."""
        await self._connection.execute(
            SQL.insert_media,
            picture.id,
            picture.attempt_id,
            picture.kind,
            picture.at,
            picture.sha256,
            picture.jpeg,
        )

    async def media(self, media_id: UUID) -> Picture | None:
        """One picture."""
        row = await self._connection.fetchrow(SQL.select_media, media_id)
        return None if row is None else Picture(*row)

    async def photos(self, attempt_id: UUID) -> list[tuple[UUID, datetime]]:
        """Identity photos, oldest first."""
        return [tuple(row) for row in await self._connection.fetch(SQL.select_photos, attempt_id)]

    async def release_media(self, attempt_id: UUID, media_ids: Sequence[UUID]) -> None:
        """Delete pictures that became no evidence."""
        await self._connection.execute(SQL.delete_released, attempt_id, list(media_ids))

    async def add_message(self, attempt_id: UUID, text: str, author: str, now: datetime) -> Message:
        """Append."""
        message_id = await self._connection.fetchval(SQL.insert_message, attempt_id, now, author, text)
        return Message(message_id, attempt_id, now, author, text)

    async def messages(self, attempt_id: UUID, limit: int) -> list[Message]:
        """Oldest first."""
        return [Message(*row) for row in await self._connection.fetch(SQL.select_messages, attempt_id, limit)]

    async def add_action(self, attempt_id: UUID, action: Action) -> None:
        """Append."""
        await self._connection.execute(
            SQL.insert_action, attempt_id, action.at, action.kind, action.actor, action.detail
        )

    async def actions(self, attempt_id: UUID, limit: int) -> list[Action]:
        """Oldest first."""
        return [Action(*row) for row in await self._connection.fetch(SQL.select_actions, attempt_id, limit)]

    async def standings(self, attempt_ids: Sequence[UUID]) -> list[Standing]:
        """One per attempt asked for, also of unknown ones."""
        return [Standing(*row) for row in await self._connection.fetch(SQL.select_standings, list(attempt_ids))]
