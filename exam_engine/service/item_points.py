"""The bridge from the bank's response processing to the engine's scoring, and the cache of item contents."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from fractions import Fraction
from types import MappingProxyType
from typing import Any
from uuid import UUID

from exam_engine.domain.operations import ItemOptions, Legal
from exam_engine.domain.scoring import ItemPoints
from item_bank.domain.item import ChoiceInteraction, ItemContent
from item_bank.domain.keys import KeyChange, most, score_changed
from item_bank.domain.scoring import score_pci

CACHE_LIMIT = 20_000  # item versions; about 4 kB each

NO_CHANGES: Mapping[UUID, KeyChange] = MappingProxyType({})

Loader = Callable[[Sequence[UUID]], Awaitable[Mapping[UUID, ItemContent]]]


def points_of(contents: Mapping[UUID, ItemContent], changes: Mapping[UUID, KeyChange] = NO_CHANGES) -> ItemPoints:
    """Points of a single-response item by its own scoring, or by its changed key."""

    def points(version_id: UUID, value: Any) -> Fraction:
        change = changes.get(version_id)
        content = contents[version_id]
        return score_pci(content, value) if change is None else score_changed(content, change, value)

    return points


def given_to_all(contents: Mapping[UUID, ItemContent], changes: Mapping[UUID, KeyChange]) -> dict[UUID, Fraction]:
    """The items whose full points everybody has."""
    return {each: most(contents[each]) for each, change in changes.items() if change.rule == "full"}


def legal_answers(contents: Mapping[UUID, ItemContent]) -> ItemOptions:
    """What may be answered to each item: base type, options, how many."""
    return {version_id: _legal(content) for version_id, content in contents.items()}


def _legal(content: ItemContent) -> Legal:
    interaction = content.interactions[0]
    assert isinstance(interaction, ChoiceInteraction), "the only interaction so far"
    return "identifier", frozenset(option.id for option in interaction.options), max(1, interaction.max_choices)


class ItemCache:
    """Contents of approved versions, which never change; the least recently used are dropped."""

    def __init__(self, load: Loader) -> None:
        self._load = load
        self._kept: OrderedDict[UUID, ItemContent] = OrderedDict()
        self._legal: dict[UUID, Legal] = {}  # shared by all attempts that have the item
        self._loading = asyncio.Lock()

    async def contents(self, version_ids: Sequence[UUID]) -> Mapping[UUID, ItemContent]:
        """The content of each version."""
        if any(each not in self._kept for each in version_ids):
            async with self._loading:  # after a restart everybody asks for the same: the first loads for all
                missing = [each for each in version_ids if each not in self._kept]
                self._kept.update(await self._load(missing) if missing else {})
        found = {each: self._kept[each] for each in version_ids}
        for each in version_ids:
            self._kept.move_to_end(each)
        while len(self._kept) > CACHE_LIMIT:
            self._legal.pop(self._kept.popitem(last=False)[0], None)
        return found

    async def legal(self, version_ids: Sequence[UUID]) -> ItemOptions:
        """What may be answered to each version."""
        unknown = [each for each in version_ids if each not in self._legal]
        if unknown:
            self._legal.update(legal_answers(await self.contents(unknown)))
        return {each: self._legal[each] for each in version_ids}
