"""Quantitative comparison: two quantities; which is larger is computed, or shown to depend on what is not given."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from scripts.demo.tiu.draft import Draft, Option, Rng, between, place, written

CHOICES = (
    "X lebih besar daripada Y",
    "X lebih kecil daripada Y",
    "X sama dengan Y",
    "X dua kali Y",
    "Hubungan X dan Y tidak dapat ditentukan",
)
Pair = tuple[str, str, str, list[tuple[Fraction, Fraction]], str]


def _percent(rng: Rng) -> Pair:
    p, q, same = between(rng, 2, 9) * 5, between(rng, 3, 9) * 20, between(rng, 0, 2)
    x = Fraction(p * q, 100)
    y = x + (0, 2, -1)[same]
    return "", f"{p}% dari {q}", written(y), [(x, y)], f"{p}% dari {q} = {written(x)}, sedangkan Y = {written(y)}."


def _fractions(rng: Rng) -> Pair:
    a, b = between(rng, 3, 8), between(rng, 3, 8)
    x, y = Fraction(a, a + 1), Fraction(b, b + 2)
    text = f"X ≈ {float(x):.3f} dan Y ≈ {float(y):.3f}.".replace(".", ",", 2)
    return "", f"{a}/{a + 1}", f"{b}/{b + 2}", [(x, y)], text[:-1] + "."


def _unknown_sign(rng: Rng) -> Pair:
    square = between(rng, 3, 9)
    pairs = [(Fraction(square), Fraction(0)), (Fraction(-square), Fraction(0))]
    reason = f"p dapat bernilai {square} atau −{square}, sehingga keduanya mungkin."
    return f"Diketahui p² = {square * square}.", "p", "0", pairs, reason


def _double(rng: Rng) -> Pair:
    side = between(rng, 4, 15)
    x, y = Fraction(2 * side * side), Fraction(side * side)
    given = f"Sebuah persegi bersisi {side} cm dan sebuah persegi panjang berukuran {side} cm × {2 * side} cm."
    return given, "luas persegi panjang (cm²)", "luas persegi (cm²)", [(x, y)], f"X = {x}, Y = {y}, jadi X = 2Y."


def _average(rng: Rng) -> Pair:
    middle, spread, shift = between(rng, 10, 40), between(rng, 2, 8), between(rng, 0, 2)
    values = [middle - spread, middle, middle + spread]
    x, y = Fraction(middle), Fraction(middle + (0, 1, -2)[shift])
    listed = ", ".join(map(str, values))
    return "", f"rata-rata dari {listed}", str(y), [(x, y)], f"Jumlahnya {sum(values)}, dibagi 3 = {middle}."


def _inequality(rng: Rng) -> Pair:
    low = between(rng, 2, 9)
    pairs = [(Fraction(low + 1), Fraction(low + 3)), (Fraction(low + 3), Fraction(low + 1))]
    given = f"Diketahui a &gt; {low} dan b &gt; {low}."
    return given, "a", "b", pairs, f"Keduanya lebih dari {low}, tetapi urutan a dan b tidak diketahui."


PAIRS: tuple[Callable[[Rng], Pair], ...] = (_percent, _fractions, _unknown_sign, _double, _average, _inequality)


def relation(pairs: list[tuple[Fraction, Fraction]]) -> int:
    """Which choice holds in every possible case: its place in CHOICES."""

    def one(x: Fraction, y: Fraction) -> int:
        if x == y:
            return 2
        if y > 0 and x == 2 * y:
            return 3
        return 0 if x > y else 1

    found = {one(x, y) for x, y in pairs}
    return found.pop() if len(found) == 1 else 4


def generate(rng: Rng, variant: int) -> Draft:
    """One comparison; `variant` chooses the kind."""
    given, x, y, pairs, reason = PAIRS[variant % len(PAIRS)](rng)
    right = relation(pairs)
    texts = list(CHOICES)
    if right == 3:
        texts[0] = "X empat kali Y"
    elif texts[right] == CHOICES[0]:
        assert all(x_value != 2 * y_value for x_value, y_value in pairs), "then the fourth choice would hold too"
    options, key = place(rng, Option(texts[right]), [Option(text) for text in texts])
    stem = f"{'<p>' + given + '</p>' if given else ''}<p>X = {x}<br>Y = {y}</p><p>Pernyataan yang benar adalah ...</p>"
    return Draft("TIU.perbandingan", stem, options, key, reason, 0.1 * (variant % 6))
