"""What a template makes: a stem, five options, the place of the key, and why it is the key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

Rng = np.random.Generator
OPTIONS = 5


@dataclass(frozen=True)
class Figure:
    """A drawing and the words that stand for it."""

    svg: str
    alt: str


@dataclass(frozen=True)
class Option:
    """One option: text, or a drawing with its words."""

    text: str = ""
    svg: str = ""
    alt: str = ""


@dataclass(frozen=True)
class Draft:
    """An item before it enters the bank; `difficulty` is a guess in logits."""

    topic: str
    stem: str
    options: tuple[Option, ...]
    key_index: int
    rationale: str
    difficulty: float
    figure: Figure | None = None


def place(rng: Rng, right: Option, wrong: Sequence[Option]) -> tuple[tuple[Option, ...], int]:
    """The key and the first four different distractors in a random order, and where the key is."""
    chosen: list[Option] = []
    for option in wrong:
        if option != right and option not in chosen:
            chosen.append(option)
    assert len(chosen) >= OPTIONS - 1, f"too few different distractors for {right}"
    options = [right, *chosen[: OPTIONS - 1]]
    order = rng.permutation(OPTIONS)
    shuffled = tuple(options[index] for index in order)
    return shuffled, shuffled.index(right)


def numbers(
    rng: Rng, right: Fraction | int, wrong: Sequence[Fraction | int], words: str = "{}", *, as_fraction: bool = False
) -> tuple[tuple[Option, ...], int]:
    """Numeric options, all in one form; distractors that coincide are filled up with neighbours of the key."""
    form = str if as_fraction else written
    step = max(1, abs(int(right)) // 10)
    spare = [right + sign * step * factor for factor in (1, 2, 3, 4) for sign in (1, -1)]
    texts = [Option(words.format(form(each))) for each in (*wrong, *spare) if each > 0 or right <= 0]
    return place(rng, Option(words.format(form(right))), texts)


def written(value: Fraction | int) -> str:
    """A number as Indonesians write it: 1.250.000; 2,5; fractions that do not end as a/b."""
    exact = Fraction(value)
    sign = "-" if exact < 0 else ""
    exact = abs(exact)
    if exact.denominator == 1:
        return sign + f"{exact.numerator:,}".replace(",", ".")
    scaled = exact * 1000
    if scaled.denominator == 1:
        whole, decimals = divmod(scaled.numerator, 1000)
        return sign + f"{whole:,}".replace(",", ".") + "," + f"{decimals:03}".rstrip("0")
    return f"{sign}{exact.numerator}/{exact.denominator}"


def pick(rng: Rng, values: Sequence[str]) -> str:
    """One of the values."""
    return values[int(rng.integers(len(values)))]


def between(rng: Rng, low: int, high: int) -> int:
    """A whole number, both ends included."""
    return int(rng.integers(low, high + 1))
