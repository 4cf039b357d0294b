"""What a public score board may tell of an attempt that still runs.

Points that follow each answer would give the key away: choose one option after another and watch. So the points of a
running attempt are those of a checkpoint: the answers that stood when the number of different items ever answered first
reached the last multiple of `STEP`. It follows from the log alone, is the same in every worker and after a restart, and
neither a changed nor a withdrawn answer moves it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from exam_engine.domain.log import Event, fold
from exam_engine.domain.rulepack import RulePack
from exam_engine.domain.scoring import is_blank

STEP = 10


@dataclass(frozen=True)
class Checkpoint:
    """`answered` is the multiple that was reached, `responses` what stood at that moment."""

    answered: int
    responses: dict[UUID, Any]


START = Checkpoint(0, {})


def checkpoint(log: Iterable[Event]) -> Checkpoint:
    """The last checkpoint of a log; the events may come in any order."""
    responded = sorted((event for event in log if event.kind == "responded"), key=lambda event: event.seq)
    met: set[UUID | None] = set()
    reached, length = 0, 0
    for position, event in enumerate(responded, start=1):
        if not is_blank(event.payload):
            met.add(event.item_version_id)
        if len(met) >= reached + STEP:
            reached, length = reached + STEP, position
    return Checkpoint(reached, fold(responded[:length]).responses)


def may_have_moved(known: Checkpoint, touched: int) -> bool:
    """Whether the log must be read again, when so many items have ever been answered or withdrawn."""
    return touched >= known.answered + STEP


def tie_order(pack: RulePack) -> list[str]:
    """The sections that order equal totals: the last first (SKD: TKP, TIU, TWK), as the ranking of vacancies does."""
    return [section.code for section in reversed(pack.section)]
