"""Queries of staff accounts, sessions and the audit trail."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from kit.postgres import Connection, load_statements


class Staff(msgspec.Struct, frozen=True):
    """A logged-in member of staff."""

    id: UUID
    username: str
    name: str
    role: str


class AccountStore:
    """Accounts of one schema, over one connection."""

    def __init__(self, connection: Connection, schema: str) -> None:
        self._connection = connection
        self._sql = load_statements(__package__, "sql/accounts.sql", schema=schema)

    async def save(self, staff: Staff, password_hash: str, now: datetime) -> UUID:
        """Insert, or renew by username; returns the id that the account has."""
        found: UUID = await self._connection.fetchval(
            self._sql.upsert_staff, staff.id, staff.username, staff.name, staff.role, password_hash, now
        )
        return found

    async def by_username(self, username: str) -> tuple[Staff, str] | None:
        """The account and its password hash."""
        row = await self._connection.fetchrow(self._sql.select_staff_by_username, username)
        return None if row is None else (Staff(*list(row)[:4]), row["password_hash"])

    async def people(self, ids: Sequence[UUID], usernames: Sequence[str] = ()) -> list[Staff]:
        """Who these are, also those who have left; whom nobody knows is left out."""
        return [
            Staff(*row) for row in await self._connection.fetch(self._sql.select_people, list(ids), list(usernames))
        ]

    async def accounts(self) -> list[tuple[Staff, datetime | None]]:
        """Every account by user name, with the time from which it is disabled."""
        rows = await self._connection.fetch(self._sql.select_accounts)
        return [(Staff(*list(row)[:4]), row["disabled_at"]) for row in rows]

    async def disable(self, username: str, now: datetime) -> UUID | None:
        """Refuse an account from now on and end its sessions; None where nobody has this name."""
        found: UUID | None = await self._connection.fetchval(self._sql.disable_staff, username, now)
        if found is not None:
            await self._connection.execute(self._sql.delete_sessions_of, found)
        return found

    async def enable(self, username: str) -> None:
        """Let an account in again."""
        await self._connection.execute(self._sql.enable_staff, username)

    async def add_session(self, token_digest: bytes, staff_id: UUID, now: datetime, expires_at: datetime) -> None:
        """Remember a session by the digest of its token."""
        await self._connection.execute(self._sql.insert_session, token_digest, staff_id, now, expires_at)

    async def by_session(self, token_digest: bytes, now: datetime) -> Staff | None:
        """Whose session it is, if it still holds."""
        row = await self._connection.fetchrow(self._sql.select_session, token_digest, now)
        return None if row is None else Staff(*row)

    async def drop_session(self, token_digest: bytes) -> None:
        """Forget a session."""
        await self._connection.execute(self._sql.delete_session, token_digest)

    async def audit(self, at: datetime, actor: str, action: str, subject: str, detail: dict[str, Any]) -> None:
        """Append one line to the audit trail."""
        await self._connection.execute(self._sql.insert_audit, at, actor, action, subject, detail)

    async def audit_lines(self, subject: str | None, limit: int) -> list[dict[str, Any]]:
        """The newest lines, of one subject or of all."""
        return [dict(row) for row in await self._connection.fetch(self._sql.select_audit, subject, limit)]
