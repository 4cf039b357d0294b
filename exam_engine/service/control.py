"""What the organiser may do to the clock of an attempt, by the database's time: pause, resume, credit, extra time.

Every action holds the attempt first and looks its state up in the one table of moves, so that it cannot race with a
submit or with the sweeper. The deadline is always folded anew from the log. Ending an attempt, and giving time to many,
needs two people: proposals.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

import msgspec

from exam_engine.domain.attempt import Action, Status, move
from exam_engine.domain.deadline import CREDIT_LIMIT_S, EXTRA_LIMIT_MINUTES, clock_of
from exam_engine.domain.records import Attempt
from exam_engine.service.ports import ExamUnit
from kit.errors import Invalid


@dataclass(eq=False)
class BadCredit(Invalid):
    """Time can be given in a certain range only, and never taken."""

    limit_minutes: int
    key: ClassVar[str] = "bad-credit"


async def pause(unit: ExamUnit, attempt_id: UUID, *, actor: str, reason: str) -> Attempt:
    """Stop the clock; raises `IllegalMove`."""
    attempt, at = await unit.attempts.lock(attempt_id)
    return await _note(unit, attempt, Action.PAUSE, "paused", {"actor": actor, "reason": reason}, at)


async def resume(unit: ExamUnit, attempt_id: UUID, *, actor: str) -> Attempt:
    """Let the clock go on: the deadline moves by exactly the time that it stood; raises `IllegalMove`."""
    attempt, at = await unit.attempts.lock(attempt_id)
    return await _note(unit, attempt, Action.RESUME, "resumed", {"actor": actor}, at)


async def credit(unit: ExamUnit, attempt_id: UUID, *, seconds: int, facts: Mapping[str, Any]) -> Attempt:
    """Give time to a running or paused attempt; `facts` say why and by whom. Raises `IllegalMove`, `BadCredit`."""
    if not 0 < seconds <= CREDIT_LIMIT_S:
        raise BadCredit(CREDIT_LIMIT_S // 60)
    attempt, at = await unit.attempts.lock(attempt_id)
    return await _note(unit, attempt, Action.CREDIT, "credited", {**facts, "seconds": seconds}, at)


async def give_time(unit: ExamUnit, attempt_id: UUID, *, minutes: int, actor: str, reason: str) -> Attempt:
    """More minutes for one candidate: before the start as extra time, after it as a credit."""
    if not 0 < minutes <= CREDIT_LIMIT_S // 60:
        raise BadCredit(CREDIT_LIMIT_S // 60)
    attempt, _ = await unit.attempts.lock(attempt_id)
    if attempt.status is not Status.PREPARING:
        return await credit(unit, attempt_id, seconds=60 * minutes, facts={"actor": actor, "reason": reason})
    person = await unit.exams.participant(attempt.participant_id)
    if person.extra_minutes + minutes > EXTRA_LIMIT_MINUTES:
        raise BadCredit(EXTRA_LIMIT_MINUTES)
    await unit.exams.set_extra_minutes(person.id, person.extra_minutes + minutes)
    return attempt


async def _note(
    unit: ExamUnit, attempt: Attempt, action: Action, kind: str, payload: Mapping[str, Any], at: datetime
) -> Attempt:
    status = move(attempt.status, action)
    attempt = await unit.attempts.append(attempt, kind, dict(payload), at)
    clock = clock_of(await unit.attempts.clock_events(attempt.id))
    assert clock is not None, "by the table of moves, only a started attempt has a clock to act upon"
    attempt = msgspec.structs.replace(attempt, status=status, paused_at=clock.paused_at, deadline_at=clock.deadline_at)
    await unit.attempts.save(attempt)
    return attempt
