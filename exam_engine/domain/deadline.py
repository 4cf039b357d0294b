"""When an attempt ends: one pure function of start, allowance and pauses.

The stored `deadline_at` is always the result of this function; a running pause has no end yet, so the deadline is
unknown until the attempt is resumed. Times are aware UTC, allowances whole minutes.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta


def deadline_at(
    started_at: datetime,
    minutes: int,
    extra_minutes: int = 0,
    pauses: Iterable[tuple[datetime, datetime]] = (),
) -> datetime:
    """start + minutes + accommodation + the length of every finished pause."""
    stood_still = sum((end - begin for begin, end in pauses), timedelta())
    return started_at + timedelta(minutes=minutes + extra_minutes) + stood_still


def remaining_s(deadline: datetime | None, paused_at: datetime | None, now: datetime) -> float | None:
    """Seconds left, never negative; while paused, what was left when the clock stopped; None before the start."""
    if deadline is None:
        return None
    return max(0.0, (deadline - (paused_at or now)).total_seconds())
