"""The bridge from the bank's response processing to the engine's scoring, and the cache of item contents."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from fractions import Fraction
from types import MappingProxyType
from typing import Any
from uuid import UUID

from exam_engine.domain.operations import ItemOptions
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
    legal: ItemOptions = {}
    for version_id, content in contents.items():
        interaction = content.interactions[0]
        assert isinstance(interaction, ChoiceInteraction), "the only interaction so far"
        options = frozenset(option.id for option in interaction.options)
        legal[version_id] = ("identifier", options, max(1, interaction.max_choices))
    return legal


class ItemCache:
    """Contents of approved versions, which never change; the least recently used are dropped."""

    def __init__(self, load: Loader) -> None:
        self._load = load
        self._kept: OrderedDict[UUID, ItemContent] = OrderedDict()

    async def contents(self, version_ids: Sequence[UUID]) -> Mapping[UUID, ItemContent]:
        """The content of each version."""
        missing = [each for each in version_ids if each not in self._kept]
        loaded = dict(await self._load(missing)) if missing else {}
        self._kept.update(loaded)
        found = {each: self._kept[each] for each in version_ids}
        for each in version_ids:
            self._kept.move_to_end(each)
        while len(self._kept) > CACHE_LIMIT:
            self._kept.popitem(last=False)
        return found
