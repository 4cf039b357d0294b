"""Attempts, their event logs and the projections of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from exam_engine.domain.attempt import Status
from exam_engine.domain.deadline import CLOCK_EVENTS
from exam_engine.domain.log import Event, SequenceItem
from exam_engine.domain.records import Attempt, Beginning, Candidate, Participant, Progress
from exam_engine.store.exams import NoSuchRecord
from kit.postgres import Connection, load_statements

SQL = load_statements(__package__, "sql/attempts.sql")


def _attempt(row: Sequence[Any]) -> Attempt:
    attempt = Attempt(*list(row)[: len(Attempt.__struct_fields__)])
    return msgspec.structs.replace(attempt, status=Status(attempt.status))


def _progress(row: Sequence[Any]) -> Progress:
    progress = Progress(*row)
    return msgspec.structs.replace(progress, status=Status(progress.status))


class AttemptStore:
    """Over one connection; the caller owns the transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def get(self, attempt_id: UUID) -> Attempt:
        """Raises `NoSuchRecord`."""
        row = await self._connection.fetchrow(SQL.select_attempt, attempt_id)
        if row is None:
            raise NoSuchRecord("attempt", str(attempt_id))
        return _attempt(row)

    async def lock(self, attempt_id: UUID) -> tuple[Attempt, datetime]:
        """The attempt, held until the transaction ends, and the database's time after it was held."""
        row = await self._connection.fetchrow(SQL.lock_attempt, attempt_id)
        if row is None:
            raise NoSuchRecord("attempt", str(attempt_id))
        return _attempt(row), await self._connection.fetchval(SQL.read_clock)

    async def lock_starting(self, attempt_ids: Sequence[UUID]) -> list[Candidate]:
        """Those that exist, held in order of their id, with what decides about their start."""
        attempt, person = len(Attempt.__struct_fields__), len(Participant.__struct_fields__)
        return [
            Candidate(
                _attempt(row), Participant(*list(row)[attempt : attempt + person]), *list(row)[attempt + person :]
            )
            for row in await self._connection.fetch(SQL.lock_starting, list(attempt_ids))
        ]

    async def begin(self, beginnings: Sequence[Beginning]) -> None:
        """Start held attempts with one statement: their forms and `started` go to the logs and the hash chains."""
        if not beginnings:
            return
        begun = [each.attempt for each in beginnings]
        await self._connection.execute(
            SQL.begin_attempts,
            [each.id for each in begun],
            [each.form for each in beginnings],
            [each.terms for each in beginnings],
            [each.at for each in beginnings],
            [each.deadline_at for each in begun],
            [each.grace_s for each in begun],
            [each.form_hash for each in begun],
        )

    async def lock_of_participant(self, participant_id: UUID) -> Attempt | None:
        """The newest attempt of a participant, held."""
        row = await self._connection.fetchrow(SQL.lock_participant_attempt, participant_id)
        return None if row is None else _attempt(row)

    async def lock_overdue(self, without: Sequence[UUID]) -> UUID | None:
        """A running attempt whose deadline has passed and that no other worker holds, the longest overdue first."""
        found: UUID | None = await self._connection.fetchval(SQL.lock_overdue, list(without))
        return found

    async def add(self, attempt: Attempt) -> None:
        """Insert a preparing attempt; one that exists stays."""
        await self._connection.execute(
            SQL.insert_attempt,
            attempt.id,
            attempt.participant_id,
            attempt.session_id,
            attempt.seed,
            attempt.seat_id,
            attempt.created_at,
        )

    async def save(self, attempt: Attempt) -> None:
        """Write the changeable fields of a held attempt."""
        await self._connection.execute(
            SQL.update_attempt,
            attempt.id,
            attempt.status.value,
            attempt.seat_id,
            attempt.photo_at,
            attempt.checked_at,
            attempt.started_at,
            attempt.deadline_at,
            attempt.paused_at,
            attempt.ended_at,
            attempt.last_seq,
            attempt.form_hash,
            attempt.grace_s,
        )

    async def append(self, attempt: Attempt, kind: str, payload: Any, at: datetime) -> Attempt:
        """Add an event of the system to the log and the hash chain of a held attempt; returns it with its last_seq."""
        seq = await self._connection.fetchval(SQL.insert_event, attempt.id, kind, at, payload)
        return msgspec.structs.replace(attempt, last_seq=seq)

    async def events(self, attempt_id: UUID) -> list[Event]:
        """The whole log in order."""
        return [Event(*row) for row in await self._connection.fetch(SQL.select_events, attempt_id)]

    async def head(self, attempt_id: UUID) -> str:
        """The head of the log's hash chain, in hexadecimal."""
        head: bytes = await self._connection.fetchval(SQL.select_head, attempt_id)
        return head.hex()

    async def seq_of(self, attempt_id: UUID, head: str) -> int:
        """The event at which the log had this head; 0 where there is none."""
        return await self._connection.fetchval(SQL.select_seq_of_head, attempt_id, bytes.fromhex(head)) or 0

    async def clock_events(self, attempt_id: UUID) -> list[Event]:
        """Those of the log that the deadline follows from, in order."""
        rows = await self._connection.fetch(SQL.select_clock_events, attempt_id, list(CLOCK_EVENTS))
        return [Event(*row) for row in rows]

    async def response_events(self, attempt_ids: Sequence[UUID]) -> dict[UUID, list[Event]]:
        """What was answered in each attempt, in order of the log."""
        found: dict[UUID, list[Event]] = {attempt_id: [] for attempt_id in attempt_ids}
        for row in await self._connection.fetch(SQL.select_response_events, list(attempt_ids)):
            attempt_id, *event = row
            found[attempt_id].append(Event(*event))
        return found

    async def sequences(self, attempt_ids: Sequence[UUID]) -> dict[UUID, tuple[SequenceItem, ...]]:
        """The item sequence of each attempt."""
        found: dict[UUID, tuple[SequenceItem, ...]] = {}
        for row in await self._connection.fetch(SQL.select_sequence_events, list(attempt_ids)):
            items = msgspec.convert(row["payload"]["items"], tuple[SequenceItem, ...])
            found[row["attempt_id"]] = found.get(row["attempt_id"], ()) + items
        return found

    async def session_progress(self, session_id: UUID) -> list[Progress]:
        """Every attempt of a session, by participant number."""
        return [_progress(row) for row in await self._connection.fetch(SQL.select_session_progress, session_id)]

    async def progress(self, attempt_id: UUID) -> Progress:
        """One attempt; raises `NoSuchRecord`."""
        row = await self._connection.fetchrow(SQL.select_progress, attempt_id)
        if row is None:
            raise NoSuchRecord("attempt", str(attempt_id))
        return _progress(row)

    async def responses(self, attempt_ids: Sequence[UUID]) -> dict[UUID, dict[UUID, Any]]:
        """The standing responses of each attempt (projection)."""
        found: dict[UUID, dict[UUID, Any]] = {attempt_id: {} for attempt_id in attempt_ids}
        for row in await self._connection.fetch(SQL.select_responses, list(attempt_ids)):
            found[row["attempt_id"]][row["item_version_id"]] = row["value"]
        return found

    async def answered(self, attempt_ids: Sequence[UUID]) -> dict[UUID, int]:
        """How many items of each attempt have an answer."""
        rows = await self._connection.fetch(SQL.count_answered, list(attempt_ids))
        return {row["attempt_id"]: row["answered"] for row in rows}
