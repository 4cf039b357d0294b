"""The live events of one console: bus messages gathered for a moment, and on a slow tick what nobody announces.

Answers travel past the bus (they are the hot path), so the counts are compared every few seconds. Five hundred
candidates with a picture each five seconds are a hundred messages a second: gathered, they cost four looks at the
database a second and console at most.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog

from kit.bus import Bus
from kit.clock import Clock
from kit.errors import Fault
from kit.http.formats import LocaleCode
from kit.http.sse import Event
from web.proctor_view import ProctorView

log = structlog.get_logger(__name__)

GATHER_S = 0.25
COMPARE_S = 5.0
BATCH = 1_000  # messages gathered at most, as many as the bus keeps for a slow reader
MOVING = ("remaining_s", "frame_at", "seen_at")  # the client counts these on by itself


class LiveConsole:
    """One open stream."""

    def __init__(self, view: ProctorView, bus: Bus, clock: Clock, session_id: UUID, locale: LocaleCode) -> None:
        self._view, self._bus, self._clock = view, bus, clock
        self._session_id, self._locale = session_id, locale
        self._shown: dict[str, dict[str, Any]] = {}

    async def events(self) -> AsyncIterator[Event]:
        """For ever; `ready` first, so that a client knows that from now on nothing is missed."""
        gathered: asyncio.Queue[dict[str, Any]] = asyncio.Queue(BATCH)
        async with self._bus.subscribe(f"proctor.{self._session_id}") as published:
            reader = asyncio.create_task(_gather(published, gathered))
            loop = asyncio.get_running_loop()
            try:
                await self._compared(self._clock())
                yield "ready", {}
                compare_at = loop.time() + COMPARE_S
                while True:
                    for event in await self._told(await _batch(gathered), self._clock()):
                        yield event
                    if loop.time() >= compare_at:
                        for event in await self._compared(self._clock()):
                            yield event
                        compare_at = loop.time() + COMPARE_S
            finally:
                reader.cancel()
                with suppress(asyncio.CancelledError):
                    await reader

    async def _told(self, payloads: list[dict[str, Any]], now: datetime) -> list[Event]:
        if not payloads:
            return []
        try:
            events = await self._view.changes(self._session_id, payloads, now, self._locale)
        except Fault as error:
            # something that was deleted meanwhile; the next comparison shows what is there
            log.warning("console-events-lost", error=repr(error))
            return []
        self._shown |= {value["attempt"]: _still(value) for name, value in events if name == "candidate"}
        return events

    async def _compared(self, now: datetime) -> list[Event]:
        candidates = await self._view.candidates(self._session_id, now)
        changed = [each for each in candidates if self._shown.get(each["attempt"]) != _still(each)]
        self._shown = {each["attempt"]: _still(each) for each in candidates}
        return [("candidate", each) for each in changed]


def _still(candidate: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in candidate.items() if name not in MOVING}


async def _gather(
    published: AsyncIterator[tuple[str, dict[str, Any]]], gathered: asyncio.Queue[dict[str, Any]]
) -> None:
    async for _, payload in published:
        await gathered.put(payload)


async def _batch(gathered: asyncio.Queue[dict[str, Any]]) -> list[dict[str, Any]]:
    """What came within `GATHER_S` after the first message; nothing when `COMPARE_S` pass in silence."""
    try:
        first = await asyncio.wait_for(gathered.get(), COMPARE_S)
    except TimeoutError:
        return []
    await asyncio.sleep(GATHER_S)
    payloads = [first]
    while not gathered.empty():
        payloads.append(gathered.get_nowait())
    return payloads
