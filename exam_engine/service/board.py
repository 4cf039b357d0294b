"""The live score board of a session: recomputed only where the log has grown.

The count of answers is live; the points of a running attempt are those of its last checkpoint (domain/board.py), and
its log is read only when it may have reached another one. A terminated attempt shows no points, as its receipt.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Any
from uuid import UUID

import msgspec

from exam_engine.domain.attempt import ENDED, Status
from exam_engine.domain.board import START, STEP, Checkpoint, checkpoint, may_have_moved, tie_order
from exam_engine.domain.log import SequenceItem
from exam_engine.domain.records import Progress
from exam_engine.domain.rulepack import RulePack
from exam_engine.domain.scoring import is_blank, score_sitting, written
from exam_engine.service.item_points import points_of
from exam_engine.service.ports import ExamUnit, ItemSource


class BoardRow(msgspec.Struct, frozen=True):
    """One candidate on the board; `total` is None where points are withheld, `passed` until the attempt has ended."""

    number: str
    sections: dict[str, int | str]
    total: int | str | None
    phase: str
    passed: bool | None
    answered: int
    items: int


class BoardMeta(msgspec.Struct, frozen=True):
    """What the columns mean, the sections that order equal totals, and the step of the points while working."""

    sections: list[dict[str, Any]]
    total_max: int
    thresholds: dict[str, int]
    ties: list[str]
    step: int


def board_meta(pack: RulePack) -> BoardMeta:
    """Sections with their maxima and the passing grades of the general track."""
    general = pack.track["general"].sections if "general" in pack.track else {}
    sections = [{"code": each.code, "max": each.max} for each in pack.section]
    return BoardMeta(
        sections=sections, total_max=pack.total_max, thresholds=dict(general), ties=tie_order(pack), step=STEP
    )


def by_points(rows: Iterable[BoardRow], ties: Sequence[str]) -> list[BoardRow]:
    """The highest total first, equal ones by the tie sections, then by number; those without points last."""

    def place(row: BoardRow) -> tuple[Any, ...]:
        if row.total is None:
            return (1, row.number)
        return (0, -Fraction(row.total), *(-Fraction(row.sections.get(code, 0)) for code in ties), row.number)

    return sorted(rows, key=place)


class Board:
    """The board of one session, kept by one worker and refreshed on demand."""

    def __init__(self, session_id: UUID, pack: RulePack, items: ItemSource) -> None:
        self._session_id = session_id
        self._pack = pack
        self._items = items
        self._seen: dict[UUID, tuple[int, str]] = {}
        self._rows: dict[UUID, BoardRow] = {}
        self._sequences: dict[UUID, tuple[SequenceItem, ...]] = {}
        self._checkpoints: dict[UUID, Checkpoint] = {}

    def rows(self) -> list[BoardRow]:
        """All rows by participant number, as of the last refresh."""
        return sorted(self._rows.values(), key=lambda row: row.number)

    async def refresh(self, unit: ExamUnit) -> list[BoardRow]:
        """Read what changed; returns the changed rows."""
        progress = [each for each in await unit.attempts.session_progress(self._session_id) if each.started_at]
        changed = [each for each in progress if self._seen.get(each.id) != (each.last_seq, each.status.value)]
        if not changed:
            return []
        ids = [each.id for each in changed]
        unknown = [attempt_id for attempt_id in ids if attempt_id not in self._sequences]
        self._sequences.update(await unit.attempts.sequences(unknown))
        responses = await unit.attempts.responses(ids)
        await self._move_checkpoints(unit, [each.id for each in changed if each.status not in ENDED], responses)
        rows: list[BoardRow] = []
        for each in changed:
            row = await self._row(each, self._sequences.get(each.id, ()), responses[each.id])
            self._seen[each.id] = (each.last_seq, each.status.value)
            if self._rows.get(each.id) != row:
                self._rows[each.id] = row
                rows.append(row)
        return rows

    async def _move_checkpoints(
        self, unit: ExamUnit, running: Sequence[UUID], responses: dict[UUID, dict[UUID, Any]]
    ) -> None:
        moved = [each for each in running if may_have_moved(self._checkpoints.get(each, START), len(responses[each]))]
        for attempt_id, log in (await unit.attempts.response_events(moved) if moved else {}).items():
            self._checkpoints[attempt_id] = checkpoint(log)

    async def _row(self, each: Progress, sequence: Sequence[SequenceItem], responses: dict[UUID, Any]) -> BoardRow:
        row = BoardRow(
            number=each.number,
            sections={},
            total=None,
            phase=each.status.value,
            passed=None,
            answered=sum(not is_blank(value) for value in responses.values()),
            items=len(sequence),
        )
        if each.status is Status.TERMINATED:
            return row
        ended = each.status in ENDED
        counted = responses if ended else self._checkpoints.get(each.id, START).responses
        contents = await self._items.contents([item.version_id for item in sequence])
        result = score_sitting(sequence, counted, points_of(contents), self._pack, each.track)
        return msgspec.structs.replace(
            row,
            sections={section.code: written(section.points) for section in result.sections},
            total=written(result.total),
            passed=result.passed if ended else None,
        )
