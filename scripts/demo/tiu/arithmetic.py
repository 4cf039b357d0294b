"""Computing: fractions, percentages, order of operations; the key is exact, distractors are the usual slips."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from scripts.demo.tiu.draft import Draft, Rng, between, numbers, written

Task = tuple[str, Fraction, list[Fraction], str]


def _order(rng: Rng) -> Task:
    a, b, c, d = between(rng, 12, 40), between(rng, 6, 15), between(rng, 3, 9), between(rng, 2, 8)
    key = Fraction(a + b * c - d)
    wrong = [Fraction((a + b) * c - d), Fraction(a + b * (c - d)), key + c, key - d, key + 10]
    return (
        f"{a} + {b} × {c} − {d}",
        key,
        wrong,
        f"Perkalian didahulukan: {b} × {c} = {b * c}; lalu {a} + {b * c} − {d}.",
    )


def _percent(rng: Rng) -> Task:
    percent, whole = between(rng, 3, 17) * 5, between(rng, 4, 40) * 20
    key = Fraction(percent * whole, 100)
    wrong = [key * 10, key / 10, Fraction(whole - percent), key + 4, key - 4]
    return f"{percent}% dari {whole}", key, wrong, f"{percent}/100 × {whole} = {written(key)}."


def _fractions(rng: Rng) -> Task:
    a, b = Fraction(between(rng, 1, 4), 5), Fraction(between(rng, 1, 3), 4)
    key = a + b
    wrong = [
        Fraction(a.numerator + b.numerator, a.denominator + b.denominator),
        a * b,
        abs(a - b),
        key + Fraction(1, 10),
        key - Fraction(1, 10),
        key + Fraction(1, 5),
    ]
    text = f"{a.numerator}/{a.denominator} + {b.numerator}/{b.denominator}"
    return text, key, wrong, f"Samakan penyebut menjadi 20: {a * 20}/20 + {b * 20}/20 = {key * 20}/20."


def _brackets(rng: Rng) -> Task:
    c, quotient = between(rng, 3, 8), between(rng, 6, 14)
    b = between(rng, 5, 20)
    a = quotient * c + b
    d = between(rng, 3, 9)
    key = Fraction(quotient * d)
    wrong = [Fraction(a - b * d, 1), Fraction(quotient + d), key + d, key - d, key + c]
    return f"({a} − {b}) : {c} × {d}", key, wrong, f"({a} − {b}) : {c} = {quotient}; {quotient} × {d} = {written(key)}."


def _decimals(rng: Rng) -> Task:
    a, b = Fraction(between(rng, 12, 48), 10), Fraction((2, 3, 5, 6, 7, 9)[between(rng, 0, 5)], 4)
    key = a * b
    wrong = [key * 10, key / 10, a + b, key + Fraction(1, 2), key - Fraction(1, 5)]
    return f"{written(a)} × {written(b)}", key, wrong, f"{written(a)} × {written(b)} = {written(key)}."


def _squares(rng: Rng) -> Task:
    small = between(rng, 11, 19)
    large = small + between(rng, 2, 6)
    key = Fraction(large**2 - small**2)
    gap = large - small
    wrong = [Fraction(gap**2), Fraction((large + small) * (gap + 1)), key + gap, key - 2 * gap, key + 10]
    return (
        f"{large}² − {small}²",
        key,
        wrong,
        f"({large} + {small}) × ({large} − {small}) = {large + small} × {gap} = {written(key)}.",
    )


TASKS: tuple[Callable[[Rng], Task], ...] = (_order, _percent, _fractions, _brackets, _decimals, _squares)


def generate(rng: Rng, variant: int) -> Draft:
    """One computation; `variant` chooses the kind."""
    text, key, wrong, reason = TASKS[variant % len(TASKS)](rng)
    options, place = numbers(rng, key, wrong, as_fraction=TASKS[variant % len(TASKS)] is _fractions)
    stem = f"{text} adalah ..." if "dari" in text else f"Hasil dari {text} adalah ..."
    return Draft("TIU.berhitung", stem, options, place, reason, -0.5 + 0.2 * (variant % 6))
