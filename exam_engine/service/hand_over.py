"""The outbox: deliver every score until the admin module says that it has it.

At least once, in order of creation, with the same id on every retry; the receiver makes it exactly once. A refusal is
retried as well, with growing pauses, and stays visible as the row's last error.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import msgspec

from exam_engine.domain.records import Outgoing
from exam_engine.service.ports import ExamUnit
from kit.handover import EVENT_TYPE, MEDIA_TYPE, Envelope, Evidence
from kit.signing import SigningKey

BATCH = 20
FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 900.0

Post = Callable[[bytes, dict[str, str]], Awaitable[str | None]]
"""Sends a body with headers; returns None when the receiver has it, else what went wrong."""


def pause_before(tries: int, jitter: float) -> timedelta:
    """Exponential back-off with `jitter` in [0, 1): half of each pause is random."""
    longest = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** min(tries, 20))
    return timedelta(seconds=longest / 2 * (1 + jitter))


def envelope(outgoing: Outgoing, source: str) -> bytes:
    """The CloudEvents envelope of a hand-over; the same bytes at every try."""
    return msgspec.json.encode(
        Envelope(
            specversion="1.0",
            id=str(outgoing.event_id),
            source=source,
            type=EVENT_TYPE,
            subject=str(outgoing.record["participant_id"]),
            time=outgoing.created_at,
            datacontenttype="application/json",
            data=Evidence(jws=outgoing.jws),
        )
    )


async def deliver_due(
    unit: ExamUnit, *, post: Post, key: SigningKey, source: str, now: datetime, jitter: float
) -> tuple[int, int]:
    """Try what is due; returns (delivered, failed)."""
    delivered = failed = 0
    for outgoing in await unit.scores.take_outgoing(now, BATCH):
        body = envelope(outgoing, source)
        headers = {"content-type": MEDIA_TYPE, **key.sign_webhook(str(outgoing.event_id), now, body)}
        problem = await post(body, headers)
        if problem is None:
            await unit.scores.mark_sent(outgoing.id, now)
            delivered += 1
        else:
            await unit.scores.postpone(outgoing.id, now + pause_before(outgoing.tries, jitter), problem)
            failed += 1
    return delivered, failed
