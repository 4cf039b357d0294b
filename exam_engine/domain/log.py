"""The event log of an attempt and what follows from it.

The log is the only truth of an attempt: item sequence, responses and flags are folds over it. Of several responses to
an item the highest revision stands (a Lamport counter of the candidate's devices), whatever order they arrived in; the
fold is therefore independent of arrival order. The hash chain over the log is in chain.py.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Literal, TypeAlias
from uuid import UUID

import msgspec

Kind: TypeAlias = Literal[
    "items_appended",
    "started",
    "responded",
    "flagged",
    "paused",
    "resumed",
    "credited",
    "taken_over",
    "submitted",
    "expired",
    "terminated",
    "imported",
]


class SequenceItem(msgspec.Struct, frozen=True):
    """One item of an attempt: its version, section and the order in which its options are shown."""

    position: int
    section: str
    version_id: UUID
    options: tuple[str, ...]


class Event(msgspec.Struct, frozen=True):
    """One line of the log. `seq` orders the log; client fields are set for operations of the candidate only."""

    seq: int
    kind: str
    server_at: datetime
    payload: Any = None
    item_version_id: UUID | None = None
    revision: int | None = None
    client_id: UUID | None = None
    client_seq: int | None = None
    client_at: datetime | None = None
    hash: bytes = b""  # its link of the chain, as stored


class Standing(msgspec.Struct, frozen=True):
    """What the log says now: the sequence, the response to each item (PCI value) and the flagged items."""

    sequence: tuple[SequenceItem, ...]
    responses: dict[UUID, Any]
    flags: frozenset[UUID]
    last_revision: int


def fold(events: Iterable[Event]) -> Standing:
    """Fold a log; the events may come in any order."""
    sequence: list[SequenceItem] = []
    latest: dict[tuple[str, UUID], tuple[int, int, Any]] = {}
    last_revision = 0
    for event in events:
        if event.kind == "items_appended":
            sequence.extend(msgspec.convert(event.payload["items"], list[SequenceItem]))
        elif event.kind in ("responded", "flagged") and event.item_version_id is not None:
            rank = (event.revision or 0, event.seq)
            last_revision = max(last_revision, rank[0])
            key = (event.kind, event.item_version_id)
            if key not in latest or latest[key][:2] < rank:
                latest[key] = (*rank, event.payload)
    return Standing(
        sequence=tuple(sorted(sequence, key=lambda each: each.position)),
        responses={item: value for (kind, item), (_, _, value) in latest.items() if kind == "responded"},
        flags=frozenset(item for (kind, item), (_, _, on) in latest.items() if kind == "flagged" and on),
        last_revision=last_revision,
    )
