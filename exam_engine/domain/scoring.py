"""The score of a sitting: a pure function of the responses, the keys and the rule pack.

Blank earns nothing. Item points come from the bank's response processing; the rule pack says what a right answer is
worth and which passing grades a track has. Everything is exact (Fraction) until it is written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType
from typing import Any, ClassVar
from uuid import UUID

from exam_engine.domain.log import SequenceItem
from exam_engine.domain.rulepack import RulePack
from kit.errors import Invalid

ItemPoints = Callable[[UUID, Any], Fraction]
"""Points of one item version for one PCI response value: 0 or 1 by key, or the weight of the option."""


@dataclass(eq=False)
class ScoreAboveMaximum(Invalid):
    """The form or the keys do not fit the rule pack: a section earned more than it can give."""

    section: str
    points: str
    maximum: int
    key: ClassVar[str] = "score-above-maximum"


@dataclass(frozen=True)
class SectionResult:
    """One section; `threshold` and `passed` are None where the track has no passing grade for it."""

    code: str
    points: Fraction
    maximum: int
    answered: int
    items: int
    threshold: int | None
    passed: bool | None


@dataclass(frozen=True)
class SittingResult:
    """All sections, the total, and whether every passing grade of the track is met."""

    sections: tuple[SectionResult, ...]
    total: Fraction
    total_max: int
    total_threshold: int | None
    passed: bool


def is_blank(value: Any) -> bool:
    """Whether a stored PCI value is no answer."""
    return value is None or value == {"base": None}


def score_sitting(
    sequence: Iterable[SequenceItem],
    responses: Mapping[UUID, Any],
    item_points: ItemPoints,
    pack: RulePack,
    track: str,
    given: Mapping[UUID, Fraction] = MappingProxyType({}),
) -> SittingResult:
    """Score the responses of one sitting; `given` are items whose points everybody has, answered or not.

    Raises `BadRulePack` or `ScoreAboveMaximum` where data do not fit.
    """
    thresholds = pack.thresholds(track)
    items = list(sequence)
    sections: list[SectionResult] = []
    for rule in pack.section:
        earned, answered = Fraction(0), 0
        own = [item for item in items if item.section == rule.code]
        for item in own:
            value = responses.get(item.version_id)
            answered += not is_blank(value)
            if is_blank(value) and item.version_id not in given:
                continue
            points = given[item.version_id] if item.version_id in given else item_points(item.version_id, value)
            earned += points if rule.rule == "weights" else Fraction(rule.right if points == 1 else rule.wrong)
        if earned > rule.max:
            raise ScoreAboveMaximum(rule.code, str(earned), rule.max)
        need = thresholds.sections.get(rule.code)
        met = None if need is None else earned >= need
        sections.append(SectionResult(rule.code, earned, rule.max, answered, len(own), need, met))
    total = sum((each.points for each in sections), Fraction(0))
    all_met = all(each.passed is not False for each in sections)
    total_met = thresholds.total is None or total >= thresholds.total
    return SittingResult(tuple(sections), total, pack.total_max, thresholds.total, all_met and total_met)


def written(value: Fraction) -> int | str:
    """A score as the hand-over writes it: an integer, or a decimal string of at most six places."""
    if value.denominator == 1:
        return value.numerator
    return f"{float(value):.6f}".rstrip("0")
