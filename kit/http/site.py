"""What every page of both products has: request id and time, nonce and headers, CSRF, staff session, language, errors.

`install(app, options, pool)` is called once by each product's `create_app`. Handlers read `g.now`, `g.staff`,
`g.locale`, `g.formats`; nothing else of the request's surroundings is global.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from importlib.resources import files
from pathlib import Path
from typing import Any, ClassVar, ParamSpec, TypeVar
from urllib.parse import quote, urlsplit

import structlog
from jinja2 import ChoiceLoader, PackageLoader
from quart import (
    Blueprint,
    Quart,
    Response,
    current_app,
    g,
    jsonify,
    redirect,
    render_template,
    request,
    send_from_directory,
)
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from kit.accounts.service import who_is
from kit.accounts.store import AccountStore, Staff
from kit.clock import Clock
from kit.errors import Fault, Forbidden, Invalid, NotFound, Unauthenticated
from kit.http.errors import Words, fault_of, status_of, words_of
from kit.http.formats import Formats, LocaleCode, load_catalogs, locale_code
from kit.postgres import Pool
from kit.signing import derive_key

log = structlog.get_logger(__name__)

P = ParamSpec("P")
R = TypeVar("R")

UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})
YEAR_S = 31_536_000


@dataclass(eq=False)
class BadCsrf(Forbidden):
    """A form without the token of this browser, or from another origin."""

    key: ClassVar[str] = "bad-csrf"


@dataclass(eq=False)
class TooLarge(Invalid):
    """The body is over the limit of this address."""

    key: ClassVar[str] = "too-large"


@dataclass(frozen=True)
class NavItem:
    """One entry of the site navigation."""

    href: str
    label: str
    current: bool


@dataclass(frozen=True)
class SiteOptions:
    """What differs between the two products."""

    prefix: str  # of cookie names: ports share cookies, so the products must differ
    name: str
    agency: str
    schema: str  # where the staff accounts are
    base_url: str
    secret_key: str
    timezone: str
    package: str
    catalogs: tuple[str, ...]
    messages: Mapping[str, Words]
    role_labels: Mapping[str, str]
    nav: Callable[[Staff | None], list[tuple[str, str]]]
    footer: str  # what the product is, in a sentence, a message id
    statics: Mapping[str, str] = field(default_factory=dict)  # first part of a static path -> package that has it

    @property
    def https(self) -> bool:
        """Whether cookies can be `__Host-` and Secure."""
        return self.base_url.startswith("https:")

    def static_package(self, path: str) -> str:
        """The package whose `static` folder has this file."""
        return self.statics.get(path.partition("/")[0], "kit.http")

    def cookie(self, name: str) -> str:
        """The name of a cookie of this product."""
        return f"{'__Host-' if self.https else ''}{self.prefix}_{name}"


class Site:
    """The installed plumbing; routes use it to set cookies and to ask for tokens."""

    def __init__(self, options: SiteOptions, pool: Pool, clock: Clock) -> None:
        self.options = options
        self.pool = pool
        self.clock = clock
        self._csrf_key = derive_key(options.secret_key, "csrf")
        self._catalogs = load_catalogs(("kit.http", *options.catalogs))
        self._hashes: dict[str, str] = {}

    def set_cookie(self, response: Any, name: str, value: str, *, max_age: int | None = None) -> None:
        """HttpOnly, SameSite=Lax, and Secure with the `__Host-` prefix wherever the product is served over TLS."""
        response.set_cookie(
            self.options.cookie(name),
            value,
            max_age=max_age,
            httponly=True,
            secure=self.options.https,
            samesite="Lax",
            path="/",
        )

    def drop_cookie(self, response: Any, name: str) -> None:
        """Forget a cookie."""
        self.set_cookie(response, name, "", max_age=0)

    def read_cookie(self, name: str) -> str | None:
        """The cookie of this product."""
        return request.cookies.get(self.options.cookie(name))

    def csrf_token(self) -> str:
        """The token that forms of this browser must carry."""
        return hmac.new(self._csrf_key, g.csrf_id.encode(), "sha256").hexdigest()

    def translate(self, message: str) -> str:
        """gettext in the reader's language."""
        return self.translate_in(g.locale, message)

    def translate_in(self, locale: LocaleCode, message: str) -> str:
        """gettext in a given language."""
        return self._catalogs[locale].ugettext(message) if message else ""

    def translate_plural(self, one: str, many: str, number: int) -> str:
        """ngettext in the reader's language."""
        return self._catalogs[g.locale].ungettext(one, many, number)

    def static(self, path: str) -> str:
        """The address of a static file with its content hash, so that it can be cached for ever."""
        if path not in self._hashes:
            source = files(self.options.static_package(path)).joinpath("static", path)
            self._hashes[path] = hashlib.sha256(source.read_bytes()).hexdigest()[:12]
        return f"/static/{path}?v={self._hashes[path]}"

    async def begin(self) -> None:
        """Stamp the request, find out who and in which language, refuse forged forms."""
        g.now = self.clock()
        g.request_id = secrets.token_hex(8)
        g.nonce = secrets.token_urlsafe(16)
        g.locale = locale_code(self.read_cookie("locale"))
        g.formats = Formats(g.locale, self.options.timezone)
        g.csrf_id = self.read_cookie("csrf") or secrets.token_urlsafe(16)
        g.staff = None
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=g.request_id)
        token = self.read_cookie("staff")
        if token and not request.path.startswith("/static/"):
            async with self.pool.acquire() as connection:
                g.staff = await who_is(AccountStore(connection, self.options.schema), token, g.now)
        if request.method in UNSAFE:
            await self._check_forgery()

    async def _check_forgery(self) -> None:
        origin = request.headers.get("Origin")
        if origin and urlsplit(origin).netloc != request.host:
            raise BadCsrf
        view = current_app.view_functions.get(request.endpoint or "")
        if view is None or getattr(view, "csrf_exempt", False):
            return
        sent = request.headers.get("X-CSRF-Token") or (await request.form).get("csrf_token", "")
        if not hmac.compare_digest(sent.encode("utf-8", "replace"), self.csrf_token().encode()):
            raise BadCsrf

    async def finish(self, response: Response) -> Response:
        """Headers of every answer."""
        if not self.read_cookie("csrf") and response.mimetype == "text/html":
            self.set_cookie(response, "csrf", g.csrf_id)
        connect = "'self' " + self.options.base_url.replace("http", "ws", 1)
        nonce = getattr(g, "nonce", "")
        headers = response.headers
        headers["Content-Security-Policy"] = (
            f"default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self'; img-src 'self' data: blob:; "
            f"font-src 'self'; connect-src {connect}; media-src 'self' blob:; worker-src 'self'; manifest-src 'self'; "
            "form-action 'self'; frame-ancestors 'none'; base-uri 'none'; object-src 'none'"
        )
        headers["X-Content-Type-Options"] = "nosniff"
        headers["Referrer-Policy"] = "same-origin"
        headers["Cross-Origin-Opener-Policy"] = "same-origin"
        headers["Cross-Origin-Resource-Policy"] = "same-origin"
        headers["Permissions-Policy"] = "camera=(self), microphone=(self), geolocation=(), display-capture=(self)"
        headers["X-Request-Id"] = getattr(g, "request_id", "")
        if self.options.https:
            headers["Strict-Transport-Security"] = f"max-age={YEAR_S}"
        if request.path.startswith("/static/"):
            versioned = response.status_code == 200 and ("v" in request.args or "/dist/assets/" in request.path)
            headers["Cache-Control"] = f"public, max-age={YEAR_S}, immutable" if versioned else "no-cache"
        else:
            headers.setdefault("Cache-Control", "no-store")
        return response

    async def fail(self, error: Fault) -> tuple[Any, int, dict[str, str]]:
        """A typed error as a page or as JSON, in the reader's language, with its next step."""
        if status_of(error) == 500:
            log.error("request-failed", key=error.key, path=request.path, exc_info=error)
        return await self._tell(error)

    async def _tell(self, error: Fault) -> tuple[Any, int, dict[str, str]]:
        status = status_of(error)
        title, next_step = words_of(error, self.translate, self.options.messages)
        retry = getattr(error, "retry_after_s", None)
        headers = {"Retry-After": str(retry)} if retry else {}
        if request.path.startswith(("/api/", "/inbox/")):
            told = {"key": error.key, "message": f"{title}. {next_step}", "title": title, "next_step": next_step}
            return jsonify({"error": told}), status, headers
        if isinstance(error, Unauthenticated) and request.method == "GET":
            return redirect(f"/staff/login?next={quote(request.path)}", 303), 303, {}
        page = await render_template("error.html", status=status, title=title, next_step=next_step, key=error.key)
        return page, status, headers

    async def fail_http(self, error: HTTPException) -> Any:
        """Quart's own refusals (404, 405, 413 ...) in our form."""
        if error.code is not None and error.code < 400:
            return error
        kind: Fault = NotFound() if error.code in (404, 405) else Invalid()
        if isinstance(error, RequestEntityTooLarge):
            kind = TooLarge()
        page, _, headers = await self.fail(kind)
        return page, error.code or 500, headers

    async def fail_unforeseen(self, error: Exception) -> Any:
        """No refusal of ours: told without detail."""
        return await self._tell(fault_of(error, request.path))


