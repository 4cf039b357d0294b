"""The hash chain of an attempt's log, the same bytes as PostgreSQL makes (store/migrations/0004_receipts.sql).

An event is hashed as lines joined by a line feed: attempt, seq, kind, server_at, item version, revision, client, client
seq, client_at, payload; nothing for null, times as seconds since the epoch with six decimals, the payload as PostgreSQL
writes jsonb. Each link is SHA-256 over the link before and these bytes, so a receipt (seq, link) vouches for the whole
log up to there.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any
from uuid import UUID

from exam_engine.domain.log import Event

GENESIS = bytes(32)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def jsonb_text(value: Any) -> str:
    """A JSON value as PostgreSQL writes jsonb: keys by length, then bytes; numbers in full; `", "` and `": "`."""
    if isinstance(value, dict):
        keys = sorted(value, key=lambda key: (len(key.encode()), key.encode()))
        return "{" + ", ".join(f"{_quoted(key)}: {jsonb_text(value[key])}" for key in keys) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(jsonb_text, value)) + "]"
    if isinstance(value, float):
        return format(abs(Decimal(repr(value))) if value == 0 else Decimal(repr(value)), "f")
    return _quoted(value) if isinstance(value, str) else json.dumps(value)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _seconds(at: datetime | None) -> str:
    if at is None:
        return ""
    microseconds = (at - EPOCH) // timedelta(microseconds=1)
    sign, size = "-" if microseconds < 0 else "", abs(microseconds)
    return f"{sign}{size // 1_000_000}.{size % 1_000_000:06}"


def event_bytes(attempt_id: UUID, event: Event) -> bytes:
    """The bytes of an event that are hashed."""
    lines = (
        attempt_id,
        event.seq,
        event.kind,
        _seconds(event.server_at),
        event.item_version_id,
        event.revision,
        event.client_id,
        event.client_seq,
        _seconds(event.client_at),
        None if event.payload is None else jsonb_text(event.payload),
    )
    return "\n".join("" if each is None else str(each) for each in lines).encode()


def link(previous: bytes, attempt_id: UUID, event: Event) -> bytes:
    """The next link of the chain."""
    return sha256(previous + event_bytes(attempt_id, event)).digest()


def links(attempt_id: UUID, events: Iterable[Event]) -> Iterator[tuple[Event, bytes]]:
    """Each event in order of `seq` with the link computed for it from the very beginning."""
    head = GENESIS
    for event in sorted(events, key=lambda each: each.seq):
        head = link(head, attempt_id, event)
        yield event, head


def head_of(attempt_id: UUID, events: Iterable[Event]) -> str:
    """The head of the chain over a whole log, in hexadecimal."""
    *_, head = (GENESIS, *(each for _, each in links(attempt_id, events)))
    return head.hex()
