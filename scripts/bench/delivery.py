"""The figures of delivery, each against its goal and against the naive design in the same run."""

from __future__ import annotations

import os
import platform
import sys
from statistics import median
from typing import Literal

import msgspec

from kit.http.serving import ServerName
from scripts.bench.load import Measured
from scripts.bench.rig import Rig, Seat, say, start_load

# Moodle 4.4 on the same class of machine and PostgreSQL, measured once and quoted: it cannot be run here
MOODLE_SAVES, MOODLE_STARTS = 38.8, 17.0


class Size(msgspec.Struct, frozen=True):
    """How much is measured."""

    clients: int
    connected: int
    starts: int
    idle: int
    windows: int
    window_s: float
    open_s: float
    quick: bool = False


FULL = Size(clients=1000, connected=4000, starts=5000, idle=5000, windows=5, window_s=2.0, open_s=10.0)
QUICK = Size(clients=100, connected=200, starts=200, idle=200, windows=2, window_s=0.5, open_s=2.0, quick=True)


class Figure(msgspec.Struct, frozen=True):
    """One line of the table: `value` should be at least or at most `goal`; `ratio` is against the naive design."""

    name: str
    value: float
    unit: str
    bound: Literal[">=", "<="]
    goal: float
    naive: float | None = None
    detail: str = ""

    @property
    def ratio(self) -> float | None:
        """How many times better than the naive design."""
        if not self.naive or not self.value:
            return None
        return round(self.value / self.naive if self.bound == ">=" else self.naive / self.value, 1)

    @property
    def holds(self) -> bool:
        """Whether the goal is met."""
        return self.value >= self.goal if self.bound == ">=" else self.value <= self.goal


class Table(msgspec.Struct):
    """What is printed."""

    machine: str
    figures: list[Figure] = []
    notes: list[str] = []


