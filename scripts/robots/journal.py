"""What the robots were told, kept outside the system under test: an append-only file of JSON lines, fsynced.

The file is the witness of a reconciliation, so a record is made when an acknowledgement arrives and at no other time.
fsync runs in a thread for everything that gathered meanwhile; so the journal is durable within a few milliseconds and
never holds a robot up.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypeAlias
from uuid import UUID

import msgspec

GATHER_S = 0.05


class Acked(msgspec.Struct, frozen=True, tag="acked", array_like=True):
    """An operation with a durable 'stored': all that is needed to find it in the log. Times in seconds (Unix)."""

    attempt: UUID
    client: UUID
    seq: int
    item: UUID
    rev: int
    chosen: str
    at: float
    waited_s: float


class Refused(msgspec.Struct, frozen=True, tag="refused", array_like=True):
    """An operation that was not stored, with its verdict (`late`, `rejected`)."""

    attempt: UUID
    client: UUID
    seq: int
    verdict: str
    at: float


class Started(msgspec.Struct, frozen=True, tag="started", array_like=True):
    """A candidate has its items."""

    attempt: UUID
    at: float
    waited_s: float


class Recovered(msgspec.Struct, frozen=True, tag="recovered", array_like=True):
    """The first answer after a lost connection; `code` of the close frame, if there was one."""

    at: float
    waited_s: float
    code: int
    why: str


class Told(msgspec.Struct, frozen=True, tag="told", array_like=True):
    """How much the time left, as told, differs from the deadline minus now, in seconds."""

    at: float
    clock_error_s: float


class Retried(msgspec.Struct, frozen=True, tag="retried", array_like=True):
    """A refusal for now, with its status; `retry_after` whether it said when to come again."""

    at: float
    status: int
    retry_after: bool
    waited_s: float


class Frame(msgspec.Struct, frozen=True, tag="frame", array_like=True):
    """A webcam frame and how it was answered."""

    at: float
    status: int


class Failed(msgspec.Struct, frozen=True, tag="failed", array_like=True):
    """A robot gave up."""

    at: float
    who: str
    why: str


class Finished(msgspec.Struct, frozen=True, tag="finished", array_like=True):
    """A candidate is through: `phase` it ended in, operations still unacknowledged, last seq used."""

    attempt: UUID
    at: float
    phase: str
    unacked: int
    made: int


Record: TypeAlias = Acked | Refused | Started | Recovered | Told | Retried | Frame | Failed | Finished
_decoder = msgspec.json.Decoder(Record)


class Journal:
    """`async with Journal(path) as journal: journal.note(...)`; at the end everything is on the disk."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("ab", buffering=0)
        self._encoder = msgspec.json.Encoder()
        self._waiting: list[bytes] = []
        self._task: asyncio.Task[None] | None = None

    def note(self, record: Record) -> None:
        """Append; durable soon."""
        self._waiting.append(self._encoder.encode(record))

    async def __aenter__(self) -> Journal:
        self._task = asyncio.create_task(self._write_on())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self._write(self._taken())
        self._file.close()

    async def _write_on(self) -> None:
        while True:
            await asyncio.sleep(GATHER_S)
            if self._waiting:
                await asyncio.shield(asyncio.to_thread(self._write, self._taken()))

    def _taken(self) -> list[bytes]:
        taken, self._waiting = self._waiting, []
        return taken

    def _write(self, lines: Sequence[bytes]) -> None:
        if lines:
            self._file.write(b"\n".join(lines) + b"\n")
            os.fsync(self._file.fileno())


def read_journals(paths: Sequence[Path]) -> Iterator[Record]:
    """Every record of several journals; a last line that was cut off is not one."""
    for path in paths:
        if path.is_file():
            with path.open("rb") as lines:
                for line in lines:
                    if line.endswith(b"\n"):
                        yield _decoder.decode(line)
