"""Final integration of SKD and SKB, and the last order of a vacancy.

Source: selection-rules.md, "Final integration": final = skd_weight * (SKD / total_max * 100) + skb_weight * SKB, with
SKB on 0..100. Fractions stay exact until they are shown, and ranks compare the exact values, so that no rounding
decides between two people. Ties: total SKD, TKP, TIU, TWK, GPA, the older applicant; the order is the pack's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from math import floor
from typing import ClassVar
from uuid import UUID

from kit.errors import Invalid
from recruitment.domain.points import exact
from recruitment.domain.rulepack import RulePack

FINAL = "final"


@dataclass(eq=False)
class OffScale(Invalid):
    """A score lies outside 0..`maximum`: it was not scaled, or the wrong maximum was used."""

    what: str
    value: str
    maximum: int
    key: ClassVar[str] = "off-scale"


@dataclass(eq=False)
class BadWeights(Invalid):
    """The announced weights of the SKB tests do not add up to 1."""

    total: str
    key: ClassVar[str] = "bad-weights"


@dataclass(frozen=True)
class SkbPart:
    """One announced SKB test: its score on 0..100 and its weight."""

    score: Fraction
    weight: Fraction


@dataclass(frozen=True)
class FinalCandidate:
    """What decides the last order. `gpa` and `birth_date` None sort last in their key: a missing proof helps nobody."""

    participant_id: UUID
    number: str
    skd: Mapping[str, Fraction]
    skb: Fraction
    gpa: Fraction | None
    birth_date: date | None


@dataclass(frozen=True)
class FinalRow:
    """`decided_by`: the key that separated this row from the one above; None for the first and for full equality."""

    candidate: FinalCandidate
    rank: int
    final: Fraction
    placed: bool
    decided_by: str | None
    undecided: bool


def to_hundred(points: Fraction, maximum: int, what: str = "score") -> Fraction:
    """Scale 0..maximum to 0..100; raises `OffScale`."""
    if not 0 <= points <= maximum:
        raise OffScale(what, str(points), maximum)
    return points / maximum * 100


def combine_skb(parts: Sequence[SkbPart]) -> Fraction:
    """The weighted SKB score on 0..100; raises `BadWeights` or `OffScale`."""
    weights = sum((part.weight for part in parts), Fraction(0))
    if weights != 1:
        raise BadWeights(str(weights))
    return sum((to_hundred(part.score, 100, "SKB") * part.weight for part in parts), Fraction(0))


def integrate(skd_total: Fraction, skb: Fraction, pack: RulePack) -> Fraction:
    """The final score on 0..100, exact; raises `OffScale`."""
    skd = to_hundred(skd_total, pack.total_max, "SKD")
    return exact(pack.final.skd_weight) * skd + exact(pack.final.skb_weight) * to_hundred(
        skb, pack.final.skb_max, "SKB"
    )


def shown(value: Fraction, pack: RulePack) -> str:
    """The displayed form of a non-negative score: fixed digits, half up (`73.2436...` -> `73.244`)."""
    digits = pack.final.display_digits
    scaled = floor(value * 10**digits + Fraction(1, 2))
    whole, part = divmod(scaled, 10**digits)
    return f"{whole}.{part:0{digits}d}" if digits else str(whole)


def rank_final(candidates: Iterable[FinalCandidate], formasi: int, pack: RulePack) -> tuple[FinalRow, ...]:
    """The last order. Rows that are equal in every key share a rank; where such a group spans the last post, all of
    it is `undecided` and none of it placed: no rule says whom to take, so people must."""
    scored = [
        (candidate, integrate(sum(candidate.skd.values(), Fraction(0)), candidate.skb, pack))
        for candidate in candidates
    ]
    names = (FINAL, *pack.final.ties)
    keyed = sorted(
        ((tuple(_value(name, candidate, final) for name in names), candidate, final) for candidate, final in scored),
        key=lambda each: (each[0], each[1].number),
    )
    keys = [key for key, _, _ in keyed]
    split = keys[formasi - 1] if len(keys) > formasi and keys[formasi - 1] == keys[formasi] else None
    rows: list[FinalRow] = []
    for position, (key, candidate, final) in enumerate(keyed, start=1):
        decided = None
        if position > 1:
            decided = next(
                (n for n, own, above in zip(names, key, keys[position - 2], strict=True) if own != above), None
            )
        rank = rows[-1].rank if position > 1 and decided is None else position
        undecided = key == split
        rows.append(FinalRow(candidate, rank, final, position <= formasi and not undecided, decided, undecided))
    return tuple(rows)


def _value(name: str, candidate: FinalCandidate, final: Fraction) -> tuple[bool, Fraction]:
    """(missing, smaller is better) of one key."""
    if name == FINAL:
        return False, -final
    if name == "SKD":
        return False, -sum(candidate.skd.values(), Fraction(0))
    if name == "gpa":
        return candidate.gpa is None, -(candidate.gpa or Fraction(0))
    if name == "older":
        return candidate.birth_date is None, Fraction(candidate.birth_date.toordinal() if candidate.birth_date else 0)
    return False, -candidate.skd[name]
