"""What the bank's use cases need from its store, and the values they carry."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

import msgspec

from item_bank.domain.blueprint import Blueprint
from item_bank.domain.draw import PoolItem
from item_bank.domain.item import ItemContent
from item_bank.domain.versions import State


class ItemLine(msgspec.Struct, frozen=True):
    """The newest version of an item in a list."""

    id: UUID
    code: str
    version: int
    state: str
    topic: str
    difficulty: float
    stem_text: str
    author_id: UUID
    created_at: datetime


class ItemVersion(ItemLine, frozen=True):
    """A whole version."""

    item_id: UUID
    content: ItemContent
    content_sha256: str
    reviewer_id: UUID | None
    decided_at: datetime | None
    note: str


class TopicCount(msgspec.Struct, frozen=True):
    """How many items a topic has."""

    topic: str
    approved: int
    all_states: int


class NewVersion(msgspec.Struct, frozen=True):
    """A version to be inserted."""

    id: UUID
    item_id: UUID
    version: int
    topic: str
    difficulty: float
    content: ItemContent
    content_sha256: str
    stem_text: str
    options: str


class Newest(msgspec.Struct, frozen=True):
    """The newest version of an item code, if it has one."""

    code: str
    item_id: UUID
    version: int | None
    content_sha256: str | None


class BankPort(Protocol):
    """The store of the bank."""

    async def add_bank(self, bank_id: UUID, code: str, name: str) -> UUID: ...
    async def add_items(self, bank_id: UUID, items: Sequence[tuple[UUID, str]], now: datetime) -> None: ...
    async def newest(self, bank_id: UUID, codes: Sequence[str]) -> dict[str, Newest]: ...
    async def retire_approved(self, item_ids: Sequence[UUID], now: datetime) -> None: ...
    async def add_versions(
        self, versions: Sequence[NewVersion], state: State, author_id: UUID, reviewer_id: UUID | None, now: datetime
    ) -> None: ...
    async def contents(self, version_ids: Sequence[UUID]) -> dict[UUID, ItemContent]: ...
    async def pool(self, topics: Sequence[str]) -> list[PoolItem]: ...
    async def items(
        self, state: str | None, topic: str | None, text: str | None, limit: int, offset: int
    ) -> tuple[int, list[ItemLine]]: ...
    async def topics(self) -> list[TopicCount]: ...
    async def version(self, version_id: UUID) -> ItemVersion: ...
    async def history(self, item_id: UUID) -> list[ItemLine]: ...
    async def lock_version(self, version_id: UUID) -> tuple[State, UUID]: ...
    async def set_state(
        self, version_id: UUID, state: State, reviewer_id: UUID | None, now: datetime, note: str
    ) -> None: ...
    async def add_blueprint(self, blueprint: Blueprint, sha256: str, now: datetime) -> str: ...
    async def blueprint(self, code: str) -> Blueprint: ...
    async def blueprints(self) -> list[Blueprint]: ...
