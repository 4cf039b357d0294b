"""Saving operations of a seat: check that each makes sense, let the writer store the rest, answer with verdicts.

Nothing here touches the database but the writer; the item sequence of an attempt is immutable up to its end, so it is
kept per worker.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol
from uuid import UUID

import msgspec

from exam_engine.domain.operations import (
    BATCH_LIMIT,
    ItemOptions,
    Operation,
    OperationBatch,
    Receipt,
    Row,
    Saved,
    Verdict,
    objection,
)
from exam_engine.service.seat import Superseded
from kit.clock import from_milliseconds
from kit.errors import Invalid

ATTEMPT_CACHE_LIMIT = 10_000  # attempts of one worker; about 10 kB each
KINDS = {"respond": "responded", "flag": "flagged"}
CALENDAR_MS = (0.0, 4.0e12)  # 1970 to 2096: what a candidate's clock can honestly say


class Writer(Protocol):
    """Stores rows durably; see exam_engine/store/writer.py."""

    async def save(self, rows: Sequence[Row]) -> Saved: ...


class Answered(msgspec.Struct, frozen=True):
    """`verdicts` of what was not stored, in order, with a reason; `acked` and `receipt` as on the wire."""

    acked: int
    verdicts: list[tuple[int, Verdict, str]]
    hold: bool
    receipt: Receipt | None = None


class LegalAnswers:
    """Of each attempt, what may be answered; loaded once per worker."""

    def __init__(self, load: Callable[[UUID], Awaitable[ItemOptions]]) -> None:
        self._load = load
        self._kept: OrderedDict[UUID, ItemOptions] = OrderedDict()

    async def of(self, attempt_id: UUID) -> ItemOptions:
        """Empty while the attempt has no items."""
        known = self._kept.get(attempt_id)
        if known is None:
            known = await self._load(attempt_id)
            if known:
                self._kept[attempt_id] = known
                while len(self._kept) > ATTEMPT_CACHE_LIMIT:
                    self._kept.popitem(last=False)
        return known

    def forget(self, attempt_id: UUID) -> None:
        """The sequence grew."""
        self._kept.pop(attempt_id, None)


def row_of(operation: Operation, *, attempt_id: UUID, seat_id: UUID, client_id: UUID) -> Row:
    """What is stored of an operation whose time is a time."""
    return Row(
        attempt_id=attempt_id,
        seat_id=seat_id,
        client_id=client_id,
        client_seq=operation.seq,
        kind=KINDS[operation.kind],
        item_version_id=operation.item,
        revision=operation.rev,
        payload=operation.value if operation.kind == "respond" else operation.flagged,
        client_at=from_milliseconds(operation.at),
    )


async def save_operations(
    writer: Writer, legal_answers: LegalAnswers, *, attempt_id: UUID, seat_id: UUID, batch: OperationBatch
) -> Answered:
    """Store a batch; raises `Superseded` when another device has the seat, `Unavailable` when it must be sent again."""
    if len(batch.ops) > BATCH_LIMIT:
        raise Invalid(f"at most {BATCH_LIMIT} operations in one message")
    legal = await legal_answers.of(attempt_id)
    reasons = [objection(op, legal) or _time_objection(op.at) for op in batch.ops]
    rows = [
        row_of(op, attempt_id=attempt_id, seat_id=seat_id, client_id=batch.client)
        for op, reason in zip(batch.ops, reasons, strict=True)
        if reason is None
    ]
    saved = await writer.save(rows)
    stored = iter(saved.verdicts)
    verdicts: list[tuple[int, Verdict, str]] = [
        (op.seq, "rejected", reason) if reason else (op.seq, next(stored), "")
        for op, reason in zip(batch.ops, reasons, strict=True)
    ]
    if any(verdict == "superseded" for _, verdict, _ in verdicts):
        raise Superseded
    held = [seq for seq, verdict, _ in verdicts if verdict == "hold"]
    decided = [seq for seq, verdict, _ in verdicts if verdict != "hold" and (not held or seq < min(held))]
    refused = [each for each in verdicts if each[1] in ("late", "rejected")]
    return Answered(acked=max(decided, default=0), verdicts=refused, hold=bool(held), receipt=saved.receipt)


def _time_objection(at: float) -> str | None:
    return None if CALENDAR_MS[0] <= at <= CALENDAR_MS[1] else "the time of the operation is not a time"
