"""Look-ups of many that come at once, made as one: after a restart every browser asks for its own row in one second."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Gathered(Generic[K, V]):
    """`get` from any number of tasks; what waits while a load runs is the next load, at most `limit` keys."""

    def __init__(self, load: Callable[[Sequence[K]], Awaitable[Mapping[K, V]]], limit: int) -> None:
        self._load = load
        self._limit = limit
        self._waiting: dict[K, asyncio.Future[V | None]] = {}
        self._task: asyncio.Task[None] | None = None

    async def get(self, key: K) -> V | None:
        """The value, None where the load has none; raises what the load raised."""
        answer = self._waiting.get(key)
        if answer is None:
            answer = self._waiting[key] = asyncio.get_running_loop().create_future()
            if self._task is None or self._task.done():
                self._task = asyncio.create_task(self._run(), name="gathered")
        return await asyncio.shield(answer)  # one who leaves takes nothing from the others

    async def _run(self) -> None:
        while self._waiting:
            keys = list(self._waiting)[: self._limit]
            taken = {key: self._waiting.pop(key) for key in keys}
            try:
                found = await self._load(keys)
            except Exception as error:
                for answer in taken.values():
                    answer.set_exception(error)
                    answer.exception()  # it may be that nobody waits any more
                continue
            for key, answer in taken.items():
                answer.set_result(found.get(key))
