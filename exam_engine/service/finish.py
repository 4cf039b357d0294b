"""Ending an attempt: by the candidate, by the clock, or by the organiser; the score is made in the same transaction.

The score is made in the same transaction (marking.py), all or nothing. Whoever asks a second time gets the same result.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

import msgspec

from exam_engine.domain.attempt import ENDED, Action, move
from exam_engine.domain.records import Score
from exam_engine.service.marking import Marking, add_score, mark
from exam_engine.service.ports import ExamUnit
from kit.errors import Fault

_EVENT_OF = {Action.SUBMIT: "submitted", Action.EXPIRE: "expired", Action.TERMINATE: "terminated"}


@dataclass(eq=False)
class CannotExpire(Fault):
    """The attempt is over, but ending or scoring it failed; the cause says why."""

    attempt_id: UUID
    key: ClassVar[str] = "cannot-expire"


async def finish(
    unit: ExamUnit, attempt_id: UUID, action: Action, marking: Marking, reason: str = "", *, by: Sequence[str] = ()
) -> Score:
    """End the attempt and return its score; an attempt that has ended returns the score that it has.

    A candidate's submit that the database sees after the deadline ends it as expired: the answers are the same, and
    nothing was accepted after the deadline.
    """
    attempt, at = await unit.attempts.lock(attempt_id)
    if attempt.status in ENDED:
        score = await unit.scores.latest(attempt_id)
        assert score is not None, "an ended attempt was scored in the transaction that ended it"
        return score
    if action is Action.SUBMIT and attempt.deadline_at is not None and at > attempt.deadline_at:
        action = Action.EXPIRE
    status = move(attempt.status, action)
    facts: dict[str, Any] = ({"reason": reason} if reason else {}) | ({"by": list(by)} if by else {})
    attempt = await unit.attempts.append(attempt, _EVENT_OF[action], facts, at)
    attempt = msgspec.structs.replace(attempt, status=status, ended_at=at, paused_at=None)
    await unit.attempts.save(attempt)
    return await add_score(unit, attempt, await mark(unit, attempt, marking), marking, at=at)


async def expire_next(unit: ExamUnit, marking: Marking, without: Sequence[UUID] = ()) -> tuple[UUID, UUID] | None:
    """End one overdue attempt; returns (attempt, session), or None when there is none.

    One transaction each, so that an attempt that cannot be scored (`CannotExpire` names it, for `without`) keeps
    nobody else from being ended. Any number of workers may sweep at once, none waits for another.
    """
    attempt_id = await unit.attempts.lock_overdue(without)
    if attempt_id is None:
        return None
    try:
        await finish(unit, attempt_id, Action.EXPIRE, marking)
    except Exception as error:
        raise CannotExpire(attempt_id) from error
    return attempt_id, (await unit.attempts.get(attempt_id)).session_id
