"""The bank in PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

import msgspec

from item_bank.domain.blueprint import Blueprint
from item_bank.domain.draw import PoolItem
from item_bank.domain.item import ItemContent
from item_bank.domain.keys import KeyChange
from item_bank.domain.records import HistoryLine, ItemLine, ItemVersion, Newest, NewVersion, TopicCount
from item_bank.domain.versions import State
from kit.errors import NotFound
from kit.postgres import Connection, like_words, load_statements

SQL = load_statements(__name__, "sql/bank.sql")
FAR = 10**9  # no bank has a page there, and PostgreSQL's integers end


@dataclass(eq=False)
class NoSuchItem(NotFound):
    """`id` of what was looked for."""

    id: str
    key: ClassVar[str] = "no-such-item"


class BankStore:
    """Over one connection; the caller owns the transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add_bank(self, bank_id: UUID, code: str, name: str) -> UUID:
        """Insert or rename; returns the id that the bank has."""
        found: UUID = await self._connection.fetchval(SQL.upsert_bank, bank_id, code, name)
        return found

    async def add_items(self, bank_id: UUID, items: Sequence[tuple[UUID, str]], now: datetime) -> None:
        """Insert (id, code); codes that exist stay."""
        ids, codes = [each[0] for each in items], [each[1] for each in items]
        await self._connection.execute(SQL.insert_items, bank_id, now, ids, codes)

    async def newest(self, bank_id: UUID, codes: Sequence[str]) -> dict[str, Newest]:
        """The newest version of each code that exists."""
        rows = await self._connection.fetch(SQL.select_newest, bank_id, list(codes))
        return {row["code"]: Newest(*row) for row in rows}

    async def retire_approved(self, item_ids: Sequence[UUID], now: datetime) -> None:
        """Make room for a newer approved version."""
        await self._connection.execute(SQL.retire_approved, list(item_ids), now)

    async def add_versions(
        self, versions: Sequence[NewVersion], state: State, author_id: UUID, reviewer_id: UUID | None, now: datetime
    ) -> None:
        """Insert many versions with one statement."""
        columns = [[getattr(one, name) for one in versions] for name in NewVersion.__struct_fields__]
        await self._connection.execute(SQL.insert_versions, state.value, author_id, reviewer_id, now, *columns)

    async def contents(self, version_ids: Sequence[UUID]) -> dict[UUID, ItemContent]:
        """Content by version; raises `NoSuchItem` for one that does not exist."""
        rows = await self._connection.fetch(SQL.select_contents, list(version_ids))
        found = {row["id"]: msgspec.convert(row["content"], ItemContent) for row in rows}
        for version_id in version_ids:
            if version_id not in found:
                raise NoSuchItem(str(version_id))
        return found

    async def pool(self, topics: Sequence[str]) -> list[PoolItem]:
        """Approved versions of the topics."""
        rows = await self._connection.fetch(SQL.select_pool, list(topics))
        return [PoolItem(row["id"], row["code"], row["topic"], tuple(row["option_ids"])) for row in rows]

    async def items(
        self, state: str | None, topic: str | None, text: str | None, limit: int, offset: int
    ) -> tuple[int, list[ItemLine]]:
        """(how many in all, one page of them): `text` is words in any order, of code, stem, options and rationale.

        What PostgreSQL cannot hold finds nothing.
        """
        if any("\0" in each for each in (state, topic, text) if each) or offset > FAR:
            return 0, []
        count = await self._connection.fetchval(SQL.count_items, state, topic, like_words(text))
        rows = await self._connection.fetch(SQL.select_items, state, topic, like_words(text), limit, offset)
        return count, [ItemLine(*row) for row in rows]

    async def topics(self) -> list[TopicCount]:
        """All topics with their counts."""
        return [TopicCount(*row) for row in await self._connection.fetch(SQL.select_topics)]

    async def version(self, version_id: UUID) -> ItemVersion:
        """Raises `NoSuchItem`."""
        row = await self._connection.fetchrow(SQL.select_version, version_id)
        if row is None:
            raise NoSuchItem(str(version_id))
        return ItemVersion(**{**dict(row), "content": msgspec.convert(row["content"], ItemContent)})

    async def history(self, item_id: UUID) -> list[HistoryLine]:
        """All versions of an item, newest first."""
        return [HistoryLine(*row) for row in await self._connection.fetch(SQL.select_history, item_id)]

    async def lock_version(self, version_id: UUID) -> tuple[State, UUID]:
        """(state, author), held; raises `NoSuchItem`."""
        row = await self._connection.fetchrow(SQL.lock_version, version_id)
        if row is None:
            raise NoSuchItem(str(version_id))
        return State(row["state"]), row["author_id"]

    async def set_state(
        self, version_id: UUID, state: State, reviewer_id: UUID | None, now: datetime, note: str
    ) -> None:
        """Write a decided move."""
        await self._connection.execute(SQL.update_state, version_id, state.value, reviewer_id, now, note)

    async def add_blueprint(self, blueprint: Blueprint, sha256: str, now: datetime) -> str:
        """Insert; returns the hash that this code and version have."""
        plain = msgspec.to_builtins(blueprint)
        await self._connection.execute(SQL.upsert_blueprint, blueprint.code, blueprint.version, plain, sha256, now)
        kept: str = await self._connection.fetchval(SQL.select_blueprint_version, blueprint.code, blueprint.version)
        return kept

    async def blueprint(self, code: str) -> Blueprint:
        """The newest version of a blueprint; raises `NoSuchItem`."""
        row = await self._connection.fetchrow(SQL.select_blueprint, code)
        if row is None:
            raise NoSuchItem(code)
        return msgspec.convert(row["definition"], Blueprint)

    async def blueprints(self) -> list[Blueprint]:
        """The newest version of each."""
        rows = await self._connection.fetch(SQL.select_blueprints)
        return [msgspec.convert(row["definition"], Blueprint) for row in rows]

    async def add_key_change(self, change: KeyChange) -> int:
        """Insert; returns its edition. Others who change keys wait, so that editions have no gaps."""
        await self._connection.execute(SQL.lock_key_changes)
        edition: int = await self._connection.fetchval(
            SQL.insert_key_change,
            change.version_id,
            change.rule,
            list(change.options),
            change.points,
            change.reason,
            change.changed_by,
            change.changed_at,
        )
        return edition

    async def key_edition(self) -> int:
        """The newest edition of the keys."""
        edition: int = await self._connection.fetchval(SQL.select_edition)
        return edition

    async def key_changes(self, version_ids: Sequence[UUID], edition: int) -> dict[UUID, KeyChange]:
        """The change that counts for each of the versions that has one, in the keys of `edition`."""
        rows = await self._connection.fetch(SQL.select_key_changes, list(version_ids), edition)
        return {row["version_id"]: KeyChange(**{**dict(row), "options": tuple(row["options"])}) for row in rows}
