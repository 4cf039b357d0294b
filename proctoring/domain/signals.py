"""What the candidate's browser says of itself. Every signal is spoofable: a hint for a human, like a frame.

Times come from the candidate's clock; `settle` keeps them inside what can be true at the moment of receipt, so that a
wrong clock can neither open an incident in the future nor in another year.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, ClassVar

from kit.errors import Invalid

KINDS = frozenset(
    {
        "hidden",
        "visible",
        "blur",
        "focus",
        "fullscreen_left",
        "fullscreen_entered",
        "paste",
        "copy",
        "camera_lost",
        "camera_back",
        "offline",
        "online",
        "unsupported",
    }
)
OLDEST = timedelta(hours=12)  # an offline queue is never older than a session


@dataclass(eq=False)
class UnknownSignal(Invalid):
    """The browser sent a kind that is not in the protocol."""

    kind: str
    key: ClassVar[str] = "unknown-signal"


@dataclass(frozen=True)
class Signal:
    """`kind` is one of `KINDS`; `detail` is small JSON."""

    kind: str
    at: datetime
    detail: dict[str, Any] = field(default_factory=dict)


def settle(signal: Signal, now: datetime) -> Signal:
    """The signal with a time that can be true; raises `UnknownSignal`."""
    if signal.kind not in KINDS:
        raise UnknownSignal(signal.kind[:40])
    return signal if now - OLDEST <= signal.at <= now else replace(signal, at=now)
