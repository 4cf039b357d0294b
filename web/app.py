"""The examination system as one ASGI application: Quart for pages and rarer calls, the hot paths in front of it."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import cast

from quart import Quart

from kit.accounts.store import Staff
from kit.http.formats import N_
from kit.http.health import health_routes
from kit.http.site import SiteOptions, install
from kit.http.staff_login import staff_login_routes
from web.assets import entry
from web.background import run_background
from web.hot import Application, HotPaths
from web.messages import MESSAGES
from web.routes.bank import BANK_ROLES, bank_routes
from web.routes.board import board_routes
from web.routes.candidate import candidate_routes
from web.routes.emergency import emergency_routes
from web.routes.portal import portal_routes
from web.routes.proctor import PROCTORS, proctor_routes
from web.routes.proctor_time import time_routes
from web.routes.seat import seat_routes
from web.seat import Seats
from web.starting import Starting
from web.wiring import STAFF_SCHEMA, Deps

ROLES = {
    "administrator": N_("Administrator"),
    "author": N_("Item author"),
    "reviewer": N_("Item reviewer"),
    "releaser": N_("Item releaser"),
    "proctor": N_("Proctor"),
    "lead_proctor": N_("Lead proctor"),
    "auditor": N_("Auditor"),
}


def _nav(staff: Staff | None) -> list[tuple[str, str]]:
    if staff is None:
        return [("/exam/login", N_("Take the examination")), ("/boards", N_("Live scores"))]
    entries = []
    if staff.role in (*PROCTORS, "administrator"):
        entries.append(("/proctor/", N_("Proctoring")))
    if staff.role in (*BANK_ROLES, "administrator"):
        entries.append(("/bank/", N_("Item bank")))
    return [*entries, ("/boards", N_("Live scores"))]


def create_app(deps: Deps) -> HotPaths:
    """Join the routes; the background tasks start and stop with the server."""
    app = Quart("web", template_folder="templates", static_folder=None)
    settings = deps.settings
    options = SiteOptions(
        prefix="ombilin",
        name="Ombilin",
        agency=settings.agency,
        schema=STAFF_SCHEMA,
        base_url=settings.base_url,
        secret_key=settings.secret_key,
        timezone=settings.timezone,
        package="web",
        catalogs=("proctoring", "web"),
        messages=MESSAGES,
        role_labels=ROLES,
        nav=_nav,
        footer=N_("Ombilin examination system. Published criteria, verifiable results."),
        statics={"dist": "web", "web": "web"},
    )
    site = install(app, options, deps.pool, deps.clock)
    app.jinja_env.globals["client"] = entry
    seats = Seats(deps)
    starting = Starting(deps, seats)
    for routes in (
        health_routes(deps.pool),
        staff_login_routes(site, "/staff/home"),
        portal_routes(deps),
        candidate_routes(deps, seats, site),
        seat_routes(deps, seats, site, starting),
        proctor_routes(deps, seats, site),
        emergency_routes(deps, site),
        time_routes(deps, seats, site),
        board_routes(deps),
        bank_routes(deps),
    ):
        app.register_blueprint(routes)

    background: list[asyncio.Task[None]] = []

    @app.before_serving
    async def begin() -> None:
        background.append(asyncio.create_task(run_background(deps, seats)))

    @app.after_serving
    async def end() -> None:
        for task in background:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        await deps.close()

    inner = cast(Application, app)  # ASGI is looser typed in Quart than in our hot paths
    return HotPaths(inner, deps, seats, site, starting)
