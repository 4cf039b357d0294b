"""Number series: the next number follows from a rule that the first terms determine; distractors are near rules."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from scripts.demo.tiu.draft import Draft, Rng, between, numbers, written

Series = tuple[list[int], str, float]


def _second_difference(rng: Rng) -> Series:
    start, step, growth = between(rng, 2, 9), between(rng, 2, 6), between(rng, 2, 5)
    terms = [start]
    for place in range(6):
        terms.append(terms[-1] + step + growth * place)
    return terms, f"Selisih antarsuku bertambah {growth} setiap kali: mulai dari {step}.", 0.0


def _geometric_plus(rng: Rng) -> Series:
    start, factor, add = between(rng, 1, 5), between(rng, 2, 3), between(rng, 1, 4)
    terms = [start]
    for _ in range(6):
        terms.append(terms[-1] * factor + add)
    return terms, f"Setiap suku dikalikan {factor} lalu ditambah {add}.", 0.4


def _interleaved(rng: Rng) -> Series:
    first, up, second, down = between(rng, 3, 12), between(rng, 3, 7), between(rng, 60, 90), between(rng, 4, 9)
    terms = [first + up * (n // 2) if n % 2 == 0 else second - down * (n // 2) for n in range(7)]
    return terms, f"Dua deret berselang-seling: yang satu bertambah {up}, yang lain berkurang {down}.", 0.3


def _fibonacci(rng: Rng) -> Series:
    terms = [between(rng, 1, 5), between(rng, 4, 9)]
    for _ in range(5):
        terms.append(terms[-1] + terms[-2])
    return terms, "Setiap suku adalah jumlah dua suku sebelumnya.", 0.1


def _alternating(rng: Rng) -> Series:
    # were the start what is taken away, two numbers would only take turns
    factor, minus = 2, between(rng, 3, 5)
    start = minus + between(rng, 1, 4)
    terms = [start]
    for place in range(6):
        terms.append(terms[-1] * factor if place % 2 == 0 else terms[-1] - minus)
    return terms, f"Berselang-seling: dikalikan {factor}, lalu dikurangi {minus}.", 0.5


def _squares(rng: Rng) -> Series:
    first, add = between(rng, 2, 6), between(rng, 1, 7)
    terms = [(first + n) ** 2 + add for n in range(7)]
    return terms, f"Kuadrat bilangan berurutan mulai dari {first}, masing-masing ditambah {add}.", 0.7


RULES: tuple[Callable[[Rng], Series], ...] = (
    _second_difference,
    _geometric_plus,
    _interleaved,
    _fibonacci,
    _alternating,
    _squares,
)


def generate(rng: Rng, variant: int) -> Draft:
    """One series; `variant` chooses the kind of rule."""
    terms, reason, difficulty = RULES[variant % len(RULES)](rng)
    *shown, key = terms
    last = shown[-1] - shown[-2]
    wrong: list[Fraction | int] = [shown[-1] + last, key + 2, key - 2, key + last, key + 5, key - 3]
    options, place = numbers(rng, key, wrong)
    stem = f"Bilangan berikutnya pada deret {', '.join(map(written, shown))}, ... adalah ..."
    return Draft("TIU.deret", stem, options, place, f"{reason} Suku berikutnya {written(key)}.", difficulty)
