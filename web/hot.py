"""The hot paths as a plain ASGI application in front of Quart: operations, heartbeat, frames, signals, the exam socket.

They are what thousands of browsers call all the time; a Quart request costs several times more here than the work
itself (docs/decisions/0003-hot-paths.md). Everything else is passed on to Quart.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import msgspec
import structlog
from werkzeug.http import parse_cookie

from exam_engine.domain.attempt import ENDED
from exam_engine.domain.operations import OperationBatch
from exam_engine.service.save import save_operations
from exam_engine.service.seat import Superseded
from kit.clock import from_milliseconds, milliseconds
from kit.errors import Fault, Invalid, NotFound
from kit.http.errors import status_of, unstorable, words_of
from kit.http.formats import locale_code
from kit.http.site import BadCsrf, Site, TooLarge
from proctoring.domain.signals import Signal
from proctoring.service.frames import receive_frame
from proctoring.service.signals import receive_signals
from web.messages import MESSAGES
from web.seat import Seats, SeatToken, read_token, wire_state
from web.wiring import Deps

log = structlog.get_logger(__name__)

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

OPERATIONS_LIMIT = 256 * 1024  # 500 operations with long text answers
FRAME_LIMIT = 200 * 1024  # ten times a normal frame
SIGNALS_LIMIT = 32 * 1024
PREFIX = "/api/seat/"


class _Signals(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    signals: list[_Signal]


class _Signal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    kind: str
    at: float
    detail: dict[str, Any] = {}  # msgspec copies the default


class _Message(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    client: UUID | None = None
    ops: tuple[Any, ...] | None = None
    ping: int | None = None


class HotPaths:
    """Wraps the Quart application."""

    def __init__(self, inner: Application, deps: Deps, seats: Seats, site: Site) -> None:
        self._inner = inner
        self._deps = deps
        self._seats = seats
        self._site = site
        self._cookie = site.options.cookie("seat")
        self._routes: dict[tuple[str, str], Callable[[Scope, Receive, SeatToken], Awaitable[Any]]] = {
            ("POST", "ops"): self._ops,
            ("GET", "state"): self._state,
            ("POST", "frame"): self._frame,
            ("POST", "signals"): self._signals,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        path = scope.get("path", "")
        if scope["type"] == "websocket" and path == PREFIX + "socket":
            await self._socket(scope, receive, send)
            return
        route = None
        if scope["type"] == "http" and path.startswith(PREFIX):
            route = self._routes.get((scope["method"], path.removeprefix(PREFIX)))
        if route is None:
            await self._inner(scope, receive, send)
            return
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        try:
            self._check_origin(scope["method"], headers)
            token = self._token(headers)
            answer = await route(scope, receive, token)
        except Fault as error:
            await _reply(send, status_of(error), self._told(error, headers), getattr(error, "retry_after_s", None))
        except Exception as error:
            fault = _fault_of(error, path)
            await _reply(send, status_of(fault), self._told(fault, headers))
        else:
            await _reply(send, 204 if answer is None else 200, answer)

    def _token(self, headers: dict[str, str]) -> SeatToken:
        return read_token(self._deps.keys.seat, _cookie_of(headers, self._cookie))

    def _check_origin(self, method: str, headers: dict[str, str]) -> None:
        origin = headers.get("origin")
        if origin and urlsplit(origin).netloc != headers.get("host"):
            raise BadCsrf
        if method == "POST" and headers.get("x-ombilin-seat") != "1":
            raise BadCsrf

    def _told(self, error: Fault, headers: dict[str, str]) -> dict[str, Any]:
        locale = locale_code(_cookie_of(headers, self._site.options.cookie("locale")))
        title, next_step = words_of(error, lambda message: self._site.translate_in(locale, message), MESSAGES)
        return {"error": {"key": error.key, "message": f"{title}. {next_step}", "title": title, "next_step": next_step}}

    async def _ops(self, _scope: Scope, receive: Receive, token: SeatToken) -> dict[str, Any]:
        batch = _decode(await _body(receive, OPERATIONS_LIMIT), OperationBatch)
        return await self._save(token, batch)

    async def _save(self, token: SeatToken, batch: OperationBatch) -> dict[str, Any]:
        deps = self._deps
        answered = await save_operations(
            deps.writer, deps.legal, attempt_id=token.attempt_id, seat_id=token.seat_id, batch=batch
        )
        now = deps.clock()
        self._seats.touch(token.attempt_id, now)
        attempt = await self._seats.attempt(token, fresh=answered.hold or bool(answered.verdicts))
        return {
            "acked": answered.acked,
            "verdicts": [
                {"seq": seq, "verdict": verdict, "reason": reason} for seq, verdict, reason in answered.verdicts
            ],
            "hold": answered.hold,
            "state": wire_state(attempt, now),
        }

    async def _state(self, _scope: Scope, _receive: Receive, token: SeatToken) -> dict[str, Any]:
        now = self._deps.clock()
        self._seats.touch(token.attempt_id, now)
        return wire_state(await self._seats.attempt(token, fresh=True), now)

    async def _frame(self, scope: Scope, receive: Receive, token: SeatToken) -> None:
        jpeg = await _body(receive, FRAME_LIMIT)
        if (await self._seats.attempt(token)).status in ENDED:
            return  # nobody is watched after the end
        now = self._deps.clock()
        self._seats.touch(token.attempt_id, now)
        captured = next((value for name, value in scope["headers"] if name == b"x-captured-at"), b"")
        await receive_frame(
            self._deps.frames,
            self._deps.bus,
            attempt_id=token.attempt_id,
            session_id=token.session_id,
            jpeg=jpeg,
            captured_at=_time(captured),
            now=now,
        )

    async def _signals(self, _scope: Scope, receive: Receive, token: SeatToken) -> None:
        sent = _decode(await _body(receive, SIGNALS_LIMIT), _Signals)
        if (await self._seats.attempt(token)).status in ENDED:
            return
        now = self._deps.clock()
        signals = [Signal(kind=each.kind, at=_time_ms(each.at), detail=each.detail) for each in sent.signals]
        async with self._deps.unit() as unit:
            await receive_signals(
                unit,
                attempt_id=token.attempt_id,
                session_id=token.session_id,
                signals=signals,
                now=now,
            )

    async def _socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        await receive()  # websocket.connect
        try:
            self._check_origin("GET", headers)
            token = self._token(headers)
            await self._seats.attempt(token)
        except Fault as error:
            await send({"type": "websocket.close", "code": 4000 + status_of(error), "reason": error.key})
            return
        await send({"type": "websocket.accept"})

        async def tell(value: dict[str, Any]) -> None:
            await send({"type": "websocket.send", "text": msgspec.json.encode(value).decode()})

        self._seats.connect(token, tell)
        try:
            # read after the socket is known, so that no pause or takeover falls in between
            await tell(await self._standing(token))
            while (message := await receive())["type"] == "websocket.receive":
                if message.get("text") is None:
                    await send({"type": "websocket.close", "code": 1003, "reason": "text only"})
                    break
                await tell(await self._answer(token, message["text"], headers))
        finally:
            self._seats.disconnect(token, tell)

    async def _standing(self, token: SeatToken) -> dict[str, Any]:
        try:
            attempt = await self._seats.attempt(token, fresh=True)
        except Superseded:
            return {"superseded": True}
        return {"state": wire_state(attempt, self._deps.clock())}

    async def _answer(self, token: SeatToken, text: str, headers: dict[str, str]) -> dict[str, Any]:
        now = self._deps.clock()
        self._seats.touch(token.attempt_id, now)
        try:
            message = _decode(text.encode(), _Message)
            if message.ping is not None:
                return {"pong": message.ping, "now": milliseconds(now)}
            return {"ack": await self._save(token, _decode(text.encode(), OperationBatch))}
        except Superseded:
            return {"superseded": True}
        except Fault as error:
            return self._told(error, headers)
        except Exception as error:
            return self._told(_fault_of(error, "socket"), headers)


def _fault_of(error: Exception, path: str) -> Fault:
    """What to tell of an error that is no refusal: input that PostgreSQL cannot hold, or our bug, logged whole."""
    if unstorable(error):
        log.warning("hot-path-unstorable", path=path, error=repr(error))
        return Invalid("a value is out of range")
    log.error("hot-path-crashed", path=path, exc_info=error)
    return Fault()


def _cookie_of(headers: dict[str, str], name: str) -> str | None:
    # as lenient as the rest of the site: the cookies of other applications on the host may have any form
    return parse_cookie(headers.get("cookie", "")).get(name)


def _time_ms(value: float) -> Any:
    try:
        return from_milliseconds(value)
    except (ValueError, OverflowError, OSError) as error:
        raise Invalid("a time is not in milliseconds since the epoch") from error


def _time(raw: bytes) -> Any:
    try:
        return _time_ms(float(raw))
    except ValueError as error:
        raise Invalid("X-Captured-At must be milliseconds since the epoch") from error


def _decode(raw: bytes, kind: type[Any]) -> Any:
    try:
        return msgspec.json.decode(raw, type=kind)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise Invalid(str(error)) from error


async def _body(receive: Receive, limit: int) -> bytes:
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise NotFound("the client went away")
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > limit:
            raise TooLarge
        chunks.append(chunk)
        if not message.get("more_body"):
            return b"".join(chunks)


async def _reply(send: Send, status: int, value: Any, retry_after_s: int | None = None) -> None:
    body = b"" if value is None else msgspec.json.encode(value)
    headers = [
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
        (b"content-length", str(len(body)).encode()),
    ]
    if body:
        headers.append((b"content-type", b"application/json"))
    if retry_after_s:
        headers.append((b"retry-after", str(retry_after_s).encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
