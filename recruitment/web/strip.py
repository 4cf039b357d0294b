"""The strip plot of a ranking: one mark per scored applicant at its total, stacked where totals are equal.

Drawn as an SVG of plain attributes and classes (the content policy allows no inline style). It repeats the table below
it for the eye; the table stays the statement.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor

from recruitment.domain.ranking import RANKED, Outcome, RankedRow, Ranking

WIDTH = 360
_MARGIN = 14
_CLASS = 5  # the least width of a class of totals, about one mark
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
    """What the template draws. `cut_total`: the lowest total that goes on, at `cut_x`; None without a cut."""

    marks: tuple[Mark, ...]
    ticks: tuple[Tick, ...]
    cut_x: float | None
    cut_total: Fraction | None
    base: float = _BASE
    width: int = WIDTH


def strip_of(ranking: Ranking, total_max: int) -> Strip | None:
    """The plot of a ranking; None where nothing is scored yet.

    Totals are gathered in classes that begin at the cut, so that no mark of one side stands on the other.
    """
    scored = [(row.thresholds.total.points, row.outcome) for row in ranking.rows if row.thresholds is not None]
    if not scored:
        return None
    low = max(0, int(min(total for total, _ in scored)) // _GRID * _GRID - _GRID)
    scale = Fraction(WIDTH - 2 * _MARGIN, total_max - low)
    cut = _cut(scored)
    anchor = Fraction(low) if cut is None else cut
    wide = ceil(_CLASS / scale)

    def place(total: Fraction) -> float:
        return round(float(_MARGIN + (total - low) * scale), 1)

    classes: dict[int, list[str]] = {}
    for total, outcome in scored:
        classes.setdefault(floor((total - anchor) / wide), []).append(outcome.value)
    step = min(_STEP, _TALLEST / max(len(each) for each in classes.values()))
    marks = tuple(
        Mark(place(anchor + (number + Fraction(1, 2)) * wide), round(_BASE - 6 - index * step, 1), outcome)
        for number, outcomes in sorted(classes.items())
        for index, outcome in enumerate(outcomes)
    )
    every = _GRID if total_max - low <= 6 * _GRID else 2 * _GRID
    ticks = tuple(Tick(place(Fraction(value)), value) for value in range(low, total_max + 1, every))
    return Strip(marks, ticks, None if cut is None else place(cut), cut)


def _cut(scored: Sequence[tuple[Fraction, Outcome]]) -> Fraction | None:
    """The lowest total that goes on; None where nobody who passed stays outside."""
    going = [total for total, outcome in scored if outcome is Outcome.GOES_ON]
    return min(going) if going and any(outcome is Outcome.OUTSIDE for _, outcome in scored) else None


def listed(ranking: Ranking) -> tuple[list[RankedRow], list[RankedRow], list[RankedRow]]:
    """The rows in three lists: ranked, below a passing grade, without a score that counts."""
    ranked = [row for row in ranking.rows if row.outcome in RANKED]
    below = [row for row in ranking.rows if row.outcome is Outcome.BELOW_THRESHOLD]
    rest = [row for row in ranking.rows if row.thresholds is None]
    return ranked, below, rest