class Bench:
    """`run` measures everything that the installed servers allow."""

    def __init__(self, rig: Rig, size: Size, servers: list[ServerName]) -> None:
        self._rig = rig
        self._size = size
        self._servers = servers
        self.table = Table(
            f"{platform.platform()}, Python {sys.version.split()[0]}, {os.cpu_count()} cores shared by load, server"
            f" and PostgreSQL; load average {os.getloadavg()[0]:.1f} before"
        )

    async def run(self) -> None:
        """All figures; the naive design first."""
        size = self._size
        seats = await self._rig.seats(max(size.clients, size.connected), started=True)
        naive = await self._naive(seats)
        fast: list[ServerName] = [each for each in self._servers if each != "hypercorn"]
        await self._hypercorn(seats, naive)
        for server in fast:
            await self._fast(server, seats, naive)
        for server in self._servers:
            await self._starts(server, naive)
        for server in self._servers:
            await self._idle(server, seats)

    async def _naive(self, seats: list[Seat]) -> dict[str, float]:
        size, rig = self._size, self._rig
        waiting = await rig.seats(max(20, size.starts // 50), started=False)
        await rig.make_naive([*seats, *waiting])
        targets = rig.targets(seats, naive=True)
        async with rig.server(module="scripts.bench.naive", ready="/") as server:
            closed = await rig.load(server.port, "http", targets[: size.clients], path="/naive/ops", **self._closed())
            late = await rig.load(
                server.port, "http", targets[: size.connected], path="/naive/ops", seconds=size.open_s, rate=400.0
            )
            starts = await rig.load(
                server.port,
                "start",
                rig.targets(waiting, naive=True),
                path="/naive/start",
                seconds=size.open_s,
                rate=len(waiting) / size.open_s,
            )
            herd = await rig.load(
                server.port, "start", rig.targets(seats[:200], naive=True), path="/naive/start", **_at_once(200)
            )
        self.table.notes.append(
            f"naive: closed loop {_told(closed)}; 400/s open loop {_told(late)};"
            f" {len(waiting)} starts in {size.open_s:.0f} s {_told(starts)}"
        )
        return {
            "saves": median(closed.rates),
            "p99": late.p99,
            "starts": herd.answered / herd.elapsed_s,
            "start_p95": starts.p95,
        }

    def _closed(self) -> dict[str, float]:
        return {"seconds": self._size.window_s, "windows": self._size.windows}

    async def _hypercorn(self, seats: list[Seat], naive: dict[str, float]) -> None:
        size, targets = self._size, self._rig.targets(seats)
        async with self._rig.server("serve", "--server", "hypercorn") as server:
            http = await self._rig.load(server.port, "http", targets[: size.clients], **self._closed())
            socket = await self._rig.load(server.port, "socket", targets[: size.clients], **self._closed())
            late = await self._rig.load(
                server.port, "socket", targets[: size.connected], seconds=size.open_s, rate=1500.0
            )
        self._saves("hypercorn HTTP", http, 3000, naive)
        self._saves("hypercorn WebSocket", socket, 9000, naive)
        self._late("hypercorn", 1500, late, naive)
        moodle = round(median(socket.rates) / MOODLE_SAVES, 1)
        self._add(
            Figure("saves against Moodle (quoted: 38.8/s)", moodle, "x", ">=", 100, detail="WebSocket on Hypercorn")
        )

    async def _fast(self, name: ServerName, seats: list[Seat], naive: dict[str, float]) -> None:
        size, targets = self._size, self._rig.targets(seats)
        async with self._rig.server("serve", "--server", name) as server:
            http = await self._rig.load(server.port, "http", targets[: size.clients], **self._closed())
            late = await self._rig.load(
                server.port, "http", targets[: size.connected], seconds=size.open_s, rate=5000.0
            )
        async with self._rig.server("serve", "--server", name, "--workers", "2") as server:
            two = await self._rig.load(server.port, "http", targets[: size.clients], **self._closed())
        self._saves(f"{name} HTTP", http, 12_000, naive)
        self._saves(f"{name} HTTP, 2 workers", two, 20_000, naive)
        self._late(name, 5000, late, naive)

    async def _starts(self, name: ServerName, naive: dict[str, float]) -> None:
        size = self._size
        seats = await self._rig.seats(size.starts, started=False)
        herd_seats = await self._rig.seats(min(1000, size.starts), started=False)
        async with self._rig.server("serve", "--server", name) as server:
            storm = await self._rig.load(
                server.port, "start", self._rig.targets(seats), seconds=size.open_s, rate=len(seats) / size.open_s
            )
            herd = await self._rig.load(
                server.port, "start", self._rig.targets(herd_seats), **_at_once(len(herd_seats))
            )
        what = f"{name}: {len(seats)} starts in {size.open_s:.0f} s"
        naive_p95 = naive["start_p95"]
        self._add(Figure(f"{what}, p95", storm.p95, "ms", "<=", 20, naive_p95, _told(storm)))
        self._add(Figure(f"{what}, p99", storm.p99, "ms", "<=", 250))
        rate = herd.answered / herd.elapsed_s
        detail = f"{len(herd_seats)} at once: {rate:.0f}/s, {_told(herd)}; naive {naive['starts']:.0f}/s"
        self._add(
            Figure(
                f"{name}: starts against Moodle (quoted: 17/s)",
                round(rate / MOODLE_STARTS, 1),
                "x",
                ">=",
                100,
                round(naive["starts"] / MOODLE_STARTS, 2),
                detail,
            )
        )

    async def _idle(self, name: ServerName, seats: list[Seat]) -> None:
        targets = (self._rig.targets(seats) * 2)[: self._size.idle]
        async with self._rig.server("serve", "--server", name) as server:
            await self._rig.load(server.port, "http", targets[:50], seconds=0.5)
            before = server.resident_kb()
            holding = await start_load(self._rig.load_of(server.port, "idle", targets, offer=True))
            assert holding.stdout is not None, "a pipe"
            await holding.stdout.readline()
            each = (server.resident_kb() - before) / len(targets)
            await holding.communicate(b"")  # the end of its input lets it go
        self._add(Figure(f"{name}: memory of an idle WebSocket, of {len(targets)}", round(each, 1), "kB", "<=", 40))

    def _add(self, figure: Figure) -> None:
        self.table.figures.append(figure)
        met = "met" if figure.holds else "missed"
        say(f"{figure.name}: {figure.value:g} {figure.unit} ({figure.bound} {figure.goal:g} {met}) {figure.detail}")

    def _saves(self, what: str, measured: Measured, goal: float, naive: dict[str, float]) -> None:
        rate = round(median(measured.rates))
        self._add(Figure(f"durable saves/s, {what}", rate, "/s", ">=", goal, round(naive["saves"]), _told(measured)))

    def _late(self, name: str, rate: int, measured: Measured, naive: dict[str, float]) -> None:
        what = f"{name}: p99 of {self._size.connected} connected, {rate} saves/s"
        self._add(Figure(what, measured.p99, "ms", "<=", 25, naive["p99"], _told(measured)))


def _at_once(count: int) -> dict[str, float]:
    """Everybody in the same moment."""
    return {"rate": 1e6, "seconds": count / 1e6}


def _told(measured: Measured) -> str:
    rates = ", ".join(f"{rate:.0f}" for rate in measured.rates)
    return (
        f"{rates}/s; p50 {measured.p50} p95 {measured.p95} p99 {measured.p99} ms; {measured.sent} sent,"
        f" {measured.failed} failed; load used {measured.cpu_s} s of CPU"
    )
