"""The front door, the list of live boards, and where staff land after log-in."""

from __future__ import annotations

from typing import Any

from quart import Blueprint, g, redirect, render_template

from kit.errors import Unauthenticated
from web.wiring import Deps

HOMES = {"proctor": "/proctor/", "lead_proctor": "/proctor/", "administrator": "/proctor/"}

SHOWN_COMING = 12


def portal_routes(deps: Deps) -> Blueprint:
    """`/`, `/boards`, `/staff/home`."""
    routes = Blueprint("portal", __name__)

    @routes.get("/")
    async def home() -> Any:
        async with deps.unit() as unit:
            sessions = await unit.exams.sessions()
        running = [each for each in sessions if each.opens_at <= g.now < each.closes_at]
        coming = sorted((each for each in sessions if each.opens_at > g.now), key=lambda each: each.opens_at)
        return await render_template(
            "home.html", running=running, coming=coming[:SHOWN_COMING], announcements=deps.settings.announcements_url
        )

    @routes.get("/boards")
    async def boards() -> Any:
        async with deps.unit() as unit:
            sessions = await unit.exams.sessions()
        return await render_template("boards.html", sessions=[each for each in sessions if each.board])

    @routes.get("/staff/home")
    async def staff_home() -> Any:
        if g.staff is None:
            raise Unauthenticated
        return redirect(HOMES.get(g.staff.role, "/bank/"), 303)

    return routes
