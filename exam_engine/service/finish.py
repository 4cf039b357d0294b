"""Ending an attempt: by the candidate, by the clock, or by the organiser; the score is made in the same transaction.

The score is folded from the log (never from a projection), signed, chained to the session's records and put into the
outbox, all or nothing. Whoever asks a second time gets the same result.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID, uuid5

import msgspec

from exam_engine.domain.attempt import ENDED, Action, Status, move
from exam_engine.domain.deadline import clock_of
from exam_engine.domain.log import fold
from exam_engine.domain.records import Attempt, Score
from exam_engine.domain.rulepack import RulePack
from exam_engine.domain.scoring import SittingResult, score_sitting, written
from exam_engine.service.item_points import points_of
from exam_engine.service.ports import ExamUnit, ItemSource
from kit.canonical import digest
from kit.errors import Fault
from kit.handover import ProctoringSummary, RulePackRef, ScoreRecord, SectionScore, to_plain
from kit.handover import Status as RecordStatus
from kit.signing import SigningKey

EVENT_NAMESPACE = UUID("6f6d6269-6c69-4e00-8000-73636f726573")
_EVENT_OF = {Action.SUBMIT: "submitted", Action.EXPIRE: "expired", Action.TERMINATE: "terminated"}
_RECORD_STATUS: dict[Status, RecordStatus] = {
    Status.SUBMITTED: "final",
    Status.EXPIRED: "final",
    Status.TERMINATED: "withheld",
}


@dataclass(eq=False)
class CannotExpire(Fault):
    """The attempt is over, but ending or scoring it failed; the cause says why."""

    attempt_id: UUID
    key: ClassVar[str] = "cannot-expire"


@dataclass(frozen=True)
class Marking:
    """What scoring needs besides the log: the bank's items, the rule packs by name, the key that signs."""

    items: ItemSource
    rule_packs: dict[str, RulePack]
    signing_key: SigningKey


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
    return await _score(unit, attempt, at, marking)


async def _score(unit: ExamUnit, attempt: Attempt, at: datetime, marking: Marking) -> Score:
    person = await unit.exams.participant(attempt.participant_id)
    session = await unit.exams.session(attempt.session_id)
    exam = await unit.exams.exam(session.exam_id)
    events = await unit.attempts.events(attempt.id)
    standing = fold(events)
    contents = await marking.items.contents([item.version_id for item in standing.sequence])
    pack = marking.rule_packs[exam.rule_pack]
    result = score_sitting(standing.sequence, standing.responses, points_of(contents), pack, person.track)
    previous = await unit.scores.lock_chain(session.id)
    assert attempt.started_at is not None, "only a started attempt ends"
    assert attempt.form_hash is not None, "set at the start"
    clock = clock_of(events)
    assert clock is not None, "the log of a started attempt says when it started"
    record = ScoreRecord(
        schema_version=1,
        event_id=uuid5(EVENT_NAMESPACE, f"{attempt.id}/1"),
        exam_id=exam.code,
        session_id=session.code,
        participant_id=person.id,
        vacancy_id=person.vacancy,
        attempt=attempt.ordinal,
        status=_RECORD_STATUS[attempt.status],
        sections=_sections(result),
        total=written(result.total),
        total_max=result.total_max,
        total_threshold=result.total_threshold,
        passed=result.passed,
        rule_pack=RulePackRef(id=pack.id, version=pack.version, sha256=pack.sha256),
        form_hash=attempt.form_hash,
        key_version=1,
        started_at=attempt.started_at,
        submitted_at=at,
        minutes_allowed=clock.minutes_allowed,
        proctoring=ProctoringSummary(flags=0, adjudication_ref=None),
        score_version=1,
        supersedes=None,
        reason=None,
        prev_hash=previous,
    )
    plain = to_plain(record)
    score = Score(
        attempt_id=attempt.id,
        version=1,
        event_id=record.event_id,
        record=plain,
        record_hash=digest(plain),
        log_hash=await unit.attempts.head(attempt.id),
        jws=marking.signing_key.sign_record(plain),
        created_at=at,
    )
    await unit.scores.add(score, session.id)
    await unit.scores.advance_chain(session.id, score.record_hash)
    return score


def _sections(result: SittingResult) -> tuple[SectionScore, ...]:
    return tuple(
        SectionScore(
            code=each.code,
            points=written(each.points),
            max=each.maximum,
            threshold=each.threshold,
            passed=each.passed,
        )
        for each in result.sections
    )


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
