"""The load of `ombilin bench`, a process of its own: many connections, each one write and one short parse per request.

A client library would cost more than the server under test. Reads a `Load` from standard input as JSON, writes a
`Measured` to standard output; an idle load says `ready` and holds its sockets until standard input ends.
"""

from __future__ import annotations

import asyncio
import itertools
import resource
import sys
import time
from collections import deque
from functools import partial
from typing import Literal, cast
from uuid import uuid4

import msgspec

RAMP = 100  # connections that are opened at once
DRAIN_TICKS = 1000  # of 20 ms: how long late answers are waited for
TICK_S = 0.002
OFFER = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"


class Target(msgspec.Struct, frozen=True):
    """One seat: its Cookie header and what it may answer, as (item, option)."""

    cookie: str
    answers: tuple[tuple[str, str], ...]


class Load(msgspec.Struct, frozen=True):
    """`rate` 0 is a closed loop (each sends again when answered); else requests a second, on time whatever happens."""

    port: int
    kind: Literal["http", "socket", "start", "idle"]
    path: str
    targets: tuple[Target, ...]
    at: float  # what operations say of their time, milliseconds
    seconds: float
    windows: int = 1
    rate: float = 0
    offer: bool = False  # permessage-deflate, as browsers do


class Measured(msgspec.Struct, frozen=True):
    """Requests answered a second in each window, milliseconds of all, and how many failed."""

    rates: list[float]
    p50: float
    p95: float
    p99: float
    sent: int
    answered: int
    failed: int
    cpu_s: float
    elapsed_s: float = 0.0  # from the first request to the last answer


class Run:
    """What all connections share."""

    def __init__(self, load: Load) -> None:
        self.load = load
        self.delays: list[float] = []
        self.ends: list[float] = []
        self.sent = 0
        self.failed = 0
        self.going = True
        self.first_failure = b""

    def failure(self, raw: bytes) -> None:
        """Count it; the first is kept for the report."""
        self.failed += 1
        self.first_failure = self.first_failure or raw[:300]


class Line(asyncio.Protocol):
    """One connection of one seat."""

    def __init__(self, run: Run, target: Target) -> None:
        self._run = run
        self._target = target
        self._client = str(uuid4())
        self._seq = 0
        self._transport: asyncio.Transport
        self._buffer = b""
        self._due: deque[float] = deque()
        self._busy_since: float | None = None
        self._socket = run.load.kind in ("socket", "idle")
        self.open: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._head = (
            f"POST {run.load.path} HTTP/1.1\r\nHost: 127.0.0.1:{run.load.port}\r\nCookie: {target.cookie}\r\n"
            "X-Ombilin-Seat: 1\r\nContent-Type: application/json\r\nContent-Length: "
        ).encode()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is none by inheritance
        if not self._socket:
            self.open.set_result(None)
            return
        offer = (
            "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n" if self._run.load.offer else ""
        )
        self._transport.write(
            (
                f"GET {self._run.load.path} HTTP/1.1\r\nHost: 127.0.0.1:{self._run.load.port}\r\n"
                f"Cookie: {self._target.cookie}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n{offer}"
                "Sec-WebSocket-Key: b21iaWxpbi1iZW5jaC0wMQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
            ).encode()
        )

    def ask(self, due: float) -> None:
        """Send now, or when the answer before has come; the delay counts from `due`."""
        if self._busy_since is not None:
            self._due.append(due)
            return
        self._busy_since = due
        self._run.sent += 1
        body = b"{}" if self._run.load.kind == "start" else self._operation()
        self._transport.write(_frame(body) if self._socket else self._head + b"%d\r\n\r\n%b" % (len(body), body))

    def ping(self) -> None:
        """Make the server work for this socket once."""
        self._transport.write(_frame(b'{"ping":1}'))

    def _operation(self) -> bytes:
        self._seq += 1
        item, option = self._target.answers[self._seq % len(self._target.answers)]
        return (
            f'{{"client":"{self._client}","ops":[{{"seq":{self._seq},"rev":{self._seq},"kind":"respond","item":"{item}",'
            f'"value":{{"base":{{"identifier":"{option}"}}}},"at":{self._run.load.at}}}]}}'
        ).encode()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self.open.done():
            head, end, rest = self._buffer.partition(b"\r\n\r\n")
            if end:
                self._buffer = rest
                if head[9:12] == b"101":
                    self.open.set_result(None)
                else:
                    self.open.set_exception(ConnectionError(head[:200].decode("latin-1")))
        while self.open.done() and (self._take_frame() if self._socket else self._take_answer()):
            pass

    def _take_answer(self) -> bool:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return False
        head = self._buffer[:end].lower()
        at = head.find(b"content-length:")
        length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
        if len(self._buffer) < end + 4 + length:
            return False
        body = self._buffer[end + 4 : end + 4 + length]
        self._buffer = self._buffer[end + 4 + length :]
        self._answered(head[9:12] == b"200" and b'"verdicts":[{' not in body, head + body)
        return True

    def _take_frame(self) -> bool:
        if len(self._buffer) < 2:
            return False
        code, length, start = self._buffer[0] & 15, self._buffer[1] & 127, 2
        if length == 126:
            length, start = int.from_bytes(self._buffer[2:4], "big"), 4
        if len(self._buffer) < start + length:
            return False
        body = self._buffer[start : start + length]
        self._buffer = self._buffer[start + length :]
        if code == 9:
            self._transport.write(bytes([0x8A, 0x80 | len(body), 0, 0, 0, 0]) + body)
        elif body.startswith(b'{"ack"'):
            self._answered(b'"verdicts":[]' in body, body)
        elif body.startswith(b'{"error"'):
            self._answered(False, body)
        return True

    def _answered(self, good: bool, raw: bytes) -> None:
        now = time.perf_counter()
        run = self._run
        if self._busy_since is not None and good:
            run.delays.append(now - self._busy_since)
            run.ends.append(now)
        elif not good:
            run.failure(raw)
        self._busy_since = None
        if self._due:
            self.ask(self._due.popleft())
        elif run.going and not run.load.rate:
            self.ask(now)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._busy_since is not None:
            self._run.failure(f"connection lost: {exc!r}".encode())
        if not self.open.done():
            self.open.set_exception(ConnectionError(repr(exc)))


