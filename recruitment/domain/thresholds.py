"""Passing grades: which of a track's thresholds are met, section by section.

The examination system sends its own verdict with every score. It is compared, not believed: this module recomputes
it from the points and the selection rule pack, and a ranking shows where the two disagree.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from recruitment.domain.rulepack import RulePack

TOTAL = "total"


@dataclass(frozen=True)
class Check:
    """Points of one section (or of all, code `total`); `met` is None where the track has no threshold for it."""

    code: str
    points: Fraction
    maximum: int
    threshold: int | None
    met: bool | None


@dataclass(frozen=True)
class Thresholds:
    """All checks of one applicant, and whether every one that applies is met."""

    sections: tuple[Check, ...]
    total: Check

    @property
    def passed(self) -> bool:
        """Every threshold of the track is met; a high total does not make up for a missed section."""
        return all(check.met is not False for check in (*self.sections, self.total))

    @property
    def missed(self) -> tuple[Check, ...]:
        """The thresholds that are not met."""
        return tuple(check for check in (*self.sections, self.total) if check.met is False)


def check_thresholds(points: Mapping[str, Fraction], track: str, pack: RulePack) -> Thresholds:
    """Compare the points of every section of the pack with the track's grades; raises `UnknownTrack`."""
    rules = pack.track_rules(track)
    sections = tuple(
        _check(section.code, points[section.code], section.max, rules.sections.get(section.code))
        for section in pack.section
    )
    total = sum((check.points for check in sections), Fraction(0))
    return Thresholds(sections, _check(TOTAL, total, pack.total_max, rules.total))


def _check(code: str, points: Fraction, maximum: int, threshold: int | None) -> Check:
    return Check(code, points, maximum, threshold, None if threshold is None else points >= threshold)
