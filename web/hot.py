"""The hot paths as a plain ASGI application in front of Quart: operations, heartbeat, frames, signals, the exam socket.

They are what thousands of browsers call all the time; a Quart request costs several times more here than the work
itself (docs/decisions/0003-hot-paths.md). Everything else is passed on to Quart.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import msgspec
import structlog
from werkzeug.http import parse_cookie

from exam_engine.domain.attempt import ENDED
from exam_engine.domain.operations import Operation, OperationBatch
from exam_engine.service.save import save_operations
from exam_engine.service.seat import Superseded
from exam_engine.service.start import NotOpen
from kit.clock import from_milliseconds, milliseconds
from kit.errors import Fault, Invalid, NotFound
from kit.http.errors import fault_of, status_of, words_of
from kit.http.formats import LocaleCode, locale_code
from kit.http.site import BadCsrf, Site, TooLarge
from proctoring.domain.signals import Signal
from proctoring.service.frames import receive_frame
from proctoring.service.signals import receive_signals
from web.messages import MESSAGES
from web.seat import Seats, SeatToken, read_token, wire_state
from web.starting import Blob, Starting
from web.wiring import Deps

log = structlog.get_logger(__name__)

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

OPERATIONS_LIMIT = 256 * 1024  # 500 operations with long text answers
FRAME_LIMIT = 200 * 1024  # ten times a normal frame
SIGNALS_LIMIT = 32 * 1024
START_LIMIT = 1024  # {} or nothing
SEALED_START = "start?sealed=1"  # without the query Quart starts and answers with everything
SPREAD_MS = 2_000  # those who came before T0 come back within so long after it
COOKIES_REMEMBERED = 20_000  # Cookie headers of one worker whose seat is known
PREFIX = "/api/seat/"
SOCKET = PREFIX + "socket"
DRAIN_TICKS = 20  # of 50 ms: how long browsers may take to answer the close
GOING_AWAY = 1012  # "service restart": the client connects again, to whoever listens then


class _Signals(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    signals: list[_Signal]


class _Signal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    kind: str
    at: float
    detail: dict[str, Any] = {}  # msgspec copies the default


class _Message(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    client: UUID | None = None
    ops: tuple[Operation, ...] | None = None
    ping: int | None = None


_BATCH = msgspec.json.Decoder(OperationBatch)
_SIGNALS = msgspec.json.Decoder(_Signals)
_MESSAGE = msgspec.json.Decoder(_Message)
_encode = msgspec.json.Encoder().encode
_NO_SNIFF = (b"x-content-type-options", b"nosniff")

Headers = dict[bytes, bytes]
Route = Callable[[Headers, bytes, SeatToken], Awaitable[Any]]


class HotPaths:
    """Wraps the Quart application."""

    def __init__(self, inner: Application, deps: Deps, seats: Seats, site: Site, starting: Starting) -> None:
        self._inner = inner
        self._deps = deps
        self._seats = seats
        self._site = site
        self._starting = starting
        self._cookie = site.options.cookie("seat")
        self._tokens: OrderedDict[bytes, SeatToken] = OrderedDict()
        self._open: set[Send] = set()
        self._draining = False
        self._routes: dict[tuple[str, str], tuple[Route, int]] = {
            ("POST", "ops"): (self._ops, OPERATIONS_LIMIT),
            ("GET", "state"): (self._state, 0),
            ("POST", "frame"): (self._frame, FRAME_LIMIT),
            ("POST", "signals"): (self._signals, SIGNALS_LIMIT),
            ("GET", "package"): (self._package, 0),
            ("GET", "key"): (self._key, 0),
            ("POST", SEALED_START): (self._begin, START_LIMIT),
        }

    async def drain(self) -> None:
        """Before the server stops: not ready any more, and every socket is told to connect again."""
        self._draining = True
        close = {"type": "websocket.close", "code": GOING_AWAY, "reason": "service restart"}
        await asyncio.gather(*(send(close) for send in tuple(self._open)), return_exceptions=True)
        for _ in range(DRAIN_TICKS):
            if not self._open:
                break
            await asyncio.sleep(0.05)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        kind, path = scope["type"], scope.get("path", "")
        if kind == "http" and path.startswith(PREFIX):
            name = path[len(PREFIX) :]
            if name == "start" and scope["query_string"]:
                name += "?" + scope["query_string"].decode("latin-1")
            route = self._routes.get((scope["method"], name))
            if route is not None:
                await self._answer_http(*route, scope, receive, send)
                return
        elif kind == "websocket" and path == SOCKET:
            await self._socket(scope, receive, send)
            return
        elif self._draining and path == "/readyz":
            await _reply(send, 503, {"ok": False, "draining": True})
            return
        await self._inner(scope, receive, send)

    async def _answer_http(self, route: Route, limit: int, scope: Scope, receive: Receive, send: Send) -> None:
        headers: Headers = dict(scope["headers"])
        try:
            # read before anything is refused: a connection that is closed on an unread body resets, answer and all
            body = await _body(receive, limit) if limit else b""
            self._check_origin(scope["method"], headers)
            answer = await route(headers, body, self._token(headers))
        except Fault as error:
            await _reply(send, status_of(error), self._told(error, headers), getattr(error, "retry_after_s", None))
        except Exception as error:
            fault = fault_of(error, scope["path"])
            await _reply(send, status_of(fault), self._told(fault, headers))
        else:
            await _reply(send, 204 if answer is None else 200, answer)

    def _token(self, headers: Headers) -> SeatToken:
        """The seat of the cookies; the same header has the same seat, so that it is verified once."""
        raw = headers.get(b"cookie", b"")
        token = self._tokens.get(raw)
        if token is None:
            token = self._tokens[raw] = read_token(self._deps.keys.seat, _cookie_of(headers, self._cookie))
            if len(self._tokens) > COOKIES_REMEMBERED:
                self._tokens.popitem(last=False)
        return token

    def _check_origin(self, method: str, headers: Headers) -> None:
        origin = headers.get(b"origin")
        if origin and origin.partition(b"://")[2] != headers.get(b"host"):
            raise BadCsrf
        if method == "POST" and headers.get(b"x-ombilin-seat") != b"1":
            raise BadCsrf

    def _locale(self, headers: Headers) -> LocaleCode:
        return locale_code(_cookie_of(headers, self._site.options.cookie("locale")))

    def _told(self, error: Fault, headers: Headers) -> dict[str, Any]:
        locale = self._locale(headers)
        title, next_step = words_of(error, lambda message: self._site.translate_in(locale, message), MESSAGES)
        told: dict[str, Any] = {"key": error.key, "message": f"{title}. {next_step}", "title": title}
        answer: dict[str, Any] = {"error": told | {"next_step": next_step}}
        if isinstance(error, NotOpen):
            at, now = milliseconds(error.opens_at), milliseconds(error.at)
            answer |= {"opens": {"at": at, "now": now}, "retry_after_ms": at - now + secrets.randbelow(SPREAD_MS)}
        return answer

    async def _ops(self, _headers: Headers, body: bytes, token: SeatToken) -> dict[str, Any]:
        return await self._save(token, _decode(body, _BATCH))

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
            "receipt": answered.receipt,
            "state": wire_state(attempt, now),
        }

    async def _state(self, _headers: Headers, _body: bytes, token: SeatToken) -> dict[str, Any]:
        now = self._deps.clock()
        self._seats.touch(token.attempt_id, now)
        return wire_state(await self._seats.attempt(token, fresh=True), now)

    async def _frame(self, headers: Headers, body: bytes, token: SeatToken) -> None:
        if (await self._seats.attempt(token)).status in ENDED:
            return  # nobody is watched after the end
        now = self._deps.clock()
        self._seats.touch(token.attempt_id, now)
        await receive_frame(
            self._deps.frames,
            self._deps.bus,
            attempt_id=token.attempt_id,
            session_id=token.session_id,
            jpeg=body,
            captured_at=_time(headers.get(b"x-captured-at", b"")),
            now=now,
        )

    async def _signals(self, _headers: Headers, body: bytes, token: SeatToken) -> None:
        sent = _decode(body, _SIGNALS)
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

    async def _package(self, headers: Headers, _body: bytes, token: SeatToken) -> Blob:
        return await self._starting.package(token, self._locale(headers))

    async def _key(self, _headers: Headers, _body: bytes, token: SeatToken) -> Blob:
        return await self._starting.key(token)

    async def _begin(self, _headers: Headers, _body: bytes, token: SeatToken) -> dict[str, Any]:
        return await self._starting.begin(token)

    async def _socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers: Headers = dict(scope["headers"])
        await receive()  # websocket.connect
        try:
            self._check_origin("GET", headers)
            token = self._token(headers)
            await self._seats.attempt(token)
        except Fault as error:
            await send({"type": "websocket.close", "code": 4000 + status_of(error), "reason": error.key})
            return
        if self._draining:
            await send({"type": "websocket.close", "code": GOING_AWAY, "reason": "service restart"})
            return

        async def tell(value: dict[str, Any]) -> None:
            await send({"type": "websocket.send", "text": _encode(value).decode()})

        self._open.add(send)  # before the browser can know of the socket: a drain must not miss it
        try:
            await send({"type": "websocket.accept"})
            self._seats.connect(token, tell)
            # read after the socket is known, so that no pause or takeover falls in between
            await tell(await self._standing(token))
            while (message := await receive())["type"] == "websocket.receive":
                if message.get("text") is None:
                    await send({"type": "websocket.close", "code": 1003, "reason": "text only"})
                    break
                await tell(await self._answer(token, message["text"], headers))
        finally:
            self._open.discard(send)
            self._seats.disconnect(token, tell)

    async def _standing(self, token: SeatToken) -> dict[str, Any]:
        try:
            attempt = await self._seats.attempt(token, fresh=True)
        except Superseded:
            return {"superseded": True}
        return {"state": wire_state(attempt, self._deps.clock())}

    async def _answer(self, token: SeatToken, text: str, headers: Headers) -> dict[str, Any]:
        now = self._deps.clock()
        self._seats.touch(token.attempt_id, now)
        try:
            message: _Message = _decode(text, _MESSAGE)
            if message.ping is not None:
                return {"pong": message.ping, "now": milliseconds(now)}
            if message.client is None or message.ops is None:
                raise Invalid("a message is operations with their client, or a ping")
            return {"ack": await self._save(token, OperationBatch(message.client, message.ops))}
        except Superseded:
            return {"superseded": True}
        except Fault as error:
            return self._told(error, headers)
        except Exception as error:
            return self._told(fault_of(error, "socket"), headers)


def _cookie_of(headers: Headers, name: str) -> str | None:
    # as lenient as the rest of the site: the cookies of other applications on the host may have any form
    return parse_cookie(headers.get(b"cookie", b"").decode("latin-1")).get(name)


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


def _decode(raw: bytes | str, decoder: msgspec.json.Decoder[Any]) -> Any:
    try:
        return decoder.decode(raw)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise Invalid(str(error)) from error


async def _body(receive: Receive, limit: int) -> bytes:
    body = b""
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise NotFound("the client went away")
        chunk: bytes = message.get("body", b"")
        body += chunk
        if len(body) > limit:
            raise TooLarge
        if not message.get("more_body"):
            return body


async def _reply(send: Send, status: int, value: Any, retry_after_s: int | None = None) -> None:
    if isinstance(value, Blob):
        body, content_type, cache = value
    else:
        body, content_type, cache = b"" if value is None else _encode(value), b"application/json", b"no-store"
    headers = [(b"cache-control", cache), _NO_SNIFF, (b"content-length", b"%d" % len(body))]
    if body:
        headers.append((b"content-type", content_type))
    if retry_after_s:
        headers.append((b"retry-after", b"%d" % retry_after_s))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
