"""One refresh of a board per tick, however many people look at it.

Readers hold a cursor into the recent changes; one that fell behind (or just came) gets all rows.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator

from exam_engine.service.board import Board, BoardRow
from kit.http.sse import Event
from web.wiring import Deps

TICK_S = 1.0
KEPT_CHANGES = 5_000


class LiveBoard:
    """The board of one session in one worker; it works only while somebody looks."""

    def __init__(self, deps: Deps, board: Board) -> None:
        self._deps = deps
        self._board = board
        self._lock = asyncio.Lock()
        self._fresh_until = 0.0
        self._changes: deque[BoardRow] = deque(maxlen=KEPT_CHANGES)
        self._count = 0

    async def rows(self) -> list[BoardRow]:
        """All rows, at most one tick old."""
        await self._refresh()
        return self._board.rows()

    async def events(self) -> AsyncIterator[Event]:
        """`rows` first, then each changed `row`."""
        yield "rows", await self.rows()
        cursor = self._count
        while True:
            await asyncio.sleep(TICK_S)
            await self._refresh()
            behind = self._count - cursor
            cursor = self._count
            if behind > len(self._changes):
                yield "rows", self._board.rows()
            elif behind:
                for row in list(self._changes)[-behind:]:
                    yield "row", row

    async def _refresh(self) -> None:
        async with self._lock:
            loop_time = asyncio.get_running_loop().time()
            if loop_time < self._fresh_until:
                return
            async with self._deps.unit() as unit:
                changed = await self._board.refresh(unit)
            self._changes.extend(changed)
            self._count += len(changed)
            self._fresh_until = asyncio.get_running_loop().time() + TICK_S / 2
