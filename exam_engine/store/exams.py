"""Exams, sessions and participants."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

import msgspec

from exam_engine.domain.records import Exam, Participant, Session, SessionLine
from kit.errors import NotFound
from kit.postgres import Connection, load_statements

SQL = load_statements(__package__, "sql/exams.sql")


@dataclass(eq=False)
class NoSuchRecord(NotFound):
    """`kind` and `id` of what was looked for."""

    kind: str
    id: str
    key: ClassVar[str] = "not-found"


class ExamStore:
    """Over one connection; the caller owns the transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def exam(self, exam_id: UUID) -> Exam:
        """Raises `NoSuchRecord`."""
        row = await self._connection.fetchrow(SQL.select_exam, exam_id)
        if row is None:
            raise NoSuchRecord("exam", str(exam_id))
        return Exam(*row)

    async def session(self, session_id: UUID) -> Session:
        """Raises `NoSuchRecord`."""
        row = await self._connection.fetchrow(SQL.select_session, session_id)
        if row is None:
            raise NoSuchRecord("session", str(session_id))
        return Session(*row)

    async def session_by_code(self, code: str) -> Session:
        """Raises `NoSuchRecord`."""
        row = await self._connection.fetchrow(SQL.select_session_by_code, code)
        if row is None:
            raise NoSuchRecord("session", code)
        return Session(*row)

    async def sessions(self) -> list[SessionLine]:
        """Newest first."""
        return [SessionLine(*row) for row in await self._connection.fetch(SQL.select_sessions)]

    async def participant(self, participant_id: UUID) -> Participant:
        """Raises `NoSuchRecord`."""
        row = await self._connection.fetchrow(SQL.select_participant, participant_id)
        if row is None:
            raise NoSuchRecord("participant", str(participant_id))
        return Participant(*row)

    async def open_participant(self, number_key: str, now: datetime) -> Participant | None:
        """Who has this number, written without separators and in capitals, in a session that is open now."""
        row = await self._connection.fetchrow(SQL.select_open_participant, number_key, now)
        return None if row is None else Participant(*row)

    async def add_exam(self, exam: Exam, now: datetime) -> None:
        """Insert; an exam whose code exists stays as it is."""
        await self._connection.execute(SQL.upsert_exam, *msgspec.structs.astuple(exam), now)

    async def add_session(self, session: Session) -> None:
        """Insert, or renew its times by code."""
        await self._connection.execute(SQL.upsert_session, *msgspec.structs.astuple(session))

    async def add_participants(self, participants: Sequence[Participant]) -> None:
        """Insert those that are new."""
        columns = [[getattr(one, name) for one in participants] for name in Participant.__struct_fields__]
        await self._connection.execute(SQL.insert_participants, *columns)

    async def set_extra_minutes(self, participant_id: UUID, minutes: int) -> None:
        """Accommodation of somebody who has not started."""
        await self._connection.execute(SQL.update_extra_minutes, participant_id, minutes)
