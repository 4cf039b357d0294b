"""When an attempt is watched: from its start to its end, not while it is paused. The exam says so, proctoring obeys.

Before `begin_watch` frames and signals are judged by the default thresholds and silence is not judged at all; after
`end_watch` nothing is raised any more.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from proctoring.domain.records import Action
from proctoring.domain.state import Watch
from proctoring.service.advance import advance
from proctoring.service.ports import ProctorUnit


async def begin_watch(
    unit: ProctorUnit, *, attempt_id: UUID, session_id: UUID, proctoring: Mapping[str, Any], now: datetime
) -> None:
    """The attempt started; `proctoring` are the exam's settings. Twice is harmless; wrong thresholds are ignored."""
    await unit.proctor.add_watch(attempt_id, session_id, now)
    await unit.proctor.save_settings(attempt_id, dict(proctoring))
    await advance(unit, attempt_id=attempt_id, session_id=session_id, now=now, observed=Watch(now, on=True))


async def end_watch(unit: ProctorUnit, *, attempt_id: UUID, session_id: UUID, now: datetime) -> None:
    """The attempt ended: close what is open."""
    await advance(unit, attempt_id=attempt_id, session_id=session_id, now=now, observed=Watch(now, on=False))


async def record_action(
    unit: ProctorUnit,
    *,
    attempt_id: UUID,
    session_id: UUID,
    kind: str,
    actor: str,
    detail: Mapping[str, Any],
    now: datetime,
) -> None:
    """What a person did, for the timeline; `paused` and `resumed` also stop and continue the watch."""
    await unit.proctor.add_action(attempt_id, Action(now, kind, actor, dict(detail)))
    if kind in ("paused", "resumed"):
        on = kind == "resumed"
        await advance(unit, attempt_id=attempt_id, session_id=session_id, now=now, observed=Watch(now, on=on))
