"""What a proctor may do to the clock of an attempt: pause and resume. Ending it needs two people (a later use case)."""

from __future__ import annotations

from uuid import UUID

import msgspec

from exam_engine.domain.attempt import Action, move
from exam_engine.domain.records import Attempt
from exam_engine.service.ports import ExamUnit


async def pause(unit: ExamUnit, attempt_id: UUID, *, actor: str, reason: str) -> Attempt:
    """Stop the clock by the database's time; raises `IllegalMove`."""
    attempt, at = await unit.attempts.lock(attempt_id)
    status = move(attempt.status, Action.PAUSE)
    attempt = await unit.attempts.append(attempt, "paused", {"actor": actor, "reason": reason}, at)
    attempt = msgspec.structs.replace(attempt, status=status, paused_at=at)
    await unit.attempts.save(attempt)
    return attempt


async def resume(unit: ExamUnit, attempt_id: UUID, *, actor: str) -> Attempt:
    """Let the clock go on: the deadline moves by exactly the time that it stood; raises `IllegalMove`."""
    attempt, at = await unit.attempts.lock(attempt_id)
    status = move(attempt.status, Action.RESUME)
    assert attempt.deadline_at is not None, "a paused attempt was started"
    assert attempt.paused_at is not None, "by the table's check constraint"
    deadline = attempt.deadline_at + (at - attempt.paused_at)
    attempt = await unit.attempts.append(attempt, "resumed", {"actor": actor}, at)
    attempt = msgspec.structs.replace(attempt, status=status, paused_at=None, deadline_at=deadline)
    await unit.attempts.save(attempt)
    return attempt
