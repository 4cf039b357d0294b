"""Operations of an emergency file: appended one by one to a held attempt, with its chain and its projections."""

from __future__ import annotations

from datetime import datetime

from exam_engine.domain.operations import Row
from kit.postgres import Connection, load_statements

SQL = load_statements(__package__, "sql/emergency.sql")


class EmergencyStore:
    """Over one connection; the caller owns the transaction and holds the attempt."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def append(self, row: Row, at: datetime) -> None:
        """The event, then the projection; of two revisions of an item the higher one stands."""
        await self._connection.execute(
            SQL.append_operation,
            row.attempt_id,
            row.kind,
            at,
            row.payload,
            row.item_version_id,
            row.revision,
            row.client_id,
            row.client_seq,
            row.client_at,
        )
        keys = (row.attempt_id, row.item_version_id, row.revision, row.payload)
        if row.kind == "responded":
            await self._connection.execute(SQL.project_response, *keys, at)
        else:
            await self._connection.execute(SQL.project_flag, *keys)
