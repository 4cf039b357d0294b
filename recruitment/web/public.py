"""The public pages: announced vacancies and their criteria, without a log-in."""

from __future__ import annotations

from typing import Any

from quart import Blueprint, g, render_template

from recruitment.service.announcements import announced_vacancy, list_announced
from recruitment.web.deps import Deps


def _base(url: str | None) -> str | None:
    return url and url.rstrip("/")


def public_routes(deps: Deps) -> Blueprint:
    """`/` and one page per announced vacancy."""
    routes = Blueprint("public", __name__)

    @routes.get("/")
    async def announcements() -> Any:
        async with deps.unit() as unit:
            vacancies = await list_announced(unit, g.now)
        return await render_template(
            "announcements.html", vacancies=vacancies, examination=_base(deps.settings.examination_url)
        )

    @routes.get("/announcements/<code>")
    async def announcement(code: str) -> Any:
        async with deps.unit() as unit:
            told = await announced_vacancy(unit, code, deps.packs, g.now)
        return await render_template("announcement.html", vacancy=told.vacancy, pack=told.pack, tracks=told.tracks)

    return routes