def local_target(target: str, otherwise: str) -> str:
    """A path of this site as it was asked for, else `otherwise`.

    Browsers drop tabs and line ends and read a backslash as a slash, so that `/<tab>/elsewhere` leads elsewhere.
    """
    local = target.startswith("/") and not target.startswith("//") and target.isprintable() and "\\" not in target
    return target if local else otherwise


def csrf_exempt(view: Callable[P, R]) -> Callable[P, R]:
    """For handlers that have another proof of origin (a signature, or a header no form can send)."""
    view.csrf_exempt = True  # type: ignore[attr-defined]  # a mark on the function, read in Site
    return view


def requires(*roles: str) -> Callable[[Callable[P, Awaitable[R]]], Callable[P, Awaitable[R]]]:
    """Only staff with one of the roles; `administrator` may all that is guarded here."""

    def guard(view: Callable[P, Awaitable[R]]) -> Callable[P, Awaitable[R]]:
        @wraps(view)
        async def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
            if g.staff is None:
                raise Unauthenticated
            if g.staff.role not in (*roles, "administrator"):
                raise Forbidden
            return await view(*args, **kwargs)

        guarded.required_roles = roles  # type: ignore[attr-defined]  # read by the route matrix test
        return guarded

    return guard


def _context(site: Site) -> Callable[[], dict[str, Any]]:
    def context() -> dict[str, Any]:
        staff: Staff | None = getattr(g, "staff", None)
        translate = site.translate
        other: LocaleCode = "en" if g.locale == "id" else "id"
        nav = [
            NavItem(href, translate(label), request.path == href or (href != "/" and request.path.startswith(href)))
            for href, label in site.options.nav(staff)
        ]
        role = translate(site.options.role_labels.get(staff.role, staff.role)) if staff else ""
        return {
            "locale": g.locale,
            "other_locale": other,
            "switch_locale_url": f"/locale/{other}?next={request.path}",
            "csp_nonce": g.nonce,
            "csrf_token": site.csrf_token(),
            "staff": {"name": staff.name, "role": staff.role, "role_label": role} if staff else None,
            "product": {
                "name": site.options.name,
                "agency": site.options.agency,
                "footer": translate(site.options.footer),
            },
            "nav": nav,
            "static": site.static,
            "formats": g.formats,
            "timezone": site.options.timezone,
            "now": g.now,
        }

    return context


