"""Decoder processes under supervision: a bad picture ends its process and nothing else.

One process per slot, one frame at a time in it, so that the frame that killed a process is known. A process that dies
or takes too long is killed and replaced in the background (a quarter of a second of imports); the frame is reported as
unreadable and is not tried again.
"""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from types import TracebackType

import msgspec
import structlog

from kit.errors import Unavailable
from proctoring.domain.gate import BadImage, check_jpeg
from proctoring.domain.measure import Measurement

log = structlog.get_logger(__name__)

FRAME_TIMEOUT_S = 1.5  # 100 times a normal frame, and back within 2 s with the new start
START_TIMEOUT_S = 20.0
ANSWER_LIMIT = 64 * 1024
_KEPT_VARIABLES = ("PATH", "LANG", "SYSTEMROOT", "LD_LIBRARY_PATH", "TMPDIR", "VIRTUAL_ENV")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class DecoderDied(BadImage):
    """The picture ended or stalled its decoder process."""

    key = "bad-image"


class NoDecoder(Unavailable):
    """A decoder process does not start."""

    key = "no-decoder"


class _Refusal(msgspec.Struct):
    reason: str = ""
    ready: bool = False


class _Slot:
    """One process and its two pipes."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    async def start(self) -> None:
        environment = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
        environment |= {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path), "OMP_NUM_THREADS": "1"}
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "proctoring.vision.decoder",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=environment,
        )
        try:
            async with asyncio.timeout(START_TIMEOUT_S):
                await self._read()
        except (TimeoutError, asyncio.IncompleteReadError, OSError) as error:
            await self.stop()
            raise NoDecoder from error

    async def ask(self, jpeg: bytes, at: datetime) -> bytes:
        """The raw answer; raises what the pipes raise, or TimeoutError."""
        assert self._process is not None, "started before it is asked"
        assert self._process.stdin is not None, "opened with a pipe"
        microseconds = (at - _EPOCH) // _MICROSECOND
        async with asyncio.timeout(FRAME_TIMEOUT_S):
            self._process.stdin.write(
                microseconds.to_bytes(8, "big", signed=True) + len(jpeg).to_bytes(4, "big") + jpeg
            )
            await self._process.stdin.drain()
            return await self._read()

    async def stop(self) -> None:
        """Kill and reap."""
        if self._process is None:
            return
        process, self._process = self._process, None
        with suppress(ProcessLookupError):
            process.kill()
        # communicate() closes the pipes too; their transports would warn otherwise
        with suppress(OSError):
            await process.communicate()

    async def _read(self) -> bytes:
        assert self._process is not None, "started before it is read"
        assert self._process.stdout is not None, "opened with a pipe"
        length = int.from_bytes(await self._process.stdout.readexactly(4), "big")
        assert length <= ANSWER_LIMIT, "measurements are small"
        return await self._process.stdout.readexactly(length)


class DecoderPool:
    """`async with DecoderPool(1) as decoders: await decoders.measure(jpeg, at)`."""

    def __init__(self, processes: int = 1) -> None:
        self._processes = processes
        self._free: asyncio.Queue[_Slot] = asyncio.Queue()
        self._slots: list[_Slot] = []
        self._renewals: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> DecoderPool:
        """Start every process; raises `NoDecoder`."""
        for _ in range(self._processes):
            slot = _Slot()
            await slot.start()
            self._slots.append(slot)
            self._free.put_nowait(slot)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop every process."""
        for task in self._renewals:
            task.cancel()
        await asyncio.gather(*self._renewals, return_exceptions=True)
        await asyncio.gather(*(slot.stop() for slot in self._slots))

    @property
    def size(self) -> int:
        """How many frames can be measured at once."""
        return self._processes

    def pids(self) -> list[int]:
        """The processes that run now."""
        return [slot.pid for slot in self._slots if slot.pid is not None]

    async def measure(self, jpeg: bytes, at: datetime) -> Measurement:
        """Raises `BadImage` for what cannot be measured, `DecoderDied` (its subclass) for what ended the process."""
        check_jpeg(jpeg)
        slot = await self._free.get()
        try:
            raw = await slot.ask(jpeg, at)
        except (TimeoutError, asyncio.IncompleteReadError, OSError) as error:
            log.warning("decoder-died", error=type(error).__name__, bytes=len(jpeg))
            self._renew(slot)
            raise DecoderDied("decoder-died") from error
        except BaseException:
            # cancelled in the middle: the answer of this frame would be taken for the next one's
            self._renew(slot)
            raise
        self._free.put_nowait(slot)
        refusal = msgspec.json.decode(raw, type=_Refusal)
        if refusal.reason:
            raise BadImage(refusal.reason)
        return msgspec.json.decode(raw, type=Measurement)

    def _renew(self, slot: _Slot) -> None:
        task = asyncio.create_task(self._restart(slot))
        self._renewals.add(task)
        task.add_done_callback(self._renewals.discard)

    async def _restart(self, slot: _Slot) -> None:
        pause_s = 0.0
        while True:
            await slot.stop()
            await asyncio.sleep(pause_s)
            try:
                await slot.start()
            except (NoDecoder, OSError) as error:
                pause_s = min(5.0, pause_s * 2 or 0.2)
                log.error("decoder-does-not-start", error=str(error), retry_s=pause_s)
            else:
                self._free.put_nowait(slot)
                return
