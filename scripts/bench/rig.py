"""What `ombilin bench` measures: a durable PostgreSQL, thousands of seats, servers as processes, loads as processes."""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, ClassVar
from uuid import UUID, uuid4

import asyncpg
import httpx
import msgspec
from rich.console import Console

from exam_engine.domain.attempt import Status
from exam_engine.domain.records import Attempt, Exam, Participant, Session
from exam_engine.service.start import Drawn, Wanted, draw, prepare, start_many
from item_bank.service import catalog
from kit.clock import milliseconds, utc_now
from kit.embedded import EmbeddedPostgres
from kit.errors import Fault
from kit.postgres import open_connection
from kit.signing import derive_key
from scripts.bench.load import Load, Measured, Target
from scripts.bench.naive import SCHEMA
from scripts.commands.demo import load_bank
from scripts.lifeline import SUPERVISED
from web.seat import SeatToken
from web.wiring import Unit, load_rule_packs, migrate_all

READY_TRIES = 600
BATCH = 200
_console = Console(stderr=True)
ANSWERED_ITEMS = 12  # of each seat, in turn
STOP_S = 20.0


@dataclass(eq=False)
class PartFailed(Fault):
    """A server or a load ended by itself."""

    part: str
    told: str
    key: ClassVar[str] = "part-failed"


class Seat(msgspec.Struct, frozen=True):
    """A seat of the session: its token, and what the naive design calls it."""

    token: SeatToken
    answers: tuple[tuple[str, str], ...]


class Rig:
    """Build it with `open_rig`."""

    def __init__(self, url: str, folder: Path) -> None:
        self.environ = {
            **os.environ,
            SUPERVISED: "1",
            "OMBILIN_DATABASE_URL": url,
            "OMBILIN_SECRET_KEY": secrets.token_hex(32),
            "OMBILIN_SIGNING_KEY": secrets.token_hex(32),
            "OMBILIN_LOG_LEVEL": "warning",
        }
        self.url = url
        self._folder = folder
        self._seat_key = derive_key(self.environ["OMBILIN_SECRET_KEY"], "seat")

    async def seats(self, count: int, *, started: bool) -> list[Seat]:
        """That many attempts of a new session: started, or waiting with their forms pinned."""
        connection = await open_connection(self.url)
        try:
            return await self._seats(connection, count, started=started)
        finally:
            await connection.close()

    async def _seats(self, connection: Any, count: int, *, started: bool) -> list[Seat]:
        now, tag, unit = utc_now(), secrets.token_hex(4), Unit(connection)
        exam = _exam(tag)
        session = Session(uuid4(), exam.id, tag, now - timedelta(minutes=1), now + timedelta(hours=8))
        attempts = [_attempt(session.id) for _ in range(count)]
        async with connection.transaction():
            await load_bank(unit)
            await unit.exams.add_exam(exam, now)
            await unit.exams.add_session(session)
            people = [_person(each, session.id, f"{tag}-{n:05}") for n, each in enumerate(attempts)]
            await unit.exams.add_participants(people)
            for each in attempts:
                await unit.attempts.add(each)
        blueprint, pool = await catalog.blueprint_pool(unit.bank, exam.blueprint)
        drawn = [draw(blueprint, pool, seed) for seed in range(min(count, 50))]
        packs, seats = load_rule_packs(), []
        for begin in range(0, count, BATCH):
            batch = attempts[begin : begin + BATCH]
            async with connection.transaction():
                if started:
                    wanted = [
                        Wanted(each.id, None, partial(_known, drawn[n % len(drawn)])) for n, each in enumerate(batch)
                    ]
                    await start_many(unit, wanted, packs)
                else:
                    for n, each in enumerate(batch):
                        await prepare(unit, each.id, partial(_known, drawn[n % len(drawn)]))
            seats += [
                Seat(SeatToken(each.id, each.seat_id, session.id), _answers(drawn[n % len(drawn)]))
                for n, each in enumerate(batch)
            ]
        return seats

    async def make_naive(self, seats: list[Seat], items: int = 330) -> None:
        """The naive design's own tables, for the same attempts."""
        connection = await asyncpg.connect(self.url)
        await connection.execute(SCHEMA)
        await connection.execute(
            "insert into naive.attempt (id, deadline_at) select id, now() + interval '8 hours' from unnest($1::uuid[])"
            " as t (id) on conflict do nothing",
            [seat.token.attempt_id for seat in seats],
        )
        await connection.execute(
            "insert into naive.item select n::text, json_build_object('stem', repeat('x', 1100)) from"
            " generate_series(1, $1::int) n on conflict do nothing",
            items,
        )
        await connection.close()

    def targets(self, seats: list[Seat], *, naive: bool = False) -> tuple[Target, ...]:
        """What the load sends as."""
        return tuple(
            Target(
                f"attempt={seat.token.attempt_id}" if naive else f"ombilin_seat={seat.token.seal(self._seat_key)}",
                seat.answers,
            )
            for seat in seats
        )

    @asynccontextmanager
    async def server(self, *words: str, module: str = "scripts.cli", ready: str = "/readyz") -> AsyncIterator[Server]:
        """A server as it is run in production."""
        port = free_port()
        say(f"server: {' '.join(words) or module}")
        told = self._folder / "server.log"
        with told.open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                module,
                *words,
                env={**self.environ, "OMBILIN_PORT": str(port), "OMBILIN_BASE_URL": f"http://127.0.0.1:{port}"},
                stdout=log,
                stderr=log,
            )
        try:
            await _wait_ready(f"http://127.0.0.1:{port}{ready}", process, told)
            yield Server(port, process)
        finally:
            if process.returncode is None:
                process.terminate()
                try:
                    await asyncio.wait_for(process.wait(), STOP_S)
                except TimeoutError:
                    process.kill()

    async def load(self, port: int, kind: str, targets: tuple[Target, ...], **wish: Any) -> Measured:
        """One load to its end."""
        say(f"load: {len(targets)} x {kind} {wish}")
        process = await start_load(self.load_of(port, kind, targets, **wish))
        told, _ = await process.communicate()
        if process.returncode:
            raise PartFailed("load", kind)
        return msgspec.json.decode(told, type=Measured)

    @staticmethod
    def load_of(port: int, kind: str, targets: tuple[Target, ...], **wish: Any) -> Load:
        """A load with the usual address of its kind."""
        paths = {"http": "/api/seat/ops", "start": "/api/seat/start?sealed=1"}
        path = wish.pop("path", paths.get(kind, "/api/seat/socket"))
        plain = {"port": port, "kind": kind, "path": path, "targets": targets, "at": float(milliseconds(utc_now()))}
        return msgspec.convert(plain | {"seconds": 1.0} | wish, Load, strict=False, from_attributes=True)


