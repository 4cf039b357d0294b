"""A frame from a browser: look at its header, put it where the workers find it. The web process decodes nothing."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from kit.bus import Bus
from proctoring.domain.gate import check_jpeg
from proctoring.domain.records import Frame
from proctoring.service.ports import FrameQueue

CHANNEL = "frames"  # wakes the workers


async def receive_frame(
    queue: FrameQueue,
    bus: Bus,
    *,
    attempt_id: UUID,
    session_id: UUID,
    jpeg: bytes,
    captured_at: datetime | None,
    now: datetime,
) -> None:
    """Raises `BadImage`, and `Unavailable` where the queue is away. `captured_at` is kept as the browser's claim."""
    check_jpeg(jpeg)
    await queue.put(Frame(attempt_id, session_id, now, captured_at, jpeg))
    await bus.publish(CHANNEL, {"attempt": str(attempt_id)})
