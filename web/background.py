"""What every worker does besides answering: follow the bus, end overdue attempts, deliver scores.

Any number of workers may run these at once: rows are taken with SKIP LOCKED, and a failure is logged and tried again.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from uuid import UUID

import httpx
import structlog

from exam_engine.service.finish import CannotExpire, expire_next
from exam_engine.service.hand_over import BATCH, deliver_due
from web.seat import Seats
from web.watching import ended, forget_pictures
from web.wiring import Deps

log = structlog.get_logger(__name__)

SWEEP_S = 0.2  # an attempt ends at most a second after its grace, with room for a slow machine
STUCK_S = 30.0  # before an attempt that could not be ended is tried again
DELIVERY_POLL_S = 2.0
DELIVERY_TIMEOUT_S = 10.0


async def run_background(deps: Deps, seats: Seats) -> None:
    """Run until cancelled."""
    async with asyncio.TaskGroup() as group:
        group.create_task(_for_ever(seats.follow_bus), name="seats")
        group.create_task(_for_ever(_Sweeper(deps).sweep), name="sweeper")
        if deps.settings.handover_url:
            group.create_task(_for_ever(lambda: _deliver(deps)), name="hand-over")


async def _for_ever(work: Callable[[], Awaitable[None]]) -> None:
    while True:
        try:
            await work()
        except Exception as error:
            log.warning("background-task-failed", error=repr(error))
            await asyncio.sleep(1)


class _Sweeper:
    """Ends overdue attempts one by one; one that cannot be ended is left aside for a while, so that it stops nobody."""

    def __init__(self, deps: Deps) -> None:
        self._deps = deps
        self._stuck: dict[UUID, datetime] = {}

    async def sweep(self) -> None:
        """End one attempt, or wait a little when there is none."""
        deps, now = self._deps, self._deps.clock()
        self._stuck = {attempt_id: until for attempt_id, until in self._stuck.items() if until > now}
        try:
            async with deps.unit() as unit:
                over = await expire_next(unit, deps.marking, tuple(self._stuck))
                if over is not None:
                    await ended(unit, *over, now=now)
        except CannotExpire as error:
            log.error("attempt-not-ended", attempt=str(error.attempt_id), error=repr(error.__cause__))
            self._stuck[error.attempt_id] = now + timedelta(seconds=STUCK_S)
            return
        if over is None:
            await asyncio.sleep(SWEEP_S)
            return
        attempt_id, session_id = over
        await forget_pictures(deps.frames, [attempt_id])
        await deps.bus.publish(f"seat.{attempt_id}", {"kind": "state"})
        await deps.bus.publish(f"proctor.{session_id}", {"kind": "candidate", "attempt": str(attempt_id)})


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
