"""Rescoring a session after a key change: first what would move, then new score versions that two people approve.

The preview computes every ended attempt anew with the newest keys and ranks each vacancy before and after, as far as
this side knows: passing grades, total, then the sections from last to first; the organiser's other criteria are in the
admin module. Applying makes version n+1 of every score that changes; the earlier version stays, and the new one names
it, the reason and the two approvers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import ClassVar
from uuid import UUID

import msgspec

from exam_engine.domain.records import Attempt, Progress, Score
from exam_engine.domain.scoring import written
from exam_engine.service.marking import Marked, Marking, add_score, mark
from exam_engine.service.ports import ExamUnit
from kit.canonical import digest
from kit.errors import Conflict, Forbidden, Invalid
from kit.handover import Reason

CUT_FACTOR = 3  # so many are invited to the next stage for each formation (docs: selection rules)


@dataclass(eq=False)
class SameApprover(Forbidden):
    """One person approved twice."""

    username: str
    key: ClassVar[str] = "same-approver"


@dataclass(eq=False)
class PreviewChanged(Conflict):
    """What would be applied is no longer what the approvers saw."""

    seen: str
    now: str
    key: ClassVar[str] = "preview-changed"


class NoReason(Invalid):
    """A correction needs a reason."""

    key = "no-reason"


class Standing(msgspec.Struct, frozen=True):
    """A result as the preview shows it; `rank` and `inside` (the cut-off) only of those who pass."""

    total: int | str
    sections: dict[str, int | str]
    passed: bool | None
    status: str
    rank: int | None = None
    inside: bool | None = None


class Move(msgspec.Struct, frozen=True):
    """One candidate before and after."""

    attempt_id: UUID
    number: str
    vacancy: str
    before: Standing
    after: Standing

    @property
    def marks_change(self) -> bool:
        """Whether a new score version is needed."""
        return _marks(self.before) != _marks(self.after)


class Preview(msgspec.Struct, frozen=True):
    """`moves`: who changes in marks, rank or place inside the cut-off; `fingerprint` names exactly this preview."""

    session: str
    edition: int
    scored: int
    marks_change: int
    newly_passed: int
    no_longer_passed: int
    enter_cut: int
    leave_cut: int
    withheld: int
    moves: list[Move]
    fingerprint: str = ""


def _marks(standing: Standing) -> tuple[object, ...]:
    return standing.total, standing.sections, standing.passed, standing.status


def _before(score: Score) -> Standing:
    record = score.record
    sections = {each["code"]: each["points"] for each in record["sections"]}
    return Standing(record["total"], sections, record["passed"], record["status"])


def _after(marked: Marked, before: Standing, ended_as: str) -> Standing:
    if marked.disagreement:
        return Standing(0, {}, None, "pending_manual")
    status = ended_as if before.status == "pending_manual" else before.status
    sections = {each.code: written(each.points) for each in marked.result.sections}
    return Standing(written(marked.result.total), sections, marked.result.passed, status)


def ranked(standings: Mapping[UUID, Standing], formations: int | None) -> dict[UUID, Standing]:
    """The standings of one vacancy with rank (equal results share one) and place inside the cut-off."""

    def result(standing: Standing) -> tuple[Fraction, ...]:
        parts = [Fraction(points) for points in standing.sections.values()]
        return (Fraction(standing.total), *reversed(parts))

    passing = {each: result(one) for each, one in standings.items() if one.passed and one.status == "final"}
    found: dict[UUID, Standing] = {}
    for each, one in standings.items():
        if each not in passing:
            found[each] = one
            continue
        rank = 1 + sum(other > passing[each] for other in passing.values())
        inside = None if formations is None else rank <= CUT_FACTOR * formations
        found[each] = msgspec.structs.replace(one, rank=rank, inside=inside)
    return found


async def preview(
    unit: ExamUnit, session_id: UUID, marking: Marking, formations: Mapping[str, int] | None = None
) -> Preview:
    """Compute the session anew with the newest keys; nothing is written. `formations`: posts by vacancy code."""
    session = await unit.exams.session(session_id)
    edition = await unit.bank.key_edition()
    people = {each.id: each for each in await unit.attempts.session_progress(session_id)}
    before: dict[UUID, Standing] = {}
    after: dict[UUID, Standing] = {}
    for score in await unit.scores.latest_of_session(session_id):
        attempt = await unit.attempts.get(score.attempt_id)
        marked = await mark(unit, attempt, marking, edition)
        before[attempt.id] = _before(score)
        after[attempt.id] = _after(marked, before[attempt.id], _ended_as(attempt))
    return _compared(session.code, edition, people, before, after, formations or {})


def _ended_as(attempt: Attempt) -> str:
    return "withheld" if attempt.status.value == "terminated" else "final"


def _compared(
    session: str,
    edition: int,
    people: Mapping[UUID, Progress],
    before: dict[UUID, Standing],
    after: dict[UUID, Standing],
    formations: Mapping[str, int],
) -> Preview:
    for vacancy in {people[each].vacancy for each in before}:
        own = [each for each in before if people[each].vacancy == vacancy]
        for standings in (before, after):
            standings.update(ranked({each: standings[each] for each in own}, formations.get(vacancy)))
    pairs = [(before[each], after[each]) for each in before]
    moves = [
        Move(each, people[each].number, people[each].vacancy, before[each], after[each])
        for each in sorted(before, key=lambda one: people[one].number)
        if before[each] != after[each]
    ]
    found = Preview(
        session=session,
        edition=edition,
        scored=len(before),
        marks_change=sum(each.marks_change for each in moves),
        newly_passed=sum(new.passed is True and old.passed is not True for old, new in pairs),
        no_longer_passed=sum(old.passed is True and new.passed is not True for old, new in pairs),
        enter_cut=sum(new.inside is True and old.inside is not True for old, new in pairs),
        leave_cut=sum(old.inside is True and new.inside is not True for old, new in pairs),
        withheld=sum(new.status == "pending_manual" for _, new in pairs),
        moves=moves,
    )
    return msgspec.structs.replace(found, fingerprint=digest(msgspec.to_builtins(found))[:16])


async def apply(
    unit: ExamUnit,
    session_id: UUID,
    marking: Marking,
    *,
    approvers: tuple[str, str],
    reason: str,
    at: datetime,
    objection_id: str | None = None,
    formations: Mapping[str, int] | None = None,
    expected: str | None = None,
) -> list[Score]:
    """Make the new score versions and put them into the outbox; returns them.

    Raises `SameApprover`, `NoReason`, or `PreviewChanged` where `expected` is not the present preview's fingerprint.
    """
    if approvers[0] == approvers[1]:
        raise SameApprover(approvers[0])
    if not reason.strip():
        raise NoReason
    await _lock(unit, session_id)
    found = await preview(unit, session_id, marking, formations)
    if expected is not None and expected != found.fingerprint:
        raise PreviewChanged(expected, found.fingerprint)
    why = Reason(code=reason.strip(), objection_id=objection_id, approvers=approvers)
    made: list[Score] = []
    for move in found.moves:
        if not move.marks_change:
            continue
        attempt = await unit.attempts.get(move.attempt_id)
        replaces = await unit.scores.latest(attempt.id)
        marked = await mark(unit, attempt, marking, found.edition)
        made.append(await add_score(unit, attempt, marked, marking, at=at, replaces=replaces, reason=why))
    return made


async def _lock(unit: ExamUnit, session_id: UUID) -> None:
    """Hold every scored attempt, in order of id: two rescorings of a session are one after the other."""
    scored: Sequence[Score] = await unit.scores.latest_of_session(session_id)
    for attempt_id in sorted(score.attempt_id for score in scored):
        await unit.attempts.lock(attempt_id)
