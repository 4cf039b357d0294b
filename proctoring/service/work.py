"""The bodies of the worker's loops: frames, signals, the clock. Each call works off one batch and says how much it was.

A picture that cannot be measured is itself a measurement ("unreadable"); a failure of one attempt is logged and does
not stop the others. The bus is told after the commit.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from kit.bus import Bus
from kit.clock import Clock, milliseconds
from proctoring.domain.gate import BadImage
from proctoring.domain.measure import unreadable
from proctoring.domain.records import Frame
from proctoring.domain.state import Tick
from proctoring.domain.thresholds import Thresholds
from proctoring.service.advance import Advanced, advance
from proctoring.service.ports import FrameQueue, Measure, Units

log = structlog.get_logger(__name__)

BATCH = 200  # attempts per pass of the slow loop
WIDESPREAD_LEAST = 5  # fewer silent candidates are not "most of them"


async def process_frames(
    queue: FrameQueue, units: Units, measure: Measure, bus: Bus, clock: Clock, *, limit: int
) -> int:
    """Take up to `limit` frames, measure and judge them; returns how many were taken."""
    frames = await queue.take(limit, clock())
    await asyncio.gather(*(_process_frame(queue, units, measure, bus, clock, frame) for frame in frames))
    return len(frames)


async def _process_frame(
    queue: FrameQueue, units: Units, measure: Measure, bus: Bus, clock: Clock, frame: Frame
) -> None:
    try:
        try:
            measurement = await measure(frame.jpeg, frame.at)
        except BadImage as error:
            log.info("frame-unreadable", attempt=str(frame.attempt_id), reason=error.reason)
            measurement = unreadable(frame.at)
        async with units() as unit:
            advanced = await advance(
                unit,
                attempt_id=frame.attempt_id,
                session_id=frame.session_id,
                now=clock(),
                observed=measurement,
                frame=frame,
            )
        await queue.done(frame)
        seen = {"kind": "frame", "attempt": str(frame.attempt_id), "at": milliseconds(frame.at)}
        await bus.publish(f"proctor.{advanced.session_id}", seen)
        await _announce(bus, frame.attempt_id, advanced)
    except Exception as error:
        # it stays claimed and is taken again after some seconds; a newer frame replaces it before that
        log.warning("frame-failed", attempt=str(frame.attempt_id), error=repr(error))


async def process_signals(units: Units, bus: Bus, clock: Clock) -> int:
    """Judge the signals that wait; returns the number of attempts."""
    async with units() as unit:
        waiting = await unit.proctor.waiting_signals(BATCH)
    for attempt_id, session_id in waiting:
        await _advance_alone(units, bus, clock, attempt_id, session_id, None)
    return len(waiting)


async def watch_silence(queue: FrameQueue, units: Units, bus: Bus, clock: Clock, *, listening_since: datetime) -> int:
    """Let time pass for the attempts in which it changes something; returns their number.

    Silence is counted from the last frame that arrived (measured or not) and never from before we listened. When most
    attempts are silent at once, the reason is ours or the network's: the incident says so and is a mere remark.
    """
    now = clock()
    async with units() as unit:
        due = await unit.proctor.due(now, BATCH)
        if not due:
            return 0
        half = timedelta(seconds=Thresholds().silence_s / 2)
        judged, quiet = await unit.proctor.count_quiet(now - half)
    heard = await queue.seen_at([attempt_id for attempt_id, _ in due])
    widespread = quiet >= WIDESPREAD_LEAST and quiet * 2 > judged
    for attempt_id, session_id in due:
        tick = Tick(now, heard.get(attempt_id), listening_since, widespread)
        await _advance_alone(units, bus, clock, attempt_id, session_id, tick)
    return len(due)


async def _advance_alone(
    units: Units, bus: Bus, clock: Clock, attempt_id: UUID, session_id: UUID, tick: Tick | None
) -> None:
    try:
        async with units() as unit:
            advanced = await advance(unit, attempt_id=attempt_id, session_id=session_id, now=clock(), observed=tick)
        await _announce(bus, attempt_id, advanced)
    except Exception as error:
        log.warning("attempt-not-judged", attempt=str(attempt_id), error=repr(error))


async def _announce(bus: Bus, attempt_id: UUID, advanced: Advanced) -> None:
    for incident_id in advanced.incidents:
        told = {"kind": "incident", "incident": str(incident_id), "attempt": str(attempt_id)}
        await bus.publish(f"proctor.{advanced.session_id}", told)
