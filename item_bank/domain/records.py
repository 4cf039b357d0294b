"""The records of the bank as values: what its store reads and writes."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from item_bank.domain.item import ItemContent


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


class HistoryLine(ItemLine, frozen=True):
    """One version of an item in its history."""

    reviewer_id: UUID | None
    decided_at: datetime | None
    note: str


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
    topic: str | None
    difficulty: float | None
