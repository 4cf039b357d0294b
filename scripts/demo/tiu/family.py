"""The whole family of TIU items from one seed: three times a form and a little more, keys balanced over positions."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from scripts.demo.tiu import (
    analogies,
    arithmetic,
    figural,
    number_series,
    ordering,
    quantity,
    syllogisms,
    word_problems,
)
from scripts.demo.tiu.draft import OPTIONS, Draft, Rng

Template = Callable[[Rng, int], Draft]
PLAN: tuple[tuple[Template, int], ...] = (
    (analogies.generate, 12),
    (syllogisms.generate, 12),
    (ordering.generate, 12),
    (number_series.generate, 12),
    (arithmetic.generate, 12),
    (quantity.generate, 12),
    (word_problems.generate, 12),
    (figural.analogy, 6),
    (figural.odd_one_out, 6),
    (figural.series, 9),
)
TRIES = 300  # for a new stem with its key at the wanted place: one in five has it there


def _identity(draft: Draft) -> tuple[object, ...]:
    """What makes two items the same to a candidate."""
    shown = draft.figure.svg if draft.figure else frozenset(option.svg for option in draft.options)
    return (draft.stem, shown)


def _key_places(rng: Rng) -> Iterator[int]:
    """Where the next key stands: of any five keys in a row each place has one."""
    while True:
        yield from (int(place) for place in rng.permutation(OPTIONS))


def tiu_items(seed: int) -> tuple[Draft, ...]:
    """At least 105 different items; the same seed gives the same items."""
    rng = np.random.Generator(np.random.PCG64(seed))
    keys = _key_places(rng)
    seen: set[tuple[object, ...]] = set()
    items: list[Draft] = []
    for template, count in PLAN:
        for variant in range(count):
            wanted = next(keys)
            for _ in range(TRIES):
                draft = template(rng, variant)
                if _identity(draft) not in seen and draft.key_index == wanted:
                    break
            else:
                raise AssertionError(f"{template.__module__} has no new item for variant {variant}")
            seen.add(_identity(draft))
            items.append(draft)
    return tuple(items)
