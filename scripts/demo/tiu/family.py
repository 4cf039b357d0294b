"""The whole family of TIU items from one seed: three times a form and a little more, keys balanced over positions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

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
TRIES = 200  # for a new stem at the position that is still short of keys


def _identity(draft: Draft) -> tuple[object, ...]:
    """What makes two items the same to a candidate."""
    shown = draft.figure.svg if draft.figure else frozenset(option.svg for option in draft.options)
    return (draft.stem, shown)


def tiu_items(seed: int) -> tuple[Draft, ...]:
    """At least 105 different items; the same seed gives the same items."""
    rng = np.random.Generator(np.random.PCG64(seed))
    total = sum(count for _, count in PLAN)
    most = -(-total // OPTIONS)
    keys: Counter[int] = Counter()
    seen: set[tuple[object, ...]] = set()
    items: list[Draft] = []
    for template, count in PLAN:
        for variant in range(count):
            for _ in range(TRIES):
                draft = template(rng, variant)
                if _identity(draft) not in seen and keys[draft.key_index] < most:
                    break
            else:
                raise AssertionError(f"{template.__module__} has no new item for variant {variant}")
            seen.add(_identity(draft))
            keys[draft.key_index] += 1
            items.append(draft)
    return tuple(items)
