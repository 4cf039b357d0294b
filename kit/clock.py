"""The one place that reads the wall clock. Middleware, worker entry points and commands call it; rules get `now`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeAlias

Clock: TypeAlias = Callable[[], datetime]


def utc_now() -> datetime:
    """Aware UTC time of this machine."""
    return datetime.now(UTC)  # noqa: TID251  # this is the clock that all others are given


def milliseconds(at: datetime) -> int:
    """Milliseconds since the epoch: the form of times on the wire."""
    return round(at.timestamp() * 1000)


def from_milliseconds(value: float) -> datetime:
    """The reverse of `milliseconds`; raises ValueError or OverflowError outside the calendar."""
    return datetime.fromtimestamp(value / 1000, UTC)
