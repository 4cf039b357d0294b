"""The strip plot of a ranking: one mark per scored applicant at its total, stacked where totals are equal.

Drawn as an SVG of plain attributes and classes (the content policy allows no inline style). It repeats the table below
it for the eye; the table stays the statement.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from recruitment.domain.ranking import RANKED, Outcome, Ranking

WIDTH = 360
_MARGIN = 14
_STEP = 6.0  # between stacked marks
_TALLEST = 60.0  # stacks are squeezed to this, so that a mass of equal totals does not make a tower
_BASE = 80.0
_GRID = 50


@dataclass(frozen=True)
class Mark:
    """One applicant: position and outcome (the class and the shape)."""

    x: float
    y: float
    outcome: str


@dataclass(frozen=True)
class Tick:
    """A labelled place of the axis."""

    x: float
    value: int


@dataclass(frozen=True)
class Strip:
    """What the template draws. `cut_x`: between the last who goes on and the first who does not; None without a cut."""

    marks: tuple[Mark, ...]
    ticks: tuple[Tick, ...]
    cut_x: float | None
    cut_total: Fraction | None
    base: float = _BASE
    width: int = WIDTH


def strip_of(ranking: Ranking, total_max: int) -> Strip | None:
    """The plot of a ranking; None where nothing is scored yet."""
    scored = [row for row in ranking.rows if row.thresholds is not None]
    if not scored:
        return None
    totals = [row.thresholds.total.points for row in scored if row.thresholds is not None]
    low = max(0, int(min(totals)) // _GRID * _GRID - _GRID)
    scale = (WIDTH - 2 * _MARGIN) / (total_max - low)

    def place(total: Fraction) -> float:
        return round(_MARGIN + float(total - low) * scale, 1)

    columns: dict[float, list[str]] = {}
    for row, total in zip(scored, totals, strict=True):
        columns.setdefault(round(place(total) / 5) * 5.0, []).append(row.outcome.value)
    tallest = max(len(column) for column in columns.values())
    step = min(_STEP, _TALLEST / tallest)
    marks = tuple(
        Mark(x, round(_BASE - 6 - index * step, 1), outcome)
        for x, column in sorted(columns.items())
        for index, outcome in enumerate(column)
    )
    every = _GRID if total_max - low <= 6 * _GRID else 2 * _GRID
    ticks = tuple(Tick(place(Fraction(value)), value) for value in range(low, total_max + 1, every))
    going = [row.thresholds.total.points for row in scored if row.thresholds and row.outcome is Outcome.GOES_ON]
    cut = min(going) if going and any(row.outcome is Outcome.OUTSIDE for row in scored) else None
    return Strip(marks, ticks, None if cut is None else place(cut) - 3.5, cut)


def listed(ranking: Ranking) -> tuple[list[object], list[object], list[object]]:
    """The rows in three lists: ranked, below a passing grade, without a score that counts."""
    ranked: list[object] = [row for row in ranking.rows if row.outcome in RANKED]
    below: list[object] = [row for row in ranking.rows if row.outcome is Outcome.BELOW_THRESHOLD]
    rest: list[object] = [row for row in ranking.rows if row not in ranked and row not in below]
    return ranked, below, rest
