"""Drawing a candidate's form at random under a blueprint, reproducible from a stored seed for ever.

Only the raw bit stream of PCG64 is used: numpy guarantees that it never changes, which it does not for the methods of
Generator. Shuffling is Fisher and Yates (Knuth, TAOCP 2, 3.4.2 P) with rejection: every order is equally likely.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, TypeVar
from uuid import UUID

import msgspec
import numpy as np

from item_bank.domain.blueprint import Blueprint
from kit.canonical import canonical_plain, sha256_hex
from kit.errors import Conflict

T = TypeVar("T")
WORD = 2**64


@dataclass(eq=False)
class Shortage(Conflict):
    """The bank has too few approved items of a topic."""

    section: str
    topic: str
    needed: int
    available: int
    key: ClassVar[str] = "shortage"


class PoolItem(msgspec.Struct, frozen=True):
    """An approved version that may be drawn."""

    version_id: UUID
    code: str
    topic: str
    option_ids: tuple[str, ...]


class FormItem(msgspec.Struct, frozen=True):
    """One item of a form: `options` in the order shown; positions count from 1."""

    position: int
    section: str
    version_id: UUID
    options: tuple[str, ...]


class Form(msgspec.Struct, frozen=True):
    """A drawn form and the SHA-256 over its canonical JSON."""

    items: tuple[FormItem, ...]
    hash: str


class _Chance:
    """Uniform integers from a raw bit stream."""

    def __init__(self, seed: int) -> None:
        self._bits = np.random.PCG64(seed)

    def below(self, bound: int) -> int:
        """Uniform in [0, bound); words above the last multiple of the bound are thrown away."""
        limit = WORD - WORD % bound
        while True:
            word = int(self._bits.random_raw())
            if word < limit:
                return word % bound

    def shuffled(self, values: Sequence[T]) -> list[T]:
        """A new list in a uniformly random order."""
        order = list(values)
        for place in range(len(order) - 1, 0, -1):
            other = self.below(place + 1)
            order[place], order[other] = order[other], order[place]
        return order


def draw_form(blueprint: Blueprint, pool: Sequence[PoolItem], seed: int) -> Form:
    """Draw a form; raises `Shortage` naming what the bank lacks."""
    chance = _Chance(seed)
    by_topic: dict[str, list[PoolItem]] = {}
    for item in sorted(pool, key=lambda each: each.code):
        by_topic.setdefault(item.topic, []).append(item)
    items: list[FormItem] = []
    for section in blueprint.sections:
        drawn: list[PoolItem] = []
        for topic, count in section.quotas.items():
            available = by_topic.get(topic, [])
            if len(available) < count:
                raise Shortage(section.code, topic, count, len(available))
            drawn += chance.shuffled(available)[:count]
        if section.shuffle_items:
            drawn = chance.shuffled(drawn)
        for item in drawn:
            options = chance.shuffled(item.option_ids) if section.shuffle_options else list(item.option_ids)
            items.append(FormItem(len(items) + 1, section.code, item.version_id, tuple(options)))
    return Form(tuple(items), sha256_hex(canonical_plain(items)))
