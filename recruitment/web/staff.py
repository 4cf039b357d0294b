"""The pages of the selection committee: overview, vacancies with their ranking, applicants, received hand-overs."""

from __future__ import annotations

from typing import Any

from quart import Blueprint, g, render_template, request

from kit.http.site import requires
from recruitment.service.look import inbox_log, list_applicants, list_vacancies, overview, reconcile_sessions
from recruitment.service.vacancy_ranking import vacancy_ranking
from recruitment.web.deps import Deps
from recruitment.web.strip import listed, strip_of
from recruitment.web.texts import localised

READERS = ("committee", "auditor")
LONGEST_QUERY = 100


def _page_number() -> int:
    return request.args.get("page", 1, type=int)


def staff_routes(deps: Deps) -> Blueprint:
    """All of them only read."""
    routes = Blueprint("committee", __name__)

    @routes.get("/staff/home")
    @requires(*READERS)
    async def home() -> Any:
        async with deps.unit() as unit:
            seen = await overview(unit)
        return await render_template("home.html", seen=seen)

    @routes.get("/vacancies")
    @requires(*READERS)
    async def vacancies() -> Any:
        async with deps.unit() as unit:
            lines = await list_vacancies(unit)
        return await render_template("vacancies.html", lines=lines)

    @routes.get("/vacancies/<code>")
    @requires(*READERS)
    async def vacancy(code: str) -> Any:
        async with deps.unit() as unit:
            found = await vacancy_ranking(unit, code, deps.packs)
        ranked, below, rest = listed(found.ranking)
        strip = strip_of(found.ranking, found.pack.total_max)
        return await render_template("vacancy.html", found=found, ranked=ranked, below=below, rest=rest, strip=strip)

    @routes.get("/applicants")
    @requires(*READERS)
    async def applicants() -> Any:
        text = request.args.get("q", "").replace("\0", "").strip()[:LONGEST_QUERY] or None
        code = request.args.get("vacancy", "").replace("\0", "")[:LONGEST_QUERY] or None
        async with deps.unit() as unit:
            shown = await list_applicants(unit, code, text, _page_number())
            choices = [(line.vacancy.code, localised(line.vacancy.title)) for line in await list_vacancies(unit)]
        return await render_template("applicants.html", shown=shown, choices=choices)

    @routes.get("/handovers")
    @requires(*READERS)
    async def handovers() -> Any:
        async with deps.unit() as unit:
            log = await inbox_log(unit, deps.settings.handover_public_key, _page_number())
            sessions = await reconcile_sessions(unit)
        return await render_template("handovers.html", log=log, sessions=sessions, now=g.now)

    return routes
