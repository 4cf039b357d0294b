"""The proctor's console: sessions, the live grid, incidents, one candidate's timeline, message, pause, resume."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from quart import Blueprint, Response, g, jsonify, render_template, request

from exam_engine.service import control
from kit.clock import milliseconds
from kit.errors import Invalid, NotFound
from kit.http.site import Site, requires
from kit.http.sse import event_stream
from proctoring.service import incidents, media, messages, timeline
from web.live_console import LiveConsole
from web.proctor_view import ProctorView
from web.seat import Seats
from web.watching import acted
from web.wiring import Deps

PROCTORS = ("proctor", "lead_proctor")
LEADS = ("lead_proctor", "administrator")  # one of the two who agree
TEXT_LIMIT = 500


class NoPicture(NotFound):
    """There is no such picture (any more)."""

    key = "no-picture"


def proctor_routes(deps: Deps, seats: Seats, site: Site) -> Blueprint:
    """Pages under /proctor/ and the API under /api/proctor/."""
    routes = Blueprint("proctor", __name__)
    view = ProctorView(deps, seats, site.translate_in)

    @routes.get("/proctor/")
    @requires(*PROCTORS)
    async def sessions_page() -> Any:
        async with deps.unit() as unit:
            sessions = await unit.exams.sessions()
        return await render_template("proctor/sessions.html", sessions=sessions)

    @routes.get("/proctor/sessions/<uuid:session_id>")
    @requires(*PROCTORS)
    async def console_page(session_id: UUID) -> Any:
        async with deps.unit() as unit:
            session = await unit.exams.session(session_id)
            exam = await unit.exams.exam(session.exam_id)
            await unit.accounts.audit(g.now, g.staff.username, "console-opened", str(session_id), {})
        return await render_template("proctor/console.html", session=session, exam=exam)

    @routes.get("/api/proctor/sessions/<uuid:session_id>")
    @requires(*PROCTORS)
    async def session_state(session_id: UUID) -> Any:
        me = {"username": g.staff.username, "lead": g.staff.role in LEADS}
        return jsonify({**await view.session(session_id, g.now, g.locale), "me": me})

    @routes.get("/api/proctor/sessions/<uuid:session_id>/events")
    @requires(*PROCTORS)
    async def session_events(session_id: UUID) -> Any:
        console = LiveConsole(view, deps.bus, deps.clock, session_id, g.locale)
        return await event_stream(console.events())

    @routes.get("/api/proctor/attempts/<uuid:attempt_id>/frame")
    @requires(*PROCTORS)
    async def latest_frame(attempt_id: UUID) -> Any:
        frame = await deps.frames.latest(attempt_id)
        if frame is None:
            raise NoPicture
        return Response(frame.jpeg, mimetype="image/jpeg")

    @routes.get("/api/proctor/attempts/<uuid:attempt_id>/timeline")
    @requires(*PROCTORS)
    async def attempt_timeline(attempt_id: UUID) -> Any:
        async with deps.unit() as unit:
            entries = await timeline.timeline(unit, attempt_id)
            await unit.accounts.audit(g.now, g.staff.username, "timeline-viewed", str(attempt_id), {})
        candidate = await view.candidate(attempt_id, g.now)
        return jsonify({"candidate": candidate, "entries": [view.entry(each, g.locale) for each in entries]})

    @routes.get("/api/proctor/media/<uuid:media_id>")
    @requires(*PROCTORS)
    async def evidence(media_id: UUID) -> Any:
        async with deps.unit() as unit:
            picture = await media.load(unit, media_id)
            if picture is None:
                raise NoPicture
            await unit.accounts.audit(g.now, g.staff.username, "evidence-viewed", str(media_id), {})
        return Response(picture.jpeg, mimetype="image/jpeg", headers={"Cache-Control": "private, max-age=300"})

    @routes.post("/api/proctor/attempts/<uuid:attempt_id>/message")
    @requires(*PROCTORS)
    async def send_message(attempt_id: UUID) -> Any:
        text = await text_of("text")
        async with deps.unit() as unit:
            session_id = (await unit.attempts.get(attempt_id)).session_id
            sent = await messages.send_message(unit, attempt_id=attempt_id, text=text, author=g.staff.name, now=g.now)
            await unit.accounts.audit(g.now, g.staff.username, "message-sent", str(attempt_id), {"text": text})
        told = {"id": str(sent.id), "text": sent.text, "at": milliseconds(sent.at), "from": sent.author}
        await deps.bus.publish(f"seat.{attempt_id}", {"message": told})
        shown = {"kind": "message", "attempt": str(attempt_id), "message": told}
        await deps.bus.publish(f"proctor.{session_id}", shown)
        return jsonify(await view.candidate(attempt_id, g.now))

    @routes.post("/api/proctor/attempts/<uuid:attempt_id>/pause")
    @requires(*PROCTORS)
    async def pause(attempt_id: UUID) -> Any:
        reason = await text_of("reason")
        async with deps.unit() as unit:
            attempt = await control.pause(unit, attempt_id, actor=g.staff.username, reason=reason)
            await acted(unit, attempt, "paused", actor=g.staff.username, detail={"reason": reason}, now=g.now)
            await unit.accounts.audit(g.now, g.staff.username, "paused", str(attempt_id), {"reason": reason})
        return await _announce(attempt_id, attempt.session_id)

    @routes.post("/api/proctor/attempts/<uuid:attempt_id>/resume")
    @requires(*PROCTORS)
    async def resume(attempt_id: UUID) -> Any:
        async with deps.unit() as unit:
            attempt = await control.resume(unit, attempt_id, actor=g.staff.username)
            await acted(unit, attempt, "resumed", actor=g.staff.username, detail={}, now=g.now)
            await unit.accounts.audit(g.now, g.staff.username, "resumed", str(attempt_id), {})
        return await _announce(attempt_id, attempt.session_id)

    @routes.post("/api/proctor/incidents/<uuid:incident_id>/review")
    @requires(*PROCTORS)
    async def review(incident_id: UUID) -> Any:
        sent = await request.get_json(silent=True)
        body = sent if isinstance(sent, dict) else {}
        async with deps.unit() as unit:
            incident = await incidents.review_incident(
                unit,
                incident_id,
                decision=str(body.get("decision", "")),
                note=str(body.get("note", ""))[:TEXT_LIMIT],
                reviewer=g.staff.username,
                now=g.now,
            )
            detail = {"decision": body.get("decision")}
            await unit.accounts.audit(g.now, g.staff.username, "incident-reviewed", str(incident_id), detail)
        await deps.bus.publish(f"proctor.{incident.session_id}", {"kind": "incident", "incident": str(incident.id)})
        return jsonify(await view.incident(incident, g.locale))

    async def _announce(attempt_id: UUID, session_id: UUID) -> Any:
        await deps.bus.publish(f"seat.{attempt_id}", {"kind": "state"})
        await deps.bus.publish(f"proctor.{session_id}", {"kind": "candidate", "attempt": str(attempt_id)})
        return jsonify(await view.candidate(attempt_id, g.now))

    return routes


async def text_of(name: str) -> str:
    """A text of the JSON body that must not be empty."""
    body = await request.get_json(silent=True)
    text = str(body.get(name, "")).strip() if isinstance(body, dict) else ""
    if not text:
        raise Invalid(f"{name} must not be empty")
    return text[:TEXT_LIMIT]
