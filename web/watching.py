"""Where the exam tells proctoring what happened: begun, paused, resumed, ended, in the exam's own transaction.

The rule of the house: proctoring never fails or holds up an exam. Each call runs in a savepoint with short limits
(`Unit.aside`); what goes wrong there is logged and undone, and the exam's change is committed without it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog

from exam_engine.domain.attempt import Status
from exam_engine.domain.records import Attempt
from proctoring.service.ports import FrameQueue
from proctoring.service.watch import begin_watch, end_watch, record_action
from web.wiring import Unit

log = structlog.get_logger(__name__)


async def begun(unit: Unit, attempt: Attempt, proctoring: Mapping[str, Any], *, now: datetime) -> None:
    """The attempt started; it is watched where the exam asks for a camera. Twice is harmless."""
    if not proctoring.get("camera") or attempt.status is not Status.ACTIVE:
        return
    async with unit.aside("watch-begin", attempt=str(attempt.id)):
        await begin_watch(unit, attempt_id=attempt.id, session_id=attempt.session_id, proctoring=proctoring, now=now)


async def acted(
    unit: Unit, attempt: Attempt, kind: str, *, actor: str, detail: Mapping[str, Any], now: datetime
) -> None:
    """A proctor stopped or continued the clock: the watch rests with it, and the timeline says who and why."""
    async with unit.aside("watch-action", attempt=str(attempt.id), kind=kind):
        await record_action(
            unit,
            attempt_id=attempt.id,
            session_id=attempt.session_id,
            kind=kind,
            actor=actor,
            detail=detail,
            now=now,
        )


async def ended(unit: Unit, attempt_id: UUID, session_id: UUID, *, now: datetime) -> None:
    """The attempt is over: nothing is raised any more and what is open closes."""
    async with unit.aside("watch-end", attempt=str(attempt_id)):
        await end_watch(unit, attempt_id=attempt_id, session_id=session_id, now=now)


async def forget_pictures(queue: FrameQueue, attempt_ids: Sequence[UUID]) -> None:
    """After the commit: drop the live pictures of attempts that are over."""
    for attempt_id in attempt_ids:
        try:
            await queue.forget(attempt_id)
        except Exception as error:
            log.warning("live-picture-kept", attempt=str(attempt_id), error=repr(error))