def _blueprint(site: Site) -> Blueprint:
    plumbing = Blueprint("kit", "kit.http")

    @plumbing.get("/locale/<code>")
    async def switch_locale(code: str) -> Any:
        target = request.args.get("next", "/")
        answer = redirect(local_target(target, "/"), 303)
        site.set_cookie(answer, "locale", locale_code(code), max_age=YEAR_S)
        return answer

    @plumbing.get("/static/<path:path>")
    async def serve_static(path: str) -> Any:
        folder = Path(str(files(site.options.static_package(path)).joinpath("static")))
        answer = await send_from_directory(folder, path)
        answer.headers.pop("Expires", None)
        return answer

    return plumbing


def install(app: Quart, options: SiteOptions, pool: Pool, clock: Clock) -> Site:
    """Give a Quart application all of this; call it before the routes are registered."""
    site = Site(options, pool, clock)
    app.config["MAX_CONTENT_LENGTH"] = 2 * 1024 * 1024  # larger bodies have an address and a limit of their own
    app.jinja_options = {"extensions": ["jinja2.ext.i18n"], "trim_blocks": True, "lstrip_blocks": True}
    own = PackageLoader(options.package, "templates")
    app.jinja_env.loader = ChoiceLoader([own, PackageLoader("kit.http", "templates")])
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]  # added by the i18n extension
        site.translate, site.translate_plural, newstyle=True
    )
    app.register_blueprint(_blueprint(site))
    app.before_request(site.begin)
    app.after_request(site.finish)
    app.context_processor(_context(site))
    app.register_error_handler(Fault, site.fail)
    app.register_error_handler(HTTPException, site.fail_http)
    app.register_error_handler(Exception, site.fail_unforeseen)
    return site