@dataclass(frozen=True)
class Server:
    """A running server."""

    port: int
    process: asyncio.subprocess.Process

    def resident_kb(self) -> int:
        """Memory of the process now (Linux)."""
        lines = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


async def start_load(load: Load) -> asyncio.subprocess.Process:
    """A load process; an idle one waits for the end of its standard input."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "scripts.bench.load",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None, "a pipe"
    process.stdin.write(msgspec.json.encode(load) + b"\n")
    await process.stdin.drain()
    return process


@asynccontextmanager
async def open_rig(folder: Path) -> AsyncIterator[Rig]:
    """An embedded PostgreSQL with the schemas of the product, thrown away at the end."""
    postgres = EmbeddedPostgres(folder)
    rig = Rig(postgres.start(), folder)
    try:
        connection = await open_connection(rig.url)
        await migrate_all(connection)
        await connection.close()
        yield rig
    finally:
        postgres.erase()


def say(what: str) -> None:
    """What is measured now, for whoever waits."""
    _console.print(f"[dim]{utc_now():%H:%M:%S} {what}[/dim]", highlight=False)


def free_port() -> int:
    """A port that nobody has now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def _wait_ready(url: str, process: asyncio.subprocess.Process, told: Path) -> None:
    async with httpx.AsyncClient(trust_env=False) as http:
        for _ in range(READY_TRIES):
            if process.returncode is not None:
                break
            try:
                if (await http.get(url)).status_code < 500:
                    return
            except httpx.HTTPError:
                pass
            await asyncio.sleep(0.05)
    raise PartFailed("server", f"see {told}")


def _known(drawn: Drawn, _seed: int) -> Drawn:
    return drawn


def _answers(drawn: Drawn) -> tuple[tuple[str, str], ...]:
    items: list[Mapping[str, Any]] = drawn.payload["items"]
    return tuple((item["version_id"], item["options"][0]) for item in items[:ANSWERED_ITEMS])


def _exam(tag: str) -> Exam:
    return Exam(
        id=uuid4(),
        code=f"BENCH-{tag}",
        title={"id": "Uji", "en": "Bench"},
        instructions={"id": [], "en": []},
        blueprint="skd",
        rule_pack="skd-2024",
        minutes=400,
        board=False,
        proctoring={"camera": False},
    )


def _attempt(session_id: UUID) -> Attempt:
    return Attempt(
        id=uuid4(),
        participant_id=uuid4(),
        session_id=session_id,
        ordinal=1,
        status=Status.PREPARING,
        seed=secrets.randbits(63),
        seat_id=uuid4(),
        created_at=utc_now(),
    )


def _person(attempt: Attempt, session_id: UUID, number: str) -> Participant:
    return Participant(attempt.participant_id, session_id, number, "Bench", bytes(32), "general", "-", 0)
