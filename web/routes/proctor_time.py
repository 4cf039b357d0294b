"""Time that is given, and what needs two people: credits, extra minutes, asking, agreeing, declining."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from quart import Blueprint, g, jsonify, request

from exam_engine.domain.proposal import Person, Proposal, ProposalState
from exam_engine.service import control, proposals
from kit.clock import from_milliseconds
from kit.errors import Invalid
from kit.http.site import Site, requires
from web.proctor_view import ProctorView, proposal_view
from web.routes.proctor import LEADS, PROCTORS, text_of
from web.seat import Seats
from web.watching import acted, ended, forget_pictures
from web.wiring import Deps, Unit

CALENDAR_MS = 4.0e12  # the year 2096


def time_routes(deps: Deps, seats: Seats, site: Site) -> Blueprint:
    """Under /api/proctor/, beside proctor.py."""
    routes = Blueprint("proctor_time", __name__)
    view = ProctorView(deps, seats, site.translate_in)

    @routes.post("/api/proctor/attempts/<uuid:attempt_id>/credit")
    @requires(*PROCTORS)
    async def give(attempt_id: UUID) -> Any:
        reason, minutes = await text_of("reason"), await _whole("minutes")
        detail = {"minutes": minutes, "reason": reason}
        async with deps.unit() as unit:
            attempt = await control.give_time(unit, attempt_id, minutes=minutes, actor=g.staff.username, reason=reason)
            await acted(unit, attempt, "credited", actor=g.staff.username, detail=detail, now=g.now)
            await unit.accounts.audit(g.now, g.staff.username, "credited", str(attempt_id), detail)
        await _announce([attempt_id], attempt.session_id)
        return jsonify(await view.candidate(attempt_id, g.now))

    @routes.post("/api/proctor/attempts/<uuid:attempt_id>/termination")
    @requires(*PROCTORS)
    async def ask_termination(attempt_id: UUID) -> Any:
        reason = await text_of("reason")
        async with deps.unit() as unit:
            asked = await proposals.ask_termination(unit, uuid4(), attempt_id, person=_person(), reason=reason)
            attempt = await unit.attempts.get(attempt_id)
            detail = {"reason": reason, "attempt": str(attempt_id)}
            await acted(unit, attempt, "termination_asked", actor=g.staff.username, detail=detail, now=g.now)
            people = await _audited(unit, asked, "termination-asked", detail)
        await _publish(asked)
        return jsonify(proposal_view(asked, people))

    @routes.get("/api/proctor/sessions/<uuid:session_id>/affected")
    @requires(*PROCTORS)
    async def affected(session_id: UUID) -> Any:
        since, until = _moment(request.args.get("since")), _moment(request.args.get("until"))
        async with deps.unit() as unit:
            await unit.exams.session(session_id)
            found = await proposals.affected(unit, session_id, since=since, until=until)
        return jsonify(
            [
                {"attempt": str(each.id), "number": each.number, "name": each.name, "phase": each.status}
                for each in found
            ]
        )

    @routes.post("/api/proctor/sessions/<uuid:session_id>/credit")
    @requires(*PROCTORS)
    async def ask_credit(session_id: UUID) -> Any:
        reason, minutes = await text_of("reason"), await _whole("minutes")
        body = await request.get_json()
        async with deps.unit() as unit:
            await unit.exams.session(session_id)
            asked = await proposals.ask_credit(
                unit,
                uuid4(),
                session_id,
                seconds=60 * minutes,
                reason=reason,
                person=_person(),
                at=g.now,
                since=_moment(body.get("since")),
                until=_moment(body.get("until")),
            )
            detail = {"minutes": minutes, "reason": reason, "attempts": len(asked.attempt_ids)}
            people = await _audited(unit, asked, "credit-asked", detail)
        await _publish(asked)
        return jsonify(proposal_view(asked, people))

    @routes.post("/api/proctor/proposals/<uuid:proposal_id>/approve")
    @requires(*PROCTORS)
    async def approve(proposal_id: UUID) -> Any:
        async with deps.unit() as unit:
            told = await proposals.approve(unit, proposal_id, person=_person(), marking=deps.marking, now=g.now)
            people = await unit.proposals.people(proposal_id)
            done = [UUID(each) for each in told.outcome["done"]] if told.outcome else []
            await _note(unit, told, done, people)
            detail = {"kind": told.kind, "state": told.state.value, "outcome": told.outcome}
            await unit.accounts.audit(g.now, g.staff.username, "proposal-approved", str(proposal_id), detail)
        if told.kind == "terminate":
            await forget_pictures(deps.frames, done)
        await _announce(done, told.session_id)
        await _publish(told)
        return jsonify(proposal_view(told, people))

    @routes.post("/api/proctor/proposals/<uuid:proposal_id>/decline")
    @requires(*PROCTORS)
    async def decline(proposal_id: UUID) -> Any:
        async with deps.unit() as unit:
            told = await proposals.decline(unit, proposal_id, person=_person(), now=g.now)
            people = await unit.proposals.people(proposal_id)
            await unit.accounts.audit(g.now, g.staff.username, "proposal-declined", str(proposal_id), {})
        await _publish(told)
        return jsonify(proposal_view(told, people))

    async def _audited(unit: Unit, asked: Proposal, action: str, detail: dict[str, Any]) -> frozenset[Person]:
        await unit.accounts.audit(g.now, g.staff.username, action, str(asked.id), detail)
        return await unit.proposals.people(asked.id)

    async def _note(unit: Unit, told: Proposal, done: list[UUID], people: frozenset[Person]) -> None:
        names = ", ".join(sorted(each.name for each in people))
        if told.state is not ProposalState.APPLIED:
            return
        for attempt_id in done:
            attempt = await unit.attempts.get(attempt_id)
            if told.kind == "terminate":
                detail: dict[str, Any] = {"reason": told.reason}
                await acted(unit, attempt, "terminated", actor=names, detail=detail, now=g.now)
                await ended(unit, attempt_id, attempt.session_id, now=g.now)
            else:
                assert told.seconds is not None, "of a credit"
                detail = {"reason": told.reason, "minutes": told.seconds // 60}
                await acted(unit, attempt, "credited", actor=names, detail=detail, now=g.now)

    async def _announce(attempt_ids: list[UUID], session_id: UUID) -> None:
        for attempt_id in attempt_ids:
            await deps.bus.publish(f"seat.{attempt_id}", {"kind": "state"})
            await deps.bus.publish(f"proctor.{session_id}", {"kind": "candidate", "attempt": str(attempt_id)})

    async def _publish(told: Proposal) -> None:
        await deps.bus.publish(f"proctor.{told.session_id}", {"kind": "proposal", "proposal": str(told.id)})

    return routes


def _person() -> Person:
    return Person(g.staff.username, g.staff.role in LEADS)


async def _whole(name: str) -> int:
    body = await request.get_json(silent=True)
    value = body.get(name) if isinstance(body, dict) else None
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) > 10_000:
        raise Invalid(f"{name} must be a whole number")
    return value


def _moment(raw: Any) -> datetime | None:
    """A time in milliseconds, as a query's text or a body's number; None where there is none."""
    if raw is None or raw == "":
        return None
    try:
        at = float(raw)
    except (TypeError, ValueError):
        raise Invalid("a time must be milliseconds since 1970") from None
    if not 0 <= at <= CALENDAR_MS:
        raise Invalid("a time must be milliseconds since 1970")
    return from_milliseconds(at)
