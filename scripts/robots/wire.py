"""One TCP connection as a browser would use it: HTTP/1.1 with keep-alive, then perhaps the exam socket on it.

A client library would cost more than the server under test, on the same cores: here a request is one write and an
answer is parsed no further than needed. WebSocket frames carry the mask zero, which is legal and leaves the payload as
it is; compression is never offered.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import msgspec

from kit.errors import Unavailable

ANSWER_LIMIT = 16 * 1024 * 1024
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
_KEY = "b21iaWxpbi1yb2JvdC0wMQ=="


@dataclass(eq=False)
class LineLost(Unavailable):
    """The connection ended or stalled; `code` is that of a WebSocket close frame, 0 where there was none."""

    why: str = ""
    code: int = 0

    def __str__(self) -> str:
        return f"{self.why} {self.code or ''}".strip()


@dataclass(frozen=True)
class Answer:
    """An HTTP answer."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def json(self) -> Any:
        """The body as JSON."""
        return msgspec.json.decode(self.body)

    def header(self, name: str) -> str:
        """The first value of a header, in lower case; empty where it is missing."""
        return next((value for known, value in self.headers if known == name), "")

    @property
    def cookies(self) -> dict[str, str]:
        """What Set-Cookie says, without the attributes."""
        pairs = [value.split(";", 1)[0].split("=", 1) for name, value in self.headers if name == "set-cookie"]
        return {pair[0]: pair[1] for pair in pairs if len(pair) == 2}


class Line:
    """Call `open` first. Every wait is bounded by `timeout_s`; all failures are `LineLost`."""

    def __init__(self, base_url: str, *, timeout_s: float = 12.0) -> None:
        parts = urlsplit(base_url)
        self._host, self._port = parts.hostname or "127.0.0.1", parts.port or 80
        self._authority = parts.netloc
        self._timeout_s = timeout_s
        self._reader: asyncio.StreamReader
        self._writer: asyncio.StreamWriter | None = None
        self.cookies: dict[str, str] = {}

    async def open(self) -> None:
        """Connect."""
        try:
            async with asyncio.timeout(self._timeout_s):
                self._reader, self._writer = await asyncio.open_connection(self._host, self._port, limit=ANSWER_LIMIT)
        except (OSError, TimeoutError) as error:
            raise LineLost(why=f"connect: {type(error).__name__}") from error

    @property
    def is_open(self) -> bool:
        """Whether a connection stands, as far as is known."""
        return self._writer is not None

    def abort(self) -> None:
        """Let go at once, as a machine that loses its network."""
        if self._writer is not None:
            self._writer.transport.abort()
            self._writer = None

    async def request(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        *,
        timeout_s: float | None = None,
    ) -> Answer:
        """One request and its answer."""
        lines = [f"{method} {path} HTTP/1.1", f"host: {self._authority}"]
        lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
        if self.cookies:
            lines.append("cookie: " + "; ".join(f"{name}={value}" for name, value in self.cookies.items()))
        if method == "POST":
            lines.append(f"content-length: {len(body)}")
        self.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
        answer: Answer = await self._bounded(self._answer(), timeout_s)
        self.cookies |= answer.cookies
        return answer

    async def upgrade(self, path: str) -> None:
        """Turn the connection into a WebSocket; `LineLost` with 4000 + status where it is refused."""
        answer = await self.request(
            "GET",
            path,
            headers={
                "upgrade": "websocket",
                "connection": "Upgrade",
                "sec-websocket-key": _KEY,
                "sec-websocket-version": "13",
            },
        )
        if answer.status != 101:
            self.abort()
            raise LineLost(why="the socket was refused", code=4000 + answer.status)

    def write(self, raw: bytes) -> None:
        """Bytes as they are."""
        if self._writer is None:
            raise LineLost(why="not connected")
        self._writer.write(raw)

    async def receive(self, timeout_s: float | None = None) -> bytes:
        """The next text message."""
        message: bytes = await self._bounded(self._message(), timeout_s)
        return message

    async def _bounded(self, work: Any, timeout_s: float | None = None) -> Any:
        try:
            async with asyncio.timeout(timeout_s or self._timeout_s):
                return await work
        except (OSError, EOFError, ValueError, TimeoutError, asyncio.LimitOverrunError) as error:
            self.abort()
            raise LineLost(why=type(error).__name__) from error

    async def _answer(self) -> Answer:
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        status = int(head[0].split(" ", 2)[1])
        headers = [
            (name.lower(), value.strip()) for name, _, value in (line.partition(":") for line in head[1:] if line)
        ]
        known = dict(headers)
        if status in (101, 204, 304):
            body = b""
        elif "chunked" in known.get("transfer-encoding", ""):
            body = await self._chunks()
        else:
            body = await self._reader.readexactly(int(known.get("content-length", "0")))
        if known.get("connection", "").lower() == "close":
            self.abort()
        return Answer(status, headers, body)

    async def _chunks(self) -> bytes:
        chunks: list[bytes] = []
        while True:
            size = int((await self._reader.readuntil(b"\r\n")).split(b";")[0], 16)
            chunks.append((await self._reader.readexactly(size + 2))[:-2])
            if size == 0:
                return b"".join(chunks)

    async def _message(self) -> bytes:
        parts: list[bytes] = []
        while True:
            first, second = await self._reader.readexactly(2)
            size = second & 127
            if size > 125:
                size = int.from_bytes(await self._reader.readexactly(2 if size == 126 else 8), "big")
            payload = await self._reader.readexactly(size)
            opcode = first & 15
            if opcode == PING:
                self.write(frame(payload, PONG))
            elif opcode == CLOSE:
                self.abort()
                raise LineLost(why="closed by the server", code=int.from_bytes(payload[:2], "big"))
            elif opcode != PONG:
                parts.append(payload)
                if first & 128:
                    return b"".join(parts)


def frame(payload: bytes, opcode: int = TEXT) -> bytes:
    """A client's WebSocket frame."""
    size = len(payload)
    if size < 126:
        length = bytes([128 | size])
    elif size < 65_536:
        length = bytes([128 | 126]) + size.to_bytes(2, "big")
    else:
        length = bytes([128 | 127]) + size.to_bytes(8, "big")
    return bytes([128 | opcode]) + length + b"\0\0\0\0" + payload
