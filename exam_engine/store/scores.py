"""Score versions, the hash chain of a session's records, and the outbox of the hand-over."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from exam_engine.domain.records import Outgoing, Score
from kit.postgres import Connection, load_statements

SQL = load_statements(__package__, "sql/scores.sql")


class ScoreStore:
    """Over one connection; the caller owns the transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def lock_chain(self, session_id: UUID) -> str:
        """The head of the session's chain, held until the transaction ends."""
        head: str = await self._connection.fetchval(SQL.lock_chain, session_id)
        return head

    async def advance_chain(self, session_id: UUID, head: str) -> None:
        """Set the new head."""
        await self._connection.execute(SQL.update_chain, session_id, head)

    async def add(self, score: Score, session_id: UUID) -> None:
        """Insert a score version and its outbox row."""
        await self._connection.execute(
            SQL.insert_score,
            score.attempt_id,
            score.version,
            score.event_id,
            session_id,
            score.record,
            score.record_hash,
            score.log_hash,
            score.jws,
            score.created_at,
        )
        await self._connection.execute(SQL.insert_outbox, score.event_id, score.created_at)

    async def latest(self, attempt_id: UUID) -> Score | None:
        """The newest score version of an attempt."""
        row = await self._connection.fetchrow(SQL.select_score, attempt_id)
        return None if row is None else Score(*row)

    async def versions(self, attempt_id: UUID) -> list[Score]:
        """Every score version of an attempt, oldest first."""
        return [Score(*row) for row in await self._connection.fetch(SQL.select_score_versions, attempt_id)]

    async def latest_of_session(self, session_id: UUID) -> list[Score]:
        """The newest score version of each attempt of a session."""
        return [Score(*row) for row in await self._connection.fetch(SQL.select_session_scores, session_id)]

    async def attempt_of(self, record_hash: str) -> UUID | None:
        """The attempt whose score record has this hash."""
        found: UUID | None = await self._connection.fetchval(SQL.select_attempt_of_record, record_hash)
        return found

    async def take_outgoing(self, now: datetime, limit: int) -> list[Outgoing]:
        """Hand-overs that are due, held so that no other worker sends them meanwhile."""
        return [Outgoing(*row) for row in await self._connection.fetch(SQL.take_outbox, now, limit)]

    async def mark_sent(self, outgoing_id: int, now: datetime) -> None:
        """The receiver has it."""
        await self._connection.execute(SQL.mark_sent, outgoing_id, now)

    async def postpone(self, outgoing_id: int, next_at: datetime, error: str) -> None:
        """Try again at `next_at`."""
        await self._connection.execute(SQL.postpone, outgoing_id, next_at, error[:500])

    async def outbox_counts(self) -> tuple[int, int]:
        """(waiting, sent)."""
        row = await self._connection.fetchrow(SQL.count_outbox)
        return row["waiting"], row["sent"]
