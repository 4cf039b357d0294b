"""`ombilin rehearse`: a session of its own, robots over the real protocol, and a reconciliation of every promise.

The robots journal what they were told, outside the system; afterwards the journal and the database are compared both
ways. With no database configured, a temporary embedded system is started and thrown away.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from kit.clock import utc_now
from kit.postgres import open_connection
from kit.settings import read_settings
from scripts.commands.rehearsal_page import page
from scripts.commands.rehearsal_verdict import Verdict, judge
from scripts.robots.crowd import Crowd
from scripts.robots.journal import Acked
from scripts.robots.machine import Meter, Sample
from scripts.robots.orders import Orders
from scripts.robots.pictures import make_pictures
from scripts.robots.reconcile import Reconciliation, Records, reconcile
from scripts.robots.sitting import PIN, prepare, wait_overdue_ended
from scripts.robots.system import Needs, System, end_at_sigterm
from web.settings import Settings

GRACE_S = 20  # how long after the deadline the last attempt must have ended
SPARE_S = 300.0  # for logging in and for draining, beside the exam itself
FRAME_S = 5.0
LOG_INS_PER_S = 15  # the waiting room fills in the minutes before T0; that is no storm
SET_UP_S = 6.0  # to write the session and to start the robots


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked for on the command line."""

    candidates: int
    minutes: float
    think_s: tuple[float, float]
    storm_s: float
    proctoring: bool
    seed: int
    expected: int
    report: Path | None = None


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What is printed, beside the reconciliation; costs are None where the server's processes are out of reach."""

    candidates: int
    minutes: float
    seed: int
    acks_per_s: float
    cpu_ms_per_candidate: float | None
    cpu_ms_per_ack: float | None
    cpu_cores: float | None
    memory_kb_per_candidate: float | None
    verdict: Verdict


def parse_think(text: str) -> tuple[float, float]:
    """`5-40` -> (5.0, 40.0); raises typer's error for people."""
    low, dash, high = text.partition("-")
    try:
        span = (float(low), float(high if dash else low))
    except ValueError as error:
        raise typer.BadParameter("write it like 5-40, in seconds") from error
    if not 0 < span[0] <= span[1]:
        raise typer.BadParameter("the first must be above 0 and not above the second")
    return span


async def rehearse(environ: Mapping[str, str], wish: Wish, *, as_json: bool) -> None:
    """Rehearse and print the report; exit status 1 when a promise was broken."""
    end_at_sigterm()
    with tempfile.TemporaryDirectory(prefix="ombilin-rehearsal-") as folder:
        async with _system(environ, wish) as (settings, pids):
            counted, report, samples, journals = await _rehearse(settings, wish, Path(folder), pids)
        if wish.report is not None:
            records = Records(journals)
            wish.report.write_text(page(counted, report, records, samples), encoding="utf-8")
    told: dict[str, Any] = msgspec.to_builtins(report) | msgspec.to_builtins(counted)
    told["holds"] = not counted.broken() and counted.started == counted.scores == wish.candidates
    if as_json:
        typer.echo(msgspec.json.encode(told).decode())
    else:
        table = Table("figure", "value", title="Rehearsal")
        for name, value in told.items():
            if name != "verdict":
                table.add_row(name, str(value))
        Console().print(table)
        typer.echo(report.verdict.words)
    if not told["holds"]:
        raise typer.Exit(1)


@asynccontextmanager
async def _system(environ: Mapping[str, str], wish: Wish) -> AsyncIterator[tuple[Settings, Any]]:
    if "OMBILIN_DATABASE_URL" in environ:
        yield read_settings(Settings, environ), lambda: ()
        return
    async with System(Needs(vision=wish.proctoring), environ) as system:
        yield system.settings, system.pids


async def _rehearse(
    settings: Settings, wish: Wish, folder: Path, pids: Any
) -> tuple[Reconciliation, Report, list[Sample], list[Path]]:
    connection = await open_connection(settings.database_url)
    try:
        log_in_s = max(1.0, wish.candidates / LOG_INS_PER_S)
        begins = utc_now() + timedelta(seconds=log_in_s + SET_UP_S)
        sitting = await prepare(
            connection,
            settings,
            wish.candidates,
            minutes=max(1, round(wish.minutes)),
            now=utc_now(),
            camera=wish.proctoring,
            starts_at=begins,
        )
        orders = Orders(
            base_url=settings.base_url,
            numbers=sitting.numbers,
            pin=PIN,
            journal="",
            seed=wish.seed,
            starts_at=begins.timestamp(),
            sealed=True,
            log_in_s=log_in_s,
            storm_s=wish.storm_s,
            think_s=wish.think_s,
            frames_s=FRAME_S if wish.proctoring else 0.0,
            pictures=make_pictures(folder) if wish.proctoring else [],
        )
        async with (
            Meter(pids, lambda: utc_now().timestamp()) as meter,
            Crowd(orders, folder, processes=os.cpu_count() or 1) as crowd,
        ):
            await crowd.ready()
            await crowd.done(wish.minutes * 60 + 60 + SPARE_S)
            await wait_overdue_ended(connection, sitting.session_id, GRACE_S)
        counted = await reconcile(connection, sitting.session_id, crowd.journals)
        report = _report(wish, counted, meter, Records(crowd.journals).of(Acked))
        return counted, report, meter.samples, crowd.journals
    finally:
        await connection.close()


def _report(wish: Wish, counted: Reconciliation, meter: Meter, acked: list[Acked]) -> Report:
    seconds = max((each.at for each in acked), default=0) - min((each.at for each in acked), default=0)
    measured = meter.samples[-1].memory > 0
    span_s = meter.samples[-1].at - meter.samples[0].at
    return Report(
        candidates=wish.candidates,
        minutes=wish.minutes,
        seed=wish.seed,
        acks_per_s=round(len(acked) / seconds, 1) if seconds else 0.0,
        cpu_ms_per_candidate=round(meter.cpu_s / wish.candidates * 1000, 1) if measured else None,
        cpu_ms_per_ack=round(meter.cpu_s / max(1, len(acked)) * 1000, 2) if measured else None,
        cpu_cores=round(meter.cpu_s / max(1.0, span_s), 2) if measured else None,
        memory_kb_per_candidate=round(meter.grown / wish.candidates / 1024, 1) if measured else None,
        verdict=judge(counted, candidates=wish.candidates, expected=wish.expected),
    )
