"""`ombilin rehearse`: a session of its own, robots over the real protocol, and a reconciliation of every promise.

The robots journal what they were told, outside the system; afterwards the journal and the database are compared both
ways. With no database configured, a temporary embedded system is started and thrown away.
"""

from __future__ import annotations

import asyncio
import secrets
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import msgspec
import numpy as np
import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from exam_engine.domain.records import Exam, Participant, Session
from exam_engine.service.seat import pin_digest
from kit.clock import utc_now
from kit.embedded import EmbeddedPostgres
from kit.errors import Unavailable
from kit.postgres import Connection, open_connection
from kit.settings import read_settings
from kit.signing import derive_key
from scripts.commands.demo import load_bank
from scripts.commands.recompute import mismatches
from scripts.commands.rehearsal_robot import Journal, Robot, Temper
from web.settings import Settings
from web.wiring import Unit, migrate_all

ITEMS = 110
PIN = "REHEARSE"
GRACE_S = 20  # how long after the deadline the last attempt must have ended
READY_TRIES = 200


@dataclass
class Report:
    """What is printed; milliseconds."""

    candidates: int
    minutes: float
    started: int
    submitted: int
    expired: int
    acked: int
    stored: int
    lost: int
    doubled: int
    accepted_late: int
    refused_late: int
    rejected: int
    retried: int
    scores: int
    score_mismatches: int
    ack_p50_ms: float
    ack_p95_ms: float
    ack_p99_ms: float
    start_p95_ms: float
    start_p99_ms: float
    failures: list[str]

    @property
    def holds(self) -> bool:
        """Whether every promise was kept."""
        broken = self.lost + self.doubled + self.accepted_late + self.score_mismatches + len(self.failures)
        return broken == 0 and self.started == self.scores == self.candidates


async def rehearse(environ: Mapping[str, str], candidates: int, minutes: float, *, as_json: bool) -> None:
    """Rehearse and print the report; exit status 1 when a promise was broken."""
    async with _system(environ) as settings:
        report = await _rehearse(settings, candidates, minutes, quiet=as_json)
    if as_json:
        typer.echo(msgspec.json.encode(asdict(report) | {"holds": report.holds}).decode())
    else:
        table = Table("figure", "value", title="Rehearsal")
        for name, value in asdict(report).items():
            table.add_row(name, str(value))
        Console().print(table)
    if not report.holds:
        raise typer.Exit(1)


@asynccontextmanager
async def _system(environ: Mapping[str, str]) -> AsyncIterator[Settings]:
    if "OMBILIN_DATABASE_URL" in environ:
        yield read_settings(Settings, environ)
        return
    with tempfile.TemporaryDirectory(prefix="ombilin-rehearsal-") as folder:
        server = EmbeddedPostgres(Path(folder))
        own = {
            "OMBILIN_DATABASE_URL": server.start(),
            "OMBILIN_SECRET_KEY": secrets.token_hex(32),
            "OMBILIN_SIGNING_KEY": secrets.token_hex(32),
            "OMBILIN_PORT": str(_free_port()),
            "OMBILIN_LOG_LEVEL": "warning",
        }
        own["OMBILIN_BASE_URL"] = f"http://127.0.0.1:{own['OMBILIN_PORT']}"
        settings = read_settings(Settings, own)
        connection = await open_connection(settings.database_url)
        await migrate_all(connection)
        await connection.close()
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "scripts.cli", "serve", env={**environ, **own}
        )
        try:
            await _wait_ready(settings.base_url, process)
            yield settings
        finally:
            if process.returncode is None:
                process.terminate()
                await process.wait()
            server.erase()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def _wait_ready(base_url: str, process: asyncio.subprocess.Process) -> None:
    async with httpx.AsyncClient(trust_env=False) as http:
        for _ in range(READY_TRIES):
            if process.returncode is not None:
                break  # it said why on standard error
            try:
                if (await http.get(f"{base_url}/readyz")).status_code == 200:
                    return
            except httpx.HTTPError:
                pass
            await asyncio.sleep(0.1)
    raise Unavailable(retry_after_s=5)


