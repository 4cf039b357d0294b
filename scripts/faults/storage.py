"""A disk that is slow or full, a pool without a free connection, a server that does not wait for its disk."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

import asyncpg

from kit.errors import Fault
from scripts.faults.processes import kill_postgres
from scripts.faults.stage import Stage
from scripts.robots.machine import tree
from scripts.robots.wire import Line, LineLost

SLOW_S = 5.0
SLOW_FSYNC_US = 300_000
FULL_S = 3.0
BLOCKED_S = 5.0
ASKERS = 40  # more than the pool has connections
REFUSED_WITHIN_S = 1.0
_CSRF = re.compile(rb'name="csrf_token" value="([^"]+)"')


def no_strace() -> str:
    """Why a slow fsync cannot be made here."""
    if shutil.which("strace") is None:
        return "strace is not installed"
    done = subprocess.run(["strace", "-qq", "-o", os.devnull, "true"], capture_output=True, check=False)  # noqa: S607  # from PATH on purpose
    return "" if done.returncode == 0 else "tracing processes is not permitted"


async def slow_fsync(stage: Stage) -> None:
    """Each fdatasync of PostgreSQL takes 300 ms more."""
    for _ in range(stage.points):
        await stage.moment()
        pids = [part for pid in sorted(tree(stage.system.postgres.pids())) for part in ("-p", str(pid))]
        strace = await asyncio.create_subprocess_exec(
            "strace",
            *("-f", "-qq", "-o", os.devnull, "-e", "trace=fdatasync"),
            *("-e", f"inject=fdatasync:delay_enter={SLOW_FSYNC_US}", *pids),
        )
        await asyncio.sleep(SLOW_S)
        strace.send_signal(signal.SIGINT)
        await strace.wait()
        await stage.measure(stage.system.ready())
    await stage.settle()


async def disk_full(stage: Stage) -> None:
    """The file system of the write-ahead log has no room; PostgreSQL stops; room comes back after a while."""
    ballast = stage.system.folder / "wal" / "ballast"
    for _ in range(stage.points):
        await stage.moment()
        await asyncio.to_thread(_fill, ballast)
        stage.facts["stopped"] = stage.facts.get("stopped", 0) + int(await _stops(stage))
        await asyncio.sleep(FULL_S)
        ballast.unlink()
        await stage.measure(_restart(stage))
    await stage.settle()


def _fill(ballast: Path) -> None:
    with ballast.open("wb") as file:
        try:
            while True:
                file.write(bytes(1024 * 1024))
                file.flush()
        except OSError:
            pass  # full


async def _stops(stage: Stage) -> bool:
    """Whether the server stops of it: new segments are asked for until one cannot be made."""
    for _ in range(50):
        try:
            connection = await stage.connect()
            try:
                await connection.execute("select pg_logical_emit_message(false, '', repeat('x', 1000000))")
                await connection.execute("select pg_switch_wal()")
            finally:
                connection.terminate()
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            return True
    return False


async def _restart(stage: Stage) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            await asyncio.to_thread(stage.system.postgres.start)
            break
        except Fault:
            await asyncio.sleep(0.5)  # it is still recovering, or on its way down
    await stage.system.ready()


async def pool_exhausted(stage: Stage) -> None:
    """A lock holds every pooled connection; pages must be refused within a second while answers are stored."""
    blocker = await stage.connect()
    try:
        for _ in range(stage.points):
            await stage.moment()
            stored = await blocker.fetchval("select count(*) from exam.event")
            async with blocker.transaction():
                await blocker.execute("lock table exam.participant in access exclusive mode")
                asked = [asyncio.create_task(_ask(stage, number)) for number in range(ASKERS)]
                await asyncio.sleep(BLOCKED_S)
                answers = await blocker.fetchval("select count(*) from exam.event") - stored
            waits = await asyncio.gather(*asked)
            refused = [waited for status, waited in waits if status == 503]
            stage.facts |= {"answers_stored_meanwhile": answers, "pages_refused": len(refused)}
            stage.facts["refused_after_ms"] = round(max(refused, default=0.0) * 1000)
            if not answers:
                stage.broken.append("no answer was stored while the pool was exhausted")
            slow = sum(waited > REFUSED_WITHIN_S + BLOCKED_S / 2 for _, waited in waits)
            if slow:
                stage.facts["pages_that_waited"] = slow
    finally:
        await blocker.close()
    await stage.settle()


async def _ask(stage: Stage, number: int) -> tuple[int, float]:
    """(status, seconds) of a log-in that needs the locked table."""
    line = Line(stage.system.settings.base_url, timeout_s=60)
    try:
        await line.open()
        page = await line.request("GET", "/exam/login")
        token = _CSRF.search(page.body)
        form = f"csrf_token={token.group(1).decode() if token else ''}&number=nobody-{number}&pin=none"
        begun = time.monotonic()
        kind = {"content-type": "application/x-www-form-urlencoded"}
        answer = await line.request("POST", "/exam/login", form.encode(), kind)
        return answer.status, time.monotonic() - begun
    except LineLost:
        return 0, 0.0
    finally:
        line.abort()


async def control(stage: Stage) -> None:
    """The same kill of PostgreSQL, but commits do not wait for the disk."""
    await kill_postgres(stage)
