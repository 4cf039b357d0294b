"""The vision worker: an event loop that owns decoder processes and three loops (wake, frames, time).

Any number of workers may run; killing them all stops live measurements and nothing else. After a restart each attempt
goes on from its stored state. Frames wake it through the bus, a slow poll covers lost notices.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime, timedelta

import structlog

from kit.bus import Bus
from kit.clock import Clock
from kit.postgres import Pool
from proctoring.service.frames import CHANNEL
from proctoring.service.ports import FrameQueue, Units
from proctoring.service.work import process_frames, process_signals, watch_silence
from proctoring.vision.executor import DecoderPool
from proctoring.wiring import units_of

log = structlog.get_logger(__name__)

POLL_S = 1.0
RETRY_S = 1.0
FRAMES_PER_PROCESS = 8  # taken at once: 0.2 s of work, far below the 10 s of a claim
PAUSE_LIMIT = timedelta(seconds=10)  # a longer gap between two looks at the clock: we were away


async def run(
    pool: Pool, queue: FrameQueue, bus: Bus, clock: Clock, stop: asyncio.Event, *, processes: int = 1
) -> None:
    """Work until `stop` is set; raises `NoDecoder` or `ModelMissing` where no decoder can be started at all."""
    units = units_of(pool)
    wake = asyncio.Event()
    async with DecoderPool(processes) as decoders:
        log.info("vision-started", processes=processes)

        async def frames() -> None:
            wake.clear()
            limit = decoders.size * FRAMES_PER_PROCESS
            if not await process_frames(queue, units, decoders.measure, bus, clock, limit=limit):
                await _wait(wake, stop)

        time = _Time(queue, units, bus, clock, stop)
        tasks = [
            asyncio.create_task(_for_ever(lambda: _wake_on_frames(bus, wake), stop), name="wake"),
            asyncio.create_task(_for_ever(frames, stop), name="frames"),
            asyncio.create_task(_for_ever(time.pass_once, stop), name="time"),
        ]
        await stop.wait()
        # frames in work end by themselves; what waits for news does not
        wake.set()
        tasks[0].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    log.info("vision-stopped")


class _Time:
    """The slow loop: signals and silence, with the memory of since when we have been listening without a gap."""

    def __init__(self, queue: FrameQueue, units: Units, bus: Bus, clock: Clock, stop: asyncio.Event) -> None:
        self._queue, self._units, self._bus, self._clock, self._stop = queue, units, bus, clock, stop
        self._listening_since: datetime | None = None
        self._looked_at: datetime | None = None

    async def pass_once(self) -> None:
        now = self._clock()
        away = self._looked_at is None or abs(now - self._looked_at) > PAUSE_LIMIT
        if self._listening_since is None or away:
            self._listening_since = now
        self._looked_at = now
        try:
            await process_signals(self._units, self._bus, self._clock)
            await watch_silence(self._queue, self._units, self._bus, self._clock, listening_since=self._listening_since)
        except Exception:
            self._listening_since = None
            raise
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stop.wait(), POLL_S)


async def _wake_on_frames(bus: Bus, wake: asyncio.Event) -> None:
    async with bus.subscribe(CHANNEL) as messages:
        async for _ in messages:
            wake.set()


async def _wait(wake: asyncio.Event, stop: asyncio.Event) -> None:
    if not stop.is_set():
        with suppress(TimeoutError):
            await asyncio.wait_for(wake.wait(), POLL_S)


async def _for_ever(work: Callable[[], Awaitable[None]], stop: asyncio.Event) -> None:
    while not stop.is_set():
        try:
            await work()
        except Exception as error:
            log.warning("vision-loop-failed", error=repr(error))
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), RETRY_S)
