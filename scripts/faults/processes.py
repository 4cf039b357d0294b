"""Processes that die or are replaced."""

from __future__ import annotations

import asyncio
import os
import signal
import time

from scripts.faults.stage import Stage
from scripts.robots.machine import tree
from scripts.robots.system import is_ready

MEASURES_S = 10.0  # a vision worker must measure again within


async def kill_worker(stage: Stage) -> None:
    """kill -9 of the web worker."""
    for _ in range(stage.points):
        await stage.moment()
        stage.system.kill_server()
        await stage.measure(stage.system.ready())
    await stage.settle()


async def kill_postgres(stage: Stage) -> None:
    """kill -9 of every PostgreSQL process; started again as by a service manager."""
    for _ in range(stage.points):
        await stage.moment()
        await asyncio.to_thread(stage.system.postgres.kill)
        await stage.measure(_start_postgres(stage))
    await stage.settle()


async def _start_postgres(stage: Stage) -> None:
    await asyncio.to_thread(stage.system.postgres.start)
    await stage.system.ready()


async def kill_valkey(stage: Stage) -> None:
    """kill -9 of the Redis-compatible server that carries the live views."""
    assert stage.system.valkey is not None, "the plan needs it"
    for _ in range(stage.points):
        await stage.moment()
        stage.system.valkey.signal(signal.SIGKILL)
        await stage.measure(stage.system.ready())
    await stage.settle()


async def kill_vision(stage: Stage) -> None:
    """kill -9 of the vision worker; it must measure again, and the answers must not notice."""
    assert stage.system.vision is not None, "the plan needs it"
    for _ in range(stage.points):
        await stage.moment()
        stage.system.vision.signal(signal.SIGKILL)
        await stage.measure(_measures_again(stage))
    await stage.settle()


async def _measures_again(stage: Stage) -> None:
    connection = await stage.connect()
    since = await connection.fetchval("select clock_timestamp()")
    newer = "select count(*) from proctor.measurement where at > $1"
    until = time.monotonic() + MEASURES_S
    try:
        while not await connection.fetchval(newer, since):
            if time.monotonic() > until:
                stage.broken.append(f"no frame was measured within {MEASURES_S:.0f} s")
                return
            await asyncio.sleep(0.1)
    finally:
        await connection.close()


async def poison_frame(stage: Stage) -> None:
    """Crafted pictures among the frames, and a decoder process that dies of one (SIGKILL stands for the crash)."""
    assert stage.system.vision is not None, "the plan needs it"
    for _ in range(stage.points):
        await stage.moment()
        worker = set(stage.system.vision.pids)
        decoders = tree(worker) - worker
        for pid in decoders:
            os.kill(pid, signal.SIGKILL)
        await stage.measure(_measures_again(stage))
        if set(stage.system.vision.pids) != worker:
            stage.broken.append("the vision worker died with its decoder")
    stage.facts["decoders_killed"] = stage.points
    await stage.settle()


async def rolling_restart(stage: Stage) -> None:
    """SIGTERM to one worker after the other, the proxy sending new connections elsewhere."""
    for _ in range(stage.points):
        for place, port in enumerate(stage.system.ports):
            await stage.moment()
            stage.proxy.drain(port)
            await stage.measure(_replace(stage, place))
            stage.proxy.restore(port)
    await stage.settle()


async def _replace(stage: Stage, place: int) -> None:
    server = stage.system.servers[place]
    starts = server.starts
    server.signal(signal.SIGTERM)
    until = time.monotonic() + 60
    while server.starts == starts and time.monotonic() < until:  # noqa: ASYNC110  # another process decides
        await asyncio.sleep(0.05)
    if not await is_ready(stage.system.ports[place], 60):
        stage.broken.append(f"worker {place} did not come back")


async def failover(stage: Stage) -> None:
    """kill -9 of the primary, promotion of its synchronous standby; the workers follow by themselves."""
    assert stage.system.replica is not None, "the plan needs it"
    await stage.moment()
    await asyncio.to_thread(stage.system.postgres.kill)
    await stage.measure(_promote(stage))
    await stage.settle()


async def _promote(stage: Stage) -> None:
    assert stage.system.replica is not None, "checked by the caller"
    await asyncio.to_thread(stage.system.replica.promote)
    await stage.system.ready()
