"""Ending an attempt and giving time to many: one person asks with a reason, a second one agrees, then it happens.

The second agreement and what follows from it are one transaction, with the attempts held in order of their ids: it
cannot race with a submit, with the sweeper or with a third person. An attempt that has ended meanwhile keeps its end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

import msgspec

from exam_engine.domain.attempt import ENDED, Action, IllegalMove, Status, move
from exam_engine.domain.deadline import CREDIT_LIMIT_S
from exam_engine.domain.proposal import SYSTEM, Person, Proposal, ProposalClosed, ProposalState, agree, agreed
from exam_engine.domain.records import Progress
from exam_engine.service.control import BadCredit, credit
from exam_engine.service.finish import finish
from exam_engine.service.marking import Marking
from exam_engine.service.ports import ExamUnit
from kit.errors import Invalid

SPAN_LIMIT_S = 24 * 3600  # of an outage; a longer one is a mistyped time


@dataclass(eq=False)
class NobodyAffected(Invalid):
    """No running attempt was under way at that time."""

    key: ClassVar[str] = "nobody-affected"


@dataclass(eq=False)
class BadSpan(Invalid):
    """An outage ends after it began, within a day."""

    key: ClassVar[str] = "bad-span"


async def ask_termination(
    unit: ExamUnit, proposal_id: UUID, attempt_id: UUID, *, person: Person, reason: str
) -> Proposal:
    """Propose to end an attempt, which goes on meanwhile; raises `IllegalMove`, `AlreadyAsked`."""
    attempt, at = await unit.attempts.lock(attempt_id)
    move(attempt.status, Action.TERMINATE)
    proposal = Proposal(proposal_id, attempt.session_id, "terminate", (attempt_id,), None, reason, person.name, at)
    return await _add(unit, proposal, person)


async def affected(
    unit: ExamUnit, session_id: UUID, *, since: datetime | None, until: datetime | None
) -> list[Progress]:
    """Who gets time for an outage: every attempt that goes on now and was under way in that span (or at all)."""
    if since and until and not 0 < (until - since).total_seconds() <= SPAN_LIMIT_S:
        raise BadSpan
    return [
        each
        for each in await unit.attempts.session_progress(session_id)
        if each.status in (Status.ACTIVE, Status.PAUSED)
        and each.started_at is not None
        and (until is None or each.started_at < until)
    ]


async def ask_credit(
    unit: ExamUnit,
    proposal_id: UUID,
    session_id: UUID,
    *,
    seconds: int,
    reason: str,
    person: Person,
    at: datetime,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Proposal:
    """Propose time for everybody affected; who that is stays as it was shown. Raises `BadCredit`, `NobodyAffected`."""
    if not 0 < seconds <= CREDIT_LIMIT_S:
        raise BadCredit(CREDIT_LIMIT_S // 60)
    who = tuple(each.id for each in await affected(unit, session_id, since=since, until=until))
    if not who:
        raise NobodyAffected
    return await _add(unit, Proposal(proposal_id, session_id, "credit", who, seconds, reason, person.name, at), person)


async def _add(unit: ExamUnit, proposal: Proposal, person: Person) -> Proposal:
    await unit.proposals.add(proposal)
    if person.name != SYSTEM:
        await unit.proposals.approve(proposal.id, person, proposal.asked_at)
    return proposal


async def approve(unit: ExamUnit, proposal_id: UUID, *, person: Person, marking: Marking, now: datetime) -> Proposal:
    """Agree; with the last agreement it happens. Raises `ProposalClosed`, `SameProposer`."""
    proposal = await unit.proposals.lock(proposal_id)
    people = agree(proposal, await unit.proposals.people(proposal_id), person)
    await unit.proposals.approve(proposal_id, person, now)
    if not agreed(people):
        return proposal
    names = sorted(each.name for each in people)
    outcome = await (_terminate if proposal.kind == "terminate" else _credit)(unit, proposal, names, marking)
    state = ProposalState.APPLIED if outcome["done"] else ProposalState.LAPSED
    return await _close(unit, proposal, state, person, now, outcome)


async def decline(unit: ExamUnit, proposal_id: UUID, *, person: Person, now: datetime) -> Proposal:
    """Not to be done; the asker may withdraw as well. Raises `ProposalClosed`."""
    proposal = await unit.proposals.lock(proposal_id)
    if proposal.state is not ProposalState.OPEN:
        raise ProposalClosed(proposal.state.value)
    return await _close(unit, proposal, ProposalState.DECLINED, person, now, None)


async def _terminate(unit: ExamUnit, proposal: Proposal, names: Sequence[str], marking: Marking) -> dict[str, Any]:
    [attempt_id] = proposal.attempt_ids
    attempt, _ = await unit.attempts.lock(attempt_id)
    if attempt.status in ENDED:
        return {"done": [], "ended": [str(attempt_id)]}
    await finish(unit, attempt_id, Action.TERMINATE, marking, proposal.reason, by=names)
    return {"done": [str(attempt_id)], "ended": []}


async def _credit(unit: ExamUnit, proposal: Proposal, names: Sequence[str], _: Marking) -> dict[str, Any]:
    assert proposal.seconds is not None, "by the table's check constraint"
    done: list[str] = []
    ended: list[str] = []
    facts = {"actor": ", ".join(names), "reason": proposal.reason, "proposal": str(proposal.id)}
    for attempt_id in sorted(proposal.attempt_ids):
        try:
            await credit(unit, attempt_id, seconds=proposal.seconds, facts=facts)
        except IllegalMove:
            ended.append(str(attempt_id))
        else:
            done.append(str(attempt_id))
    return {"done": done, "ended": ended}


async def _close(
    unit: ExamUnit, proposal: Proposal, state: ProposalState, person: Person, now: datetime, outcome: Any
) -> Proposal:
    closed = msgspec.structs.replace(proposal, state=state, decided_by=person.name, decided_at=now, outcome=outcome)
    await unit.proposals.close(closed)
    return closed
