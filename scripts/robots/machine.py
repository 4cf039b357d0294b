"""What processes cost: CPU time and memory of process trees, read from /proc (Linux; elsewhere nothing is measured).

Memory is the proportional set size, so that PostgreSQL's shared buffers count once and not once per backend.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec

TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100
PROC = Path("/proc")
SAMPLE_S = 1.0
MEMORY_EVERY = 5  # samples: reading smaps of many backends is not free


class Sample(msgspec.Struct, frozen=True):
    """`cpu_s` since the processes began, `memory` in bytes."""

    at: float
    cpu_s: float
    memory: int


def _stat(pid: int) -> list[str]:
    try:
        return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except (OSError, ValueError):
        return []


def tree(roots: Iterable[int]) -> set[int]:
    """The processes and all their descendants."""
    children: dict[int, list[int]] = {}
    for entry in PROC.iterdir() if PROC.is_dir() else ():
        if entry.name.isdigit() and (fields := _stat(int(entry.name))):
            children.setdefault(int(fields[1]), []).append(int(entry.name))
    found: set[int] = set()
    waiting = list(roots)
    while waiting:
        pid = waiting.pop()
        if pid not in found:
            found.add(pid)
            waiting += children.get(pid, [])
    return found


def _cpu_s(pid: int) -> float:
    fields = _stat(pid)
    # with the children that have ended: backends come and go
    return sum(int(fields[place]) for place in (11, 12, 13, 14)) / TICKS if fields else 0.0


def _memory(pid: int) -> int:
    try:
        lines = (PROC / str(pid) / "smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


class Meter:
    """Samples a changing set of process trees until it is left."""

    def __init__(self, roots: Callable[[], Iterable[int]], clock: Callable[[], float]) -> None:
        self._roots, self._clock = roots, clock
        self._task: asyncio.Task[None] | None = None
        self.samples: list[Sample] = []

    async def __aenter__(self) -> Meter:
        self._sample()
        self._task = asyncio.create_task(self._sample_on())
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._task is not None, "entered before it is left"
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        self._sample()

    async def _sample_on(self) -> None:
        while True:
            await asyncio.sleep(SAMPLE_S)
            self._sample(whole=len(self.samples) % MEMORY_EVERY == 0)

    def _sample(self, *, whole: bool = True) -> None:
        pids = tree(self._roots())
        memory = sum(map(_memory, pids)) if whole or not self.samples else self.samples[-1].memory
        self.samples.append(Sample(self._clock(), sum(map(_cpu_s, pids)), memory))

    @property
    def cpu_s(self) -> float:
        """CPU time over the whole while."""
        return self.samples[-1].cpu_s - self.samples[0].cpu_s

    @property
    def grown(self) -> int:
        """Bytes of memory above the beginning, at most."""
        return max(each.memory for each in self.samples) - self.samples[0].memory