def _frame(body: bytes) -> bytes:
    """A masked text frame; the mask zero is legal and leaves the payload as it is."""
    size = bytes([0x80 | len(body)]) if len(body) < 126 else b"\xfe" + len(body).to_bytes(2, "big")
    return b"\x81" + size + bytes(4) + body


def _same(line: Line) -> Line:
    return line


async def _connect(run: Run) -> list[Line]:
    loop = asyncio.get_running_loop()
    lines: list[Line] = []
    for start in range(0, len(run.load.targets), RAMP):
        made = [Line(run, target) for target in run.load.targets[start : start + RAMP]]
        await asyncio.gather(
            *(loop.create_connection(partial(_same, line), "127.0.0.1", run.load.port) for line in made)
        )
        await asyncio.gather(*(line.open for line in made))
        lines += made
    return lines


async def _on_time(run: Run, lines: list[Line]) -> None:
    """Requests at their times, spread over the connections in turn."""
    begun = time.perf_counter()
    count, total = 0, round(run.load.rate * run.load.seconds)
    while count < total:
        now = time.perf_counter()
        while count < total and begun + count / run.load.rate <= now:
            lines[count % len(lines)].ask(begun + count / run.load.rate)
            count += 1
        await asyncio.sleep(TICK_S)


async def _drive(load: Load) -> Measured:
    run = Run(load)
    lines = await _connect(run)
    if load.kind == "idle":
        for line in lines:
            line.ping()
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.read)
        return Measured([], 0, 0, 0, len(lines), len(lines), run.failed, 0)
    begun = time.perf_counter()
    if load.rate:
        await _on_time(run, lines)
    else:
        for line in lines:
            line.ask(begun)
        await asyncio.sleep(load.seconds * load.windows)
    run.going = False
    for _ in range(DRAIN_TICKS):
        if len(run.delays) + run.failed >= run.sent:
            break
        await asyncio.sleep(0.02)
    if run.first_failure:
        print(run.first_failure.decode("latin-1"), file=sys.stderr)
    width = load.seconds
    edges = [begun + width * n for n in range(load.windows + 1)]
    rates = [sum(low <= end < high for end in run.ends) / width for low, high in itertools.pairwise(edges)]
    used = resource.getrusage(resource.RUSAGE_SELF)
    return Measured(
        rates=rates,
        p50=_percentile(run.delays, 0.50),
        p95=_percentile(run.delays, 0.95),
        p99=_percentile(run.delays, 0.99),
        sent=run.sent,
        answered=len(run.delays),
        failed=run.sent - len(run.delays),
        cpu_s=round(used.ru_utime + used.ru_stime, 2),
        elapsed_s=round(max(run.ends, default=begun) - begun, 3),
    )


def _percentile(seconds: list[float], part: float) -> float:
    """Milliseconds."""
    ranked = sorted(seconds) or [0.0]
    return round(ranked[min(len(ranked) - 1, int(len(ranked) * part))] * 1000, 2)


def _loop() -> asyncio.AbstractEventLoop:
    """uvloop where it is installed: the load shall not be what is measured."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    made: asyncio.AbstractEventLoop = uvloop.new_event_loop()
    return made


def main() -> None:
    """One load."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    load = msgspec.json.decode(sys.stdin.readline(), type=Load)
    with asyncio.Runner(loop_factory=_loop) as runner:
        measured = runner.run(_drive(load))
    print(msgspec.json.encode(measured).decode(), flush=True)


if __name__ == "__main__":
    main()
