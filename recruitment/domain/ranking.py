"""Who goes on from SKD to SKB: the ranking of one vacancy, with the reason for every place.

Source: selection-rules.md, "From SKD to SKB". Those who meet every threshold of their track are ordered by total; at
most `multiple` x formasi go on; equal totals are ordered by the sections of `selection.ties`; whoever equals the last
one inside in all of them goes on too. The order depends on points alone, never on the order or time of arrival.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from fractions import Fraction
from typing import Literal
from uuid import UUID

from recruitment.domain.rulepack import RulePack
from recruitment.domain.thresholds import TOTAL, Thresholds, check_thresholds

ScoreStatus = Literal["final", "absent", "void", "withheld", "pending_manual"]


class Outcome(StrEnum):
    """What the ranking says of an applicant, in the order in which a list shows them."""

    GOES_ON = "goes-on"
    OUTSIDE = "outside"
    BELOW_THRESHOLD = "below-threshold"
    PENDING = "pending"
    WITHHELD = "withheld"
    UNFIT = "unfit"
    VOID = "void"
    ABSENT = "absent"
    WAITING = "waiting"


RANKED = frozenset({Outcome.GOES_ON, Outcome.OUTSIDE})
OPEN = frozenset({Outcome.WAITING, Outcome.PENDING, Outcome.WITHHELD, Outcome.UNFIT})  # may still get a place
_LISTED = list(Outcome)
_WITHOUT_RANK: dict[str, Outcome] = {
    "absent": Outcome.ABSENT,
    "void": Outcome.VOID,
    "withheld": Outcome.WITHHELD,
    "pending_manual": Outcome.PENDING,
}


@dataclass(frozen=True)
class Sitting:
    """What is known of one applicant: `status` None = no score has arrived. `recorded_pass` is the sender's verdict."""

    participant_id: UUID
    number: str
    name: str
    track: str
    status: ScoreStatus | None
    points: Mapping[str, Fraction]
    maxima: Mapping[str, Fraction]
    recorded_pass: bool | None = None


@dataclass(frozen=True)
class Compared:
    """One key of a tie: the value of this row and of the row above."""

    key: str
    own: Fraction
    above: Fraction


@dataclass(frozen=True)
class TieBreak:
    """How a row with the same total as the one above was placed; `decided_by` None = equal in every key."""

    above: str
    compared: tuple[Compared, ...]
    decided_by: str | None


@dataclass(frozen=True)
class RankedRow:
    """One applicant in the list. `disagrees`: the sender's verdict on the thresholds differs from ours."""

    sitting: Sitting
    outcome: Outcome
    rank: int | None = None
    thresholds: Thresholds | None = None
    tie: TieBreak | None = None
    disagrees: bool = False


@dataclass(frozen=True)
class Ranking:
    """The list of one vacancy. `limit` = multiple x formasi; `beyond_limit` = those who go on only by equality."""

    rows: tuple[RankedRow, ...]
    limit: int
    beyond_limit: int

    @property
    def settled(self) -> bool:
        """Whether nothing is awaited any more: every applicant has a result that stands."""
        return not any(row.outcome in OPEN for row in self.rows)

    def count(self, outcome: Outcome) -> int:
        """How many rows have this outcome."""
        return sum(row.outcome is outcome for row in self.rows)


def rank_skd(sittings: Iterable[Sitting], formasi: int, pack: RulePack) -> Ranking:
    """Rank the applicants of a vacancy with `formasi` posts; raises `UnknownTrack`."""
    judged = [_judge(sitting, pack) for sitting in sittings]
    limit = pack.selection.multiple * formasi
    keyed = sorted(
        ((_key(row, pack), row.sitting.number, row) for row in judged if row.outcome is Outcome.OUTSIDE),
        key=lambda each: each[:2],
    )
    keys = [key for key, _, _ in keyed]
    passed = [row for _, _, row in keyed]
    boundary = keys[limit - 1] if len(keys) >= limit else None
    rows: list[RankedRow] = []
    for position, (row, key) in enumerate(zip(passed, keys, strict=True), start=1):
        equal = position > 1 and keys[position - 2] == key
        goes_on = position <= limit or key == boundary
        rows.append(
            replace(
                row,
                rank=rows[-1].rank if equal else position,
                outcome=Outcome.GOES_ON if goes_on else Outcome.OUTSIDE,
                tie=_tie(passed[position - 2], row, pack) if position > 1 else None,
            )
        )
    going_on = sum(row.outcome is Outcome.GOES_ON for row in rows)
    others = sorted((row for row in judged if row.outcome is not Outcome.OUTSIDE), key=_listing)
    return Ranking((*rows, *others), limit, max(0, going_on - limit))


def _judge(sitting: Sitting, pack: RulePack) -> RankedRow:
    """The outcome before ranking; `OUTSIDE` stands for "meets every threshold"."""
    if sitting.status is None:
        return RankedRow(sitting, Outcome.WAITING)
    if sitting.status != "final":
        return RankedRow(sitting, _WITHOUT_RANK[sitting.status])
    if not _fits(sitting, pack):
        return RankedRow(sitting, Outcome.UNFIT)
    thresholds = check_thresholds(sitting.points, sitting.track, pack)
    disagrees = sitting.recorded_pass is not None and sitting.recorded_pass != thresholds.passed
    outcome = Outcome.OUTSIDE if thresholds.passed else Outcome.BELOW_THRESHOLD
    return RankedRow(sitting, outcome, thresholds=thresholds, disagrees=disagrees)


def _fits(sitting: Sitting, pack: RulePack) -> bool:
    """Whether the record is of this test: the same sections with the same maxima, and no points beyond them."""
    wanted = {section.code: Fraction(section.max) for section in pack.section}
    return dict(sitting.maxima) == wanted and all(
        code in sitting.points and 0 <= sitting.points[code] <= maximum for code, maximum in wanted.items()
    )


def _key(row: RankedRow, pack: RulePack) -> tuple[Fraction, ...]:
    """Smaller is better: the total, then the tie sections, each negated."""
    assert row.thresholds is not None, "only judged sittings are ordered"
    return (-row.thresholds.total.points, *(-row.sitting.points[code] for code in pack.selection.ties))


def _listing(row: RankedRow) -> tuple[int, Fraction, str]:
    total = row.thresholds.total.points if row.thresholds else Fraction(0)
    return _LISTED.index(row.outcome), -total, row.sitting.number


def _tie(above: RankedRow, row: RankedRow, pack: RulePack) -> TieBreak | None:
    assert above.thresholds is not None, "only judged sittings are ordered"
    assert row.thresholds is not None, "only judged sittings are ordered"
    total = row.thresholds.total.points
    if above.thresholds.total.points != total:
        return None
    compared = [Compared(TOTAL, total, total)]
    for code in pack.selection.ties:
        pair = Compared(code, row.sitting.points[code], above.sitting.points[code])
        compared.append(pair)
        if pair.own != pair.above:
            return TieBreak(above.sitting.number, tuple(compared), code)
    return TieBreak(above.sitting.number, tuple(compared), None)
