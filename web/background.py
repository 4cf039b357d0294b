"""What every worker does besides answering: follow the bus, end overdue attempts, deliver scores.

Any number of workers may run these at once: rows are taken with SKIP LOCKED, and a failure is logged and tried again.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable

import httpx
import structlog

from exam_engine.service.finish import expire_overdue
from exam_engine.service.hand_over import BATCH, deliver_due
from web.seat import Seats
from web.watching import ended, forget_pictures
from web.wiring import Deps

log = structlog.get_logger(__name__)

SWEEP_S = 0.5  # an attempt ends at most a second after its deadline
SWEEP_BATCH = 25
DELIVERY_POLL_S = 2.0
DELIVERY_TIMEOUT_S = 10.0


async def run_background(deps: Deps, seats: Seats) -> None:
    """Run until cancelled."""
    async with asyncio.TaskGroup() as group:
        group.create_task(_for_ever(seats.follow_bus), name="seats")
        group.create_task(_for_ever(lambda: _sweep(deps)), name="sweeper")
        if deps.settings.handover_url:
            group.create_task(_for_ever(lambda: _deliver(deps)), name="hand-over")


async def _for_ever(work: Callable[[], Awaitable[None]]) -> None:
    while True:
        try:
            await work()
        except Exception as error:
            log.warning("background-task-failed", error=repr(error))
            await asyncio.sleep(1)


async def _sweep(deps: Deps) -> None:
    async with deps.unit() as unit:
        overdue = await expire_overdue(unit, deps.marking, SWEEP_BATCH)
        sessions = {attempt_id: (await unit.attempts.get(attempt_id)).session_id for attempt_id in overdue}
        for attempt_id, session_id in sessions.items():
            await ended(unit, attempt_id, session_id, now=deps.clock())
    await forget_pictures(deps.frames, overdue)
    for attempt_id, session_id in sessions.items():
        await deps.bus.publish(f"seat.{attempt_id}", {"kind": "state"})
        await deps.bus.publish(f"proctor.{session_id}", {"kind": "candidate", "attempt": str(attempt_id)})
    if len(overdue) < SWEEP_BATCH:
        await asyncio.sleep(SWEEP_S)


async def _deliver(deps: Deps) -> None:
    url = deps.settings.handover_url
    assert url is not None, "the task is started only with an address"
    async with httpx.AsyncClient(timeout=DELIVERY_TIMEOUT_S, trust_env=False) as client:

        async def post(body: bytes, headers: dict[str, str]) -> str | None:
            try:
                answer = await client.post(url, content=body, headers=headers)
            except httpx.HTTPError as error:
                return type(error).__name__
            return None if answer.status_code == 200 else f"{answer.status_code} {answer.text[:200]}"

        while True:
            async with deps.unit() as unit:
                delivered, failed = await deliver_due(
                    unit,
                    post=post,
                    key=deps.marking.signing_key,
                    source=deps.settings.base_url,
                    now=deps.clock(),
                    jitter=secrets.randbelow(1000) / 1000,
                )
            if delivered or failed:
                log.info("hand-over", delivered=delivered, failed=failed)
            if delivered < BATCH:
                await asyncio.sleep(DELIVERY_POLL_S if not failed else 1.0)
