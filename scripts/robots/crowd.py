"""Many candidates in processes of their own, so that the robots do not share an event loop with what they test.

Parent: `Crowd(orders, processes)`; child: `python -m scripts.robots.crowd ORDERS.json`. The child says one line when
all its candidates have their items and one at the end; a line on its standard input means "come to an end".
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from kit.errors import Fault
from scripts.robots.candidate import Candidate
from scripts.robots.journal import Journal
from scripts.robots.orders import Orders

READY, DONE = b"ready\n", b"done\n"
READY_TIMEOUT_S, DONE_TIMEOUT_S = 600.0, 300.0
PER_PROCESS = 1_000  # candidates; a core drives more, but starting them takes longer than the storm


class CrowdFailed(Fault):
    """A process of robots ended before its time."""

    key = "crowd-failed"


class Crowd:
    """`async with Crowd(...) as crowd: await crowd.ready(); ...; await crowd.finish()`."""

    def __init__(self, orders: Orders, folder: Path, *, processes: int) -> None:
        self._folder = folder
        self._all = orders
        self._count = max(1, min(processes, -(-len(orders.numbers) // PER_PROCESS)))
        self._processes: list[asyncio.subprocess.Process] = []
        self.journals: list[Path] = []

    async def __aenter__(self) -> Crowd:
        numbers, size = self._all.numbers, -(-len(self._all.numbers) // self._count)
        for part in range(self._count):
            journal = self._folder / f"journal-{self._all.numbers[0]}-{part}.jsonl"
            orders = msgspec.structs.replace(
                self._all, numbers=numbers[part * size : (part + 1) * size], first=part * size, journal=str(journal)
            )
            path = self._folder / f"orders-{self._all.numbers[0]}-{part}.json"
            path.write_bytes(msgspec.json.encode(orders))
            self.journals.append(journal)
            self._processes.append(
                await asyncio.create_subprocess_exec(
                    sys.executable,
                    "-m",
                    "scripts.robots.crowd",
                    str(path),
                    stdin=asyncio.subprocess.PIPE,
                    stdout=asyncio.subprocess.PIPE,
                )
            )
        return self

    async def __aexit__(self, *_: object) -> None:
        for process in self._processes:
            if process.returncode is None:
                process.kill()
            await process.communicate()  # closes the pipes too

    @property
    def pids(self) -> list[int]:
        """The robots' processes."""
        return [process.pid for process in self._processes]

    async def ready(self) -> None:
        """Until every candidate has its items."""
        await self._all_say(READY, READY_TIMEOUT_S)

    async def finish(self) -> None:
        """Tell all to come to an end and wait for it."""
        for process in self._processes:
            assert process.stdin is not None, "opened with a pipe"
            process.stdin.write(b"stop\n")
        await self.done(DONE_TIMEOUT_S)

    async def done(self, timeout_s: float) -> None:
        """Until every candidate is through."""
        await self._all_say(DONE, timeout_s)

    async def _all_say(self, line: bytes, timeout_s: float) -> None:
        await asyncio.gather(*(self._says(process, line, timeout_s) for process in self._processes))

    @staticmethod
    async def _says(process: asyncio.subprocess.Process, line: bytes, timeout_s: float) -> None:
        assert process.stdout is not None, "opened with a pipe"
        try:
            async with asyncio.timeout(timeout_s):
                said = await process.stdout.readline()
        except TimeoutError as error:
            raise CrowdFailed(f"the robots did not say {line.decode().strip()} in {timeout_s:.0f} s") from error
        if said != line:
            raise CrowdFailed(f"a process of robots ended: {said!r}")


async def _listen(stop: asyncio.Event) -> None:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    await reader.readline()  # also at the end of the parent
    stop.set()


async def _run(orders: Orders) -> None:
    stop = asyncio.Event()
    listening = asyncio.create_task(_listen(stop))
    async with Journal(Path(orders.journal)) as journal:
        started = [asyncio.Event() for _ in orders.numbers]
        tasks = [
            asyncio.create_task(Candidate(orders, orders.first + place, number, journal, stop).take(started[place]))
            for place, number in enumerate(orders.numbers)
        ]
        await asyncio.gather(*(event.wait() for event in started))
        _say(READY)
        await asyncio.gather(*tasks)
    _say(DONE)
    listening.cancel()


def _say(line: bytes) -> None:
    sys.stdout.buffer.write(line)
    sys.stdout.buffer.flush()


def main(words: Sequence[str]) -> None:
    """Entry point of a process of robots."""
    asyncio.run(_run(msgspec.json.decode(Path(words[0]).read_bytes(), type=Orders)))


if __name__ == "__main__":
    main(sys.argv[1:])
