"""What a candidate's browser may ask of the log, and the verdict on each operation.

An operation is idempotent by (client, seq). Whether it is in time is decided by the database's clock inside the
statement that stores it (store/sql/writer.sql); whether it makes sense is decided here.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, TypeAlias
from uuid import UUID

import msgspec

BATCH_LIMIT = 500  # operations in one message: a whole exam written offline fits several times
SAFE_INTEGER = 2**53 - 1  # what a browser can count to

Verdict: TypeAlias = Literal["stored", "late", "hold", "rejected", "superseded"]


class Operation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One operation as the browser sends it; times in milliseconds since the epoch."""

    seq: int
    rev: int
    kind: Literal["respond", "flag"]
    item: UUID
    at: float
    value: Any = None
    flagged: bool = False


class OperationBatch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one message carries; `client` is the identity of the browser profile."""

    client: UUID
    ops: tuple[Operation, ...]


class Row(msgspec.Struct, frozen=True):
    """An operation that makes sense, ready to be stored."""

    attempt_id: UUID
    seat_id: UUID
    client_id: UUID
    client_seq: int
    kind: str
    item_version_id: UUID
    revision: int
    payload: Any
    client_at: datetime


class Receipt(msgspec.Struct, frozen=True):
    """What a candidate can hold us to: the log up to event `seq` has this head (hexadecimal) of its hash chain."""

    seq: int
    head: str


class Saved(msgspec.Struct, frozen=True):
    """The verdicts on the rows of one message, and the attempt's receipt after them (None where nothing is known)."""

    verdicts: list[Verdict]
    receipt: Receipt | None = None


Legal: TypeAlias = tuple[str, frozenset[str], int]
ItemOptions: TypeAlias = dict[UUID, Legal]
"""Of each item of an attempt: response identifier's base type, its legal options, and how many may be chosen."""


def objection(operation: Operation, legal: ItemOptions) -> str | None:
    """Why an operation cannot be stored, or None where it can."""
    if not (0 < operation.seq <= SAFE_INTEGER and 0 < operation.rev <= SAFE_INTEGER):
        return "seq or rev out of range"
    known = legal.get(operation.item)
    if known is None:
        return "the item is not in this attempt"
    if operation.kind == "flag":
        return None
    base_type, options, most = known
    chosen = _identifiers(operation.value, base_type)
    if chosen is None:
        return f"the value is not {base_type} in PCI form"
    if len(chosen) > most:
        return f"at most {most} can be chosen"
    if not set(chosen) <= options:
        return "the option does not exist"
    return None


def _identifiers(value: Any, base_type: str) -> list[str] | None:
    if not isinstance(value, dict) or len(value) != 1:
        return None
    (container, typed), *_ = value.items()
    if container == "base" and typed is None:
        return []
    if container not in ("base", "list") or not isinstance(typed, dict) or set(typed) != {base_type}:
        return None
    chosen = typed[base_type]
    values = [chosen] if container == "base" else chosen
    return values if isinstance(values, list) and all(isinstance(each, str) for each in values) else None
