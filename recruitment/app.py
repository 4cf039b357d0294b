"""The admin module as a Quart application: public announcements, the committee's pages, the inbox of scores."""

from __future__ import annotations

from quart import Quart

from kit.accounts.store import Staff
from kit.clock import utc_now
from kit.http.formats import N_
from kit.http.health import health_routes
from kit.http.serving import serve as serve_app
from kit.http.site import SiteOptions, install
from kit.http.staff_login import staff_login_routes
from kit.logs import configure_logs
from recruitment.settings import Settings
from recruitment.web.deps import Deps
from recruitment.web.inbox import inbox_routes
from recruitment.web.public import public_routes
from recruitment.web.staff import READERS, staff_routes
from recruitment.web.texts import install_texts
from recruitment.web.words import MESSAGES, ROLES
from recruitment.wiring import SCHEMA, open_deps


def _nav(staff: Staff | None) -> list[tuple[str, str]]:
    announcements = ("/", N_("Announcements"))
    if staff is None or staff.role not in (*READERS, "administrator"):
        return [announcements]
    return [
        ("/staff/home", N_("Overview")),
        ("/vacancies", N_("Vacancies")),
        ("/applicants", N_("Applicants")),
        ("/handovers", N_("Hand-overs")),
        announcements,
    ]


def create_app(deps: Deps) -> Quart:
    """Join the routes. The pool of `deps` is closed when the server stops."""
    app = Quart("recruitment", template_folder="templates", static_folder=None)
    settings = deps.settings
    options = SiteOptions(
        prefix="recruitment",
        name="Ombilin",
        agency=settings.agency,
        schema=SCHEMA,
        base_url=settings.recruitment_base_url,
        secret_key=settings.recruitment_secret_key,
        timezone=settings.timezone,
        package="recruitment",
        catalogs=("recruitment",),
        messages=MESSAGES,
        role_labels=ROLES,
        nav=_nav,
        footer=N_("Ombilin selection administration. Published criteria, verifiable results."),
        statics={"recruitment": "recruitment"},
    )
    site = install(app, options, deps.pool, deps.clock)
    install_texts(app, site)
    for routes in (
        health_routes(deps.pool),
        staff_login_routes(site, "/staff/home"),
        public_routes(deps),
        staff_routes(deps),
        inbox_routes(deps),
    ):
        app.register_blueprint(routes)

    @app.after_serving
    async def end() -> None:
        await deps.pool.close()

    return app


async def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT; the migrations must have run."""
    configure_logs(level=settings.recruitment_log_level)
    deps = await open_deps(settings, utc_now)
    await serve_app(create_app(deps), settings.recruitment_host, settings.recruitment_port)