async def _prepare(settings: Settings, connection: Connection, candidates: int, minutes: int) -> tuple[UUID, list[str]]:
    now = utc_now()
    tag = secrets.token_hex(3)
    exam = Exam(
        id=uuid4(),
        code=f"REHEARSAL-{tag}",
        title={"id": "Gladi", "en": "Rehearsal"},
        instructions={"id": [], "en": []},
        blueprint="skd",
        rule_pack="skd-2024",
        minutes=minutes,
        board=True,
        proctoring={"camera": False},
    )
    session = Session(uuid4(), exam.id, f"REHEARSAL-{tag}", now - timedelta(minutes=1), now + timedelta(hours=2))
    numbers = [f"R-{tag}-{n:05}" for n in range(candidates)]
    pin_key = derive_key(settings.secret_key, "pin")
    async with connection.transaction():
        unit = Unit(connection)
        await load_bank(unit)
        await unit.exams.add_exam(exam, now)
        await unit.exams.add_session(session)
        await unit.exams.add_participants(
            [
                Participant(uuid4(), session.id, number, "Robot", pin_digest(pin_key, number, PIN), "general", "-", 0)
                for number in numbers
            ]
        )
    return session.id, numbers


def _temper(place: int, minutes: float) -> Temper:
    slow = place % 5 == 0
    return Temper(
        socket=place % 2 == 0,
        offline=place % 7 == 3,
        repeats=place % 6 == 1,
        wavers=place % 4 == 2,
        slow=slow,
        think_s=minutes * 60 * (1.3 if slow else 0.7) / ITEMS,
    )


async def _rehearse(settings: Settings, candidates: int, minutes: float, *, quiet: bool) -> Report:
    connection = await open_connection(settings.database_url)
    try:
        whole_minutes = max(1, round(minutes))
        session_id, numbers = await _prepare(settings, connection, candidates, whole_minutes)
        journal = Journal()
        with Progress(disable=quiet, transient=True) as progress:
            bar = progress.add_task("candidates", total=candidates)

            async def one(place: int, number: str) -> None:
                temper = _temper(place, whole_minutes)
                await Robot(settings.base_url, number, PIN, temper, journal, seed=place).take()
                progress.advance(bar)

            await asyncio.gather(*(one(place, number) for place, number in enumerate(numbers)))
        await _wait_ended(connection, session_id)
        return await _reconcile(connection, session_id, journal, candidates, whole_minutes)
    finally:
        await connection.close()


async def _wait_ended(connection: Connection, session_id: UUID) -> None:
    running = "select count(*) from exam.attempt where session_id = $1 and status = 'active'"
    for _ in range(GRACE_S * 5):
        if not await connection.fetchval(running, session_id):
            return
        await asyncio.sleep(0.2)


async def _reconcile(
    connection: Connection, session_id: UUID, journal: Journal, candidates: int, minutes: float
) -> Report:
    attempts = await connection.fetch(
        "select id, status, deadline_at from exam.attempt where session_id = $1 and started_at is not null", session_id
    )
    deadlines = {row["id"]: row["deadline_at"] for row in attempts}
    events = await connection.fetch(
        "select e.attempt_id, e.client_id, e.client_seq, e.item_version_id, e.revision, e.server_at,"
        " e.payload #>> '{base,identifier}' as chosen"
        " from exam.event e join exam.attempt a on a.id = e.attempt_id"
        " where a.session_id = $1 and e.kind = 'responded'",
        session_id,
    )
    stored = [
        (e["attempt_id"], e["client_id"], e["client_seq"], str(e["item_version_id"]), e["revision"], e["chosen"])
        for e in events
    ]
    kept = set(stored)
    scores, wrong = await mismatches(connection, session_id)
    statuses = [row["status"] for row in attempts]
    return Report(
        candidates=candidates,
        minutes=minutes,
        started=len(attempts),
        submitted=statuses.count("submitted"),
        expired=statuses.count("expired"),
        acked=len(journal.acked),
        stored=len(stored),
        lost=sum(each not in kept for each in journal.acked),
        doubled=len(stored) - len({each[:3] for each in stored}),
        accepted_late=sum(e["server_at"] > deadlines[e["attempt_id"]] for e in events),
        refused_late=journal.late,
        rejected=journal.rejected,
        retried=journal.retried,
        scores=scores,
        score_mismatches=len(wrong),
        ack_p50_ms=_percentile(journal.ack_s, 50),
        ack_p95_ms=_percentile(journal.ack_s, 95),
        ack_p99_ms=_percentile(journal.ack_s, 99),
        start_p95_ms=_percentile(journal.start_s, 95),
        start_p99_ms=_percentile(journal.start_s, 99),
        failures=(journal.failures + wrong)[:20],
    )


def _percentile(seconds: list[float], percent: float) -> float:
    return round(float(np.percentile(seconds, percent)) * 1000, 1) if seconds else 0.0
