"""Signals and check results of a browser: stored at once, judged by the workers within a second.

The web process only appends. So a stopped worker delays incidents and loses none, and the rules' row is never locked
on the way of a request.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

import msgspec

from kit.errors import Invalid
from proctoring.domain.records import Action
from proctoring.domain.signals import Signal, settle
from proctoring.service.ports import ProctorUnit

SIGNALS_LIMIT = 200  # per call: what an hour offline queues up
DETAIL_BYTES = 2_000


@dataclass(eq=False)
class TooManySignals(Invalid):
    """Send them in several calls; `limit` per call."""

    limit: int
    key: ClassVar[str] = "too-many-signals"


@dataclass(eq=False)
class DetailTooLarge(Invalid):
    """The detail of a signal is over `limit` bytes of JSON."""

    kind: str
    limit: int
    key: ClassVar[str] = "detail-too-large"


async def receive_signals(
    unit: ProctorUnit, *, attempt_id: UUID, session_id: UUID, signals: Sequence[Signal], now: datetime
) -> None:
    """Append all or none; raises `UnknownSignal`, `TooManySignals`, `DetailTooLarge`."""
    if len(signals) > SIGNALS_LIMIT:
        raise TooManySignals(SIGNALS_LIMIT)
    settled = [settle(signal, now) for signal in signals]
    for signal in settled:
        if len(msgspec.json.encode(signal.detail)) > DETAIL_BYTES:
            raise DetailTooLarge(signal.kind, DETAIL_BYTES)
    if settled:
        await unit.proctor.add_signals(attempt_id, session_id, settled, now)


async def record_check(
    unit: ProctorUnit, *, attempt_id: UUID, results: Sequence[dict[str, Any]], now: datetime
) -> None:
    """What the browser's own check of camera, screen and connection said; shown in the timeline."""
    await unit.proctor.add_action(attempt_id, Action(now, "check", "browser", {"results": list(results)}))
