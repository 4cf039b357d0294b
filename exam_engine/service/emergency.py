"""Taking an emergency file: a person's decision, written into the attempt's log before the operations that it admits.

The score of an attempt that has ended is not touched: a new score version is a decision of its own (rescoring).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Protocol
from uuid import UUID

import msgspec

from exam_engine.domain.attempt import ENDED, Status
from exam_engine.domain.emergency import OPERATION_LIMIT, Content, Imported, doubt
from exam_engine.domain.operations import ItemOptions, Row
from exam_engine.service.ports import ExamUnit
from exam_engine.service.save import row_of
from kit.clock import milliseconds
from kit.errors import Conflict, Invalid


@dataclass(eq=False)
class NotForImport(Conflict):
    """The attempt has not begun, or the organiser has ended it."""

    status: str
    key: ClassVar[str] = "emergency-not-now"


class EmergencyPort(Protocol):
    """Appends one operation of a held attempt to log, chain and projections."""

    async def append(self, row: Row, at: datetime) -> None: ...


class EmergencyUnit(ExamUnit, Protocol):
    """The stores of one transaction, with this one."""

    @property
    def emergency(self) -> EmergencyPort: ...


async def import_emergency(
    unit: EmergencyUnit,
    attempt_id: UUID,
    content: Content,
    legal: ItemOptions,
    *,
    actor: str,
    reason: str,
    sha256: str,
) -> Imported:
    """Append what counts; the same file a second time changes nothing. `sha256` of the file as it was handed in."""
    if sum(len(batch.ops) for batch in content.batches) > OPERATION_LIMIT:
        raise Invalid(f"at most {OPERATION_LIMIT} operations in one file")
    attempt, at = await unit.attempts.lock(attempt_id)
    if attempt.started_at is None or attempt.deadline_at is None or attempt.status is Status.TERMINATED:
        raise NotForImport(attempt.status.value)
    start_ms = milliseconds(attempt.started_at)
    end_ms = milliseconds(min(attempt.deadline_at, attempt.ended_at or attempt.deadline_at, at))
    known = {(event.client_id, event.client_seq) for event in await unit.attempts.events(attempt_id)}
    why: Counter[str] = Counter()
    rows: list[Row] = []
    for client, op in content.operations:
        doubted = doubt(op, client, known=known, legal=legal, start_ms=start_ms, end_ms=end_ms)
        why[doubted or "accepted"] += 1
        if doubted is None:
            known.add((client, op.seq))
            rows.append(row_of(op, attempt_id=attempt.id, seat_id=attempt.seat_id, client_id=client))
    imported = Imported(
        attempt_id=attempt_id,
        ended=attempt.status in ENDED,
        **{name: why[name] for name in ("accepted", "known", "early", "late", "nonsense")},
    )
    if rows:
        decision = {"actor": actor, "reason": reason, "sha256": sha256, **_counts(imported)}
        await unit.attempts.append(attempt, "imported", decision, at)
        for row in rows:
            await unit.emergency.append(row, at)
    return imported


def _counts(imported: Imported) -> dict[str, int]:
    plain: dict[str, Any] = msgspec.to_builtins(imported)
    return {name: count for name, count in plain.items() if name not in ("attempt_id", "ended")}
