"""Runs one plan: a system, a proxy before it, robots at work, the fault, the reconciliation."""

from __future__ import annotations

import os
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from kit.clock import utc_now
from kit.postgres import Connection, open_connection
from scripts.faults.proxy import Proxy
from scripts.faults.stage import Plan, Stage
from scripts.faults.times import CLOCK_LIMIT_MS
from scripts.robots.crowd import Crowd
from scripts.robots.orders import Orders
from scripts.robots.pictures import make_pictures, make_poison
from scripts.robots.reconcile import Reconciliation, percentile, reconcile
from scripts.robots.sitting import PIN, prepare, wait_overdue_ended
from scripts.robots.system import System

MINUTES = 1  # each tenth candidate's whole time: some run out of it while things break
SHORT_EVERY = 10
OPERATIONS_PER_S = 400  # of the whole crowd: dense enough that a loss would be seen
ENDED_WITHIN_S = 20.0
RACE_SENDS = 50  # of each candidate: 10,000 of 200
RACE_READY_S, RACE_READY_EACH_S = 6.0, 0.05


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the result. `verdict`: held, broken, not permitted here; of the control run: loses, does not lose."""

    plan: str
    breaks: str
    verdict: str
    candidates: int = 0
    seed: int = 0
    points_at_s: list[float] = []
    recovered_s: list[float] = []
    broken: list[str] = []
    beyond_limits: list[str] = []
    facts: dict[str, Any] = {}
    counted: Reconciliation | None = None

    @property
    def failed(self) -> bool:
        """Whether a promise broke; a control run is reported and never fails."""
        return self.verdict == "broken"


async def run_plan(plan: Plan, *, candidates: int, points: int, seed: int, system: System | None = None) -> Outcome:
    """Run a plan on a system of its own, or on one that is there and has what the plan needs."""
    reason = plan.forbidden()
    if reason:
        return Outcome(plan=plan.name, breaks=plan.breaks, verdict="not permitted here", facts={"reason": reason})
    async with AsyncExitStack() as stack:
        if system is None:
            system = await stack.enter_async_context(System(plan.needs))
        assert system.needs == plan.needs, "a plan runs on what it needs"
        chance = np.random.Generator(np.random.PCG64(seed))
        proxy = await stack.enter_async_context(Proxy(system.ports, chance))
        connection = await open_connection(system.settings.database_url)
        try:
            sitting = await prepare(
                connection,
                system.settings,
                candidates,
                minutes=MINUTES,
                now=utc_now(),
                camera=bool(plan.orders.get("frames_s")),
                short_every=SHORT_EVERY,
            )
        finally:
            await connection.close()
        stage = Stage(system, proxy, chance, points, sitting.session_id)
        orders = _orders(plan, proxy.url, sitting.numbers, seed, system.folder)
        async with Crowd(orders, system.folder, processes=os.cpu_count() or 1) as crowd:
            await crowd.ready()
            if plan.race:
                await _set_deadline(stage, orders.race_at)
            await plan.strike(stage)
            await crowd.finish()
        connection = await stage.connect()
        try:
            await wait_overdue_ended(connection, sitting.session_id, ENDED_WITHIN_S)
            counted = await reconcile(connection, sitting.session_id, crowd.journals)
        finally:
            await connection.close()
    return _outcome(plan, stage, counted, candidates, seed)


def _orders(plan: Plan, url: str, numbers: list[str], seed: int, folder: Path) -> Orders:
    changes = dict(plan.orders)
    pictures = make_pictures(folder) if changes.get("frames_s") else []
    if changes.pop("poison", False):
        pictures += make_poison(folder)
    log_in_s = max(1.0, len(numbers) / 100)
    starts_at = utc_now().timestamp() + log_in_s + 0.5
    if plan.race:
        changes["race_at"] = starts_at + log_in_s + RACE_READY_S + RACE_READY_EACH_S * len(numbers)
        changes["race_sends"] = RACE_SENDS
    think_s = max(0.2, len(numbers) / OPERATIONS_PER_S)
    fixed: dict[str, Any] = {"submits": max(1, len(numbers) // 100), "offline_s": 3.0}
    return Orders(
        base_url=url,
        numbers=numbers,
        pin=PIN,
        journal="",
        seed=seed,
        starts_at=starts_at,
        log_in_s=log_in_s,
        storm_s=log_in_s,
        think_s=(think_s * 0.5, think_s * 1.5),
        until="stop",
        pictures=pictures,
        **(fixed | changes),
    )


async def _set_deadline(stage: Stage, at: float) -> None:
    connection: Connection = await stage.connect()
    try:
        moved = "update exam.attempt set deadline_at = to_timestamp($2::float8) where session_id = $1"
        await connection.execute(moved, stage.session_id, at)
    finally:
        await connection.close()


def _outcome(plan: Plan, stage: Stage, counted: Reconciliation, candidates: int, seed: int) -> Outcome:
    broken = counted.broken() + stage.broken
    beyond = []
    if plan.recover_ms and counted.reconnect_p99_ms > plan.recover_ms:
        beyond.append(f"reconnect p99 {counted.reconnect_p99_ms:.0f} ms > {plan.recover_ms:.0f} ms")
    if plan.name == "clock-jump" and counted.clock_error_ms > CLOCK_LIMIT_MS:
        beyond.append(f"the time told was wrong by {counted.clock_error_ms:.0f} ms > {CLOCK_LIMIT_MS:.0f} ms")
    verdict = "broken" if broken else "held"
    if plan.control:
        verdict = "loses, as it must" if counted.lost else "does not lose: the oracle is not proven"
    return Outcome(
        plan=plan.name,
        breaks=plan.breaks,
        verdict=verdict,
        candidates=candidates,
        seed=seed,
        points_at_s=stage.moments,
        recovered_s=stage.recoveries,
        broken=[] if plan.control else broken,
        beyond_limits=beyond,
        facts=stage.facts | {"recovery_p99_s": percentile(stage.recoveries, 99) / 1000},
        counted=counted,
    )
