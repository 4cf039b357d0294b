"""A TCP proxy between robots and servers that can be slow, cut off, or hang up; it knows nothing of HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress

import numpy as np

CHUNK = 64 * 1024
CONNECT_TRIES = 2  # per target, for the moment in which one is being replaced


class _Pair:
    """One connection of a robot and its other half."""

    def __init__(self, writers: tuple[asyncio.StreamWriter, asyncio.StreamWriter], *, cut: bool) -> None:
        self.writers = writers
        self.open = asyncio.Event()
        if not cut:
            self.open.set()

    def reset(self) -> None:
        for writer in self.writers:
            writer.transport.abort()


class Proxy:
    """`async with Proxy([port, ...], chance) as proxy: proxy.url`. Targets take turns; a drained one gets no more."""

    def __init__(self, targets: Sequence[int], chance: np.random.Generator) -> None:
        self._targets = list(targets)
        self._drained: set[int] = set()
        self._chance = chance
        self._turn = 0
        self._share_cut = 0.0
        self._pairs: set[_Pair] = set()
        self._pumping: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server
        self.delay_s = (0.0, 0.0)
        self.url = ""

    async def __aenter__(self) -> Proxy:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, backlog=4096)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        self.mend()
        self.reset()
        await asyncio.gather(*self._pumping, return_exceptions=True)
        await asyncio.sleep(0)  # the transports say good-bye in the next turn

    def drain(self, target: int) -> None:
        """Send no new connection to a target."""
        self._drained.add(target)

    def restore(self, target: int) -> None:
        """Let a target have connections again."""
        self._drained.discard(target)

    def cut(self, share: float) -> None:
        """From now on nothing passes on this share of the connections, the new ones included."""
        self._share_cut = share
        for pair in self._pairs:
            if self._chance.random() < share:
                pair.open.clear()

    def mend(self) -> None:
        """What was held back arrives."""
        self._share_cut = 0.0
        for pair in self._pairs:
            pair.open.set()

    def reset(self, share: float = 1.0) -> None:
        """Hang up on this share of the connections."""
        for pair in tuple(self._pairs):
            if self._chance.random() < share:
                pair.reset()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(self._join(reader, writer))
        self._pumping.add(task)
        task.add_done_callback(self._pumping.discard)

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there = await self._connect()
        if there is None:
            writer.transport.abort()
            return
        pair = _Pair((writer, there[1]), cut=self._chance.random() < self._share_cut)
        self._pairs.add(pair)
        try:
            await asyncio.gather(self._pump(pair, reader, there[1]), self._pump(pair, there[0], writer))
        finally:
            self._pairs.discard(pair)
            pair.reset()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        for _ in range(CONNECT_TRIES * len(self._targets)):
            self._turn += 1
            target = self._targets[self._turn % len(self._targets)]
            if target not in self._drained:
                with suppress(OSError):
                    return await asyncio.open_connection("127.0.0.1", target)
        return None

    async def _pump(self, pair: _Pair, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while chunk := await reader.read(CHUNK):
                await pair.open.wait()
                if self.delay_s[1]:
                    await asyncio.sleep(self._chance.uniform(*self.delay_s))
                writer.write(chunk)
                await writer.drain()
        await pair.open.wait()
        writer.close()
