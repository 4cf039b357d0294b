"""Handing in a candidate's emergency file: a plain form for lead proctors, beside the console of the session."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from quart import Blueprint, g, render_template, request

from exam_engine.domain.emergency import Envelope, Imported
from kit.errors import Fault
from kit.http.errors import status_of, words_of
from kit.http.site import Site, requires
from web.emergency import take_file
from web.messages import MESSAGES
from web.wiring import Deps


def emergency_routes(deps: Deps, site: Site) -> Blueprint:
    """`/proctor/sessions/{id}/emergency`."""
    routes = Blueprint("emergency", __name__)

    async def page(session_id: UUID, *, problem: str = "", done: tuple[Envelope, Imported] | None = None) -> str:
        async with deps.unit() as unit:
            session = await unit.exams.session(session_id)
            exam = await unit.exams.exam(session.exam_id)
        return await render_template("proctor/emergency.html", session=session, exam=exam, problem=problem, done=done)

    @routes.get("/proctor/sessions/<uuid:session_id>/emergency")
    @requires("lead_proctor")
    async def form(session_id: UUID) -> Any:
        return await page(session_id)

    @routes.post("/proctor/sessions/<uuid:session_id>/emergency")
    @requires("lead_proctor")
    async def hand_in(session_id: UUID) -> Any:
        sent = (await request.files).get("file")
        reason = (await request.form).get("reason", "")
        try:
            done = await take_file(
                deps,
                sent.read() if sent else b"",
                actor=g.staff.username,
                reason=reason,
                now=deps.clock,
                session_id=session_id,
            )
        except Fault as error:
            return await page(session_id, problem=". ".join(words_of(error, site.translate, MESSAGES))), status_of(
                error
            )
        return await page(session_id, done=done)

    return routes
