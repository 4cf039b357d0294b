"""Figural items drawn as SVG: series, odd one out, analogies. The rule is a change of a figure's values, so the key is
computed and two options can be compared for being the same figure.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import cos, pi, sin

from scripts.demo.tiu.draft import Draft, Figure, Option, Rng, between, place

FRAME = 120
INK = "#1d2733"
SHAPES = ("segitiga", "persegi", "segi lima", "segi enam", "bintang")
CORNERS = {"segitiga": 3, "persegi": 4, "segi lima": 5, "segi enam": 6, "bintang": 5}
CLOCK = ("atas", "kanan atas", "kanan", "kanan bawah", "bawah", "kiri bawah", "kiri", "kiri atas")


@dataclass(frozen=True)
class Shape:
    """One frame: an outer shape, an arrow to one of eight directions, dots, and whether the shape is filled."""

    outer: str
    arrow: int
    dots: int
    filled: bool

    @property
    def words(self) -> str:
        """What a reader who cannot see it must know."""
        fill = "berarsir" if self.filled else "kosong"
        return f"{self.outer} {fill}, panah ke {CLOCK[self.arrow]}, {self.dots} titik"


def _outline(outer: str) -> str:
    corners = CORNERS[outer]
    points: list[tuple[float, float]] = []
    steps = corners * 2 if outer == "bintang" else corners
    for step in range(steps):
        radius = 18.0 if outer == "bintang" and step % 2 else 40.0
        turn = 2 * pi * step / steps - pi / 2 + (pi / 4 if outer == "persegi" else 0)
        points.append((60 + radius * cos(turn), 56 + radius * sin(turn)))
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)


def _frame(shape: Shape, left: float = 0) -> str:
    fill = "#c9d6d8" if shape.filled else "none"
    angle = 45 * shape.arrow
    dots = "".join(
        f'<circle cx="{60 + (n - (shape.dots - 1) / 2) * 14:.1f}" cy="108" r="4" fill="{INK}"/>'
        for n in range(shape.dots)
    )
    return (
        f'<g transform="translate({left:g} 0)">'
        f'<rect x="3" y="3" width="114" height="114" rx="8" fill="none" stroke="{INK}" stroke-opacity="0.25"/>'
        f'<polygon points="{_outline(shape.outer)}" fill="{fill}" stroke="{INK}" stroke-width="3"/>'
        f'<g transform="rotate({angle} 60 56)"><line x1="60" y1="70" x2="60" y2="44" stroke="{INK}" stroke-width="3"/>'
        f'<polygon points="60,36 53,48 67,48" fill="{INK}"/></g>{dots}</g>'
    )


def _drawing(parts: str, width: float) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {FRAME}" width="{width:g}" height="{FRAME}">'
        f"{parts}</svg>"
    )


def _option(shape: Shape) -> Option:
    return Option(svg=_drawing(_frame(shape), FRAME), alt=shape.words)


def _row(shapes: list[Shape], marks: dict[int, str]) -> Figure:
    """Frames side by side; a mark replaces a frame by a sign."""
    parts, words, left = "", [], 0.0
    for index, shape in enumerate(shapes):
        if index in marks:
            parts += (
                f'<text x="{left + 60:g}" y="76" font-size="48" text-anchor="middle" fill="{INK}">{marks[index]}</text>'
            )
            words.append({"?": "gambar yang dicari", "→": "menjadi", "=": "seperti"}.get(marks[index], marks[index]))
        else:
            parts += _frame(shape, left)
            words.append(shape.words)
        left += FRAME + 10
    return Figure(_drawing(parts, left - 10), "; ".join(words))


def _random(rng: Rng) -> Shape:
    return Shape(SHAPES[between(rng, 0, 4)], between(rng, 0, 7), between(rng, 1, 4), bool(between(rng, 0, 1)))


def _neighbours(shape: Shape) -> list[Shape]:
    """Figures that differ in one or two values: what slips in the rule would give."""
    return [
        replace(shape, arrow=(shape.arrow + 4) % 8),
        replace(shape, filled=not shape.filled),
        replace(shape, dots=shape.dots % 4 + 1),
        replace(shape, arrow=(shape.arrow + 2) % 8, dots=shape.dots % 4 + 1),
        replace(shape, arrow=(shape.arrow - 2) % 8),
        replace(shape, filled=not shape.filled, arrow=(shape.arrow + 4) % 8),
    ]


Change = tuple[Callable[[Shape, int], Shape], str]


def _changes(rng: Rng) -> list[Change]:
    turn = (1, 2, 3)[between(rng, 0, 2)]
    return [
        (lambda s, n: replace(s, arrow=(s.arrow + turn * n) % 8), f"panah berputar {45 * turn}° searah jarum jam"),
        (lambda s, n: replace(s, dots=(s.dots - 1 + n) % 4 + 1), "titik bertambah satu"),
        (lambda s, n: replace(s, filled=s.filled ^ bool(n % 2)), "arsiran berganti"),
    ]


def series(rng: Rng, variant: int) -> Draft:
    """Four frames change by two rules; what comes next."""
    changes = _changes(rng)
    used = [changes[0], changes[1 + variant % 2]]
    # the shown frames must tell that one dot follows four, so a row does not begin with one
    shapes = [replace(_random(rng), dots=between(rng, 2, 4))]
    for _ in range(4):
        shape = shapes[-1]
        for change, _words in used:
            shape = change(shape, 1)
        shapes.append(shape)
    key = shapes[4]
    options, index = place(rng, _option(key), [_option(each) for each in [shapes[3], *_neighbours(key)] if each != key])
    wraps = " Setelah empat, titik menjadi satu." if variant % 2 == 0 else ""
    reason = "Pada setiap langkah " + " dan ".join(words for _, words in used) + "." + wraps
    figure = _row(shapes, {4: "?"})
    stem = "Gambar yang tepat untuk melanjutkan rangkaian adalah ..."
    return Draft("TIU.figural-serial", stem, options, index, reason, 0.2 + 0.1 * (variant % 5), figure)


def analogy(rng: Rng, variant: int) -> Draft:
    """The first becomes the second; the third becomes which one, by the same change."""
    # one pair must tell the whole change: no turn from four dots to one, and both begin filled or both empty
    first = replace(_random(rng), dots=between(rng, 1, 3))
    other = next(each for each in SHAPES if each != first.outer)
    third = replace(_random(rng), outer=other, dots=between(rng, 1, 3), filled=first.filled)
    changes = _changes(rng)
    used = [changes[0], changes[1 + variant % 2]]

    def changed(shape: Shape) -> Shape:
        for change, _words in used:
            shape = change(shape, 1)
        return shape

    key = changed(third)
    wrong = [each for each in [third, *_neighbours(key)] if each != key]
    options, index = place(rng, _option(key), [_option(each) for each in wrong])
    figure = _row([first, first, changed(first), first, third, first, key], {1: "→", 3: "=", 5: "→", 6: "?"})
    reason = "Perubahannya: " + " dan ".join(words for _, words in used) + "; bentuk luarnya tetap."
    stem = "Gambar pertama berubah menjadi gambar kedua. Dengan perubahan yang sama, gambar ketiga menjadi ..."
    return Draft("TIU.figural-analogi", stem, options, index, reason, 0.4, figure)


def odd_one_out(rng: Rng, variant: int) -> Draft:
    """Four frames share a rule (filled or not; arrow straight or slanting) that the fifth breaks."""
    outers = [SHAPES[index] for index in rng.permutation(5)]
    # nothing but the rule sets one figure apart: dots 1, 2, 3, 1, 2 and two arrows of one kind, three of the other
    dots = [(1, 2, 3, 1, 2)[index] for index in rng.permutation(5)]
    if variant % 2 == 0:
        filled = bool(between(rng, 0, 1))
        arrows = [(0, 2, 1, 3, 5)[index] for index in rng.permutation(5)]
        shapes = [Shape(outers[n], arrows[n], dots[n], filled ^ (n == 4)) for n in range(5)]
        kind = "berarsir" if filled else "kosong"
        reason = f"Empat gambar bentuknya {kind}; satu gambar tidak, sedangkan bentuk, panah, dan titik berbeda-beda."
    else:
        axis = between(rng, 0, 1)
        along = [0, 2, 4, 6] if axis else [1, 3, 5, 7]
        arrows = [along[index] for index in rng.permutation(4)] + [(along[0] + 1) % 8]
        fills = (True, True, False, False, bool(between(rng, 0, 1)))
        shapes = [Shape(outers[n], arrows[n], dots[n], fills[n]) for n in range(5)]
        side = "mendatar atau tegak" if axis else "miring"
        reason = f"Pada empat gambar panahnya {side}; pada satu gambar tidak."
    *good, odd = shapes
    options, index = place(rng, _option(odd), [_option(each) for each in good])
    stem = "Empat gambar mengikuti satu aturan. Gambar yang tidak mengikuti aturan itu adalah ..."
    return Draft("TIU.figural-ketidaksamaan", stem, options, index, reason, 0.3 + 0.2 * (variant % 2))
