"""Making a score: two scorers over the log, one signed record, one more version; nothing is overwritten.

The score is folded from the log (never from a projection) with the keys of one edition. A second scorer that shares no
code computes it again; where the two differ, no points are released: the record says `pending_manual`, and an error in
the log tells the operators. Versions are chained to the session's records and put into the outbox.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any
from uuid import UUID, uuid5

import msgspec
import structlog

from exam_engine.domain.attempt import Status
from exam_engine.domain.deadline import clock_of
from exam_engine.domain.log import Event, fold
from exam_engine.domain.records import Attempt, Score
from exam_engine.domain.rulepack import RulePack
from exam_engine.domain.scoring import SittingResult, score_sitting, written
from exam_engine.domain.second_opinion import UNIT, second_opinion
from exam_engine.service.item_points import given_to_all, points_of
from exam_engine.service.ports import ExamUnit, ItemSource
from kit.canonical import digest
from kit.handover import ProctoringSummary, Reason, RulePackRef, ScoreRecord, SectionScore, to_plain
from kit.handover import Status as RecordStatus
from kit.signing import SigningKey

log = structlog.get_logger(__name__)

EVENT_NAMESPACE = UUID("6f6d6269-6c69-4e00-8000-73636f726573")
_RECORD_STATUS: dict[Status, RecordStatus] = {
    Status.SUBMITTED: "final",
    Status.EXPIRED: "final",
    Status.TERMINATED: "withheld",
}

SecondScorer = Callable[..., dict[str, Any]]


@dataclass(frozen=True)
class Marking:
    """What scoring needs besides the log: the bank's items, the rule packs by name, the key that signs, and who
    computes a second time."""

    items: ItemSource
    rule_packs: dict[str, RulePack]
    signing_key: SigningKey
    second: SecondScorer = second_opinion


@dataclass(frozen=True)
class Marked:
    """The result of one sitting with the keys of an edition, and how the second scorer differs (empty: it agrees)."""

    result: SittingResult
    edition: int
    disagreement: tuple[str, ...]
    minutes_allowed: int


async def mark(
    unit: ExamUnit, attempt: Attempt, marking: Marking, edition: int | None = None, head: str | None = None
) -> Marked:
    """Score an attempt from its log, twice: with the newest keys or those of an edition, up to a head or the whole."""
    person = await unit.exams.participant(attempt.participant_id)
    session = await unit.exams.session(attempt.session_id)
    exam = await unit.exams.exam(session.exam_id)
    pack = marking.rule_packs[exam.rule_pack]
    events = await unit.attempts.events(attempt.id)
    if head is not None:
        events = events[: await unit.attempts.seq_of(attempt.id, head)]
    standing = fold(events)
    shown = [item.version_id for item in standing.sequence]
    contents = await marking.items.contents(shown)
    if edition is None:
        edition = await unit.bank.key_edition()
    changes = await unit.bank.key_changes(shown, edition)
    result = score_sitting(
        standing.sequence,
        standing.responses,
        points_of(contents, changes),
        pack,
        person.track,
        given_to_all(contents, changes),
    )
    try:
        opinion = marking.second(
            _plain_lines(events),
            {str(each): msgspec.to_builtins(content) for each, content in contents.items()},
            {str(each): msgspec.to_builtins(change) for each, change in changes.items()},
            msgspec.to_builtins(pack),
            person.track,
        )
        differs = differences(result, opinion)
    except Exception as error:  # whatever keeps the second scorer from an answer is no agreement
        differs = [f"the second scorer failed: {error!r}"]
    if differs:
        log.error("scorers-disagree", attempt=str(attempt.id), edition=edition, differences=differs)
    clock = clock_of(events)
    assert clock is not None, "the log of a started attempt says when it started"
    return Marked(result, edition, tuple(differs), clock.minutes_allowed)


def _plain_lines(events: Sequence[Event]) -> list[dict[str, Any]]:
    names = ("kind", "seq", "revision", "item_version_id", "payload")
    return [{name: getattr(event, name) for name in names} for event in events]


def differences(result: SittingResult, opinion: dict[str, Any]) -> list[str]:
    """What two scorers say differently, in words."""
    found = [
        f"{each.code}: {each.points} against {Fraction(opinion['points'].get(each.code, -1), UNIT)}"
        for each in result.sections
        if each.points * UNIT != opinion["points"].get(each.code)
    ]
    if len(opinion["points"]) != len(result.sections):
        found.append("not the same sections")
    if result.total * UNIT != opinion["total"]:
        found.append(f"total: {result.total} against {Fraction(opinion['total'], UNIT)}")
    if result.passed != opinion["passed"]:
        found.append(f"passed: {result.passed} against {opinion['passed']}")
    return found


def record_differences(marked: Marked, record: Mapping[str, Any]) -> list[str]:
    """How a stored record differs from the score computed anew, in words."""
    if record["status"] == "pending_manual":
        return []
    found = [f"computed twice, the score differs: {each}" for each in marked.disagreement]
    signed = {each["code"]: each["points"] for each in record["sections"]}
    for each in marked.result.sections:
        if signed.get(each.code) != written(each.points):
            found.append(f"{each.code}: the log gives {written(each.points)}, the score says {signed.get(each.code)}")
    if record["total"] != written(marked.result.total):
        found.append(f"total: the log gives {written(marked.result.total)}, the score says {record['total']}")
    return found


async def add_score(
    unit: ExamUnit,
    attempt: Attempt,
    marked: Marked,
    marking: Marking,
    *,
    at: datetime,
    replaces: Score | None = None,
    reason: Reason | None = None,
) -> Score:
    """Sign and store the next score version of an ended attempt, with its outbox row; returns it."""
    person = await unit.exams.participant(attempt.participant_id)
    session = await unit.exams.session(attempt.session_id)
    exam = await unit.exams.exam(session.exam_id)
    pack = marking.rule_packs[exam.rule_pack]
    version = replaces.version + 1 if replaces else 1
    assert attempt.started_at is not None, "only a started attempt ends"
    assert attempt.ended_at is not None, "only an ended attempt is scored"
    assert attempt.form_hash is not None, "set at the start"
    agreed = not marked.disagreement
    record = ScoreRecord(
        schema_version=1,
        event_id=uuid5(EVENT_NAMESPACE, f"{attempt.id}/{version}"),
        exam_id=exam.code,
        session_id=session.code,
        participant_id=person.id,
        vacancy_id=person.vacancy,
        attempt=attempt.ordinal,
        status=_RECORD_STATUS[attempt.status] if agreed else "pending_manual",
        sections=_sections(marked.result) if agreed else (),
        total=written(marked.result.total) if agreed else 0,
        total_max=marked.result.total_max,
        total_threshold=marked.result.total_threshold,
        passed=marked.result.passed if agreed else None,
        rule_pack=RulePackRef(id=pack.id, version=pack.version, sha256=pack.sha256),
        form_hash=attempt.form_hash,
        key_version=marked.edition,
        started_at=attempt.started_at,
        submitted_at=attempt.ended_at,
        minutes_allowed=marked.minutes_allowed,
        proctoring=ProctoringSummary(flags=0, adjudication_ref=None),
        score_version=version,
        supersedes=replaces.version if replaces else None,
        reason=reason,
        prev_hash=await unit.scores.lock_chain(session.id),
    )
    plain = to_plain(record)
    score = Score(
        attempt_id=attempt.id,
        version=version,
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
