"""The group-commit answer writer: an answer is acknowledged only after its COMMIT.

Concurrent saves of a worker queue here; a few writer connections each take everything that waits and store it with one
statement, so that one fsync serves many candidates. The queue is bounded: when it is full the save is refused with a
time to try again, never acknowledged falsely. A batch that fails is bisected, so that one bad row fails alone.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence

import asyncpg
import structlog

from exam_engine.domain.operations import Receipt, Row, Saved
from kit.errors import Unavailable
from kit.postgres import Connection, load_statements

SQL = load_statements(__package__, "sql/writer.sql")
log = structlog.get_logger(__name__)

WRITERS = 2  # one commits while the other gathers
BATCH_LIMIT = 1_000  # rows of one statement
QUEUE_LIMIT = 20_000  # about two seconds of work at full speed
RECONNECT_S = 0.5
# what a row may be to blame for; asyncpg's own refusal of a value is a ValueError
UNSTORABLE = (
    asyncpg.DataError,
    asyncpg.IntegrityConstraintViolationError,
    asyncpg.DeadlockDetectedError,
    ValueError,
)


class _Waiting:
    """The rows of one message and the future of what is answered."""

    __slots__ = ("answer", "rows")

    def __init__(self, rows: Sequence[Row]) -> None:
        self.rows = rows
        self.answer: asyncio.Future[Saved] = asyncio.get_running_loop().create_future()


class AnswerWriter:
    """Call `start` once, `save` from any number of tasks, `stop` at the end (it drains the queue)."""

    def __init__(self, connect: Callable[[], Awaitable[Connection]]) -> None:
        self._connect = connect
        self._queue: deque[_Waiting] = deque()
        self._queued = 0
        self._wake = asyncio.Event()
        self._stopping = False
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin writing."""
        self._tasks = [asyncio.create_task(self._write(), name=f"answer-writer-{n}") for n in range(WRITERS)]

    async def stop(self) -> None:
        """Write what waits, then end."""
        self._stopping = True
        self._wake.set()
        await asyncio.gather(*self._tasks)

    async def save(self, rows: Sequence[Row]) -> Saved:
        """The verdict of each row of one attempt and the attempt's receipt, after the COMMIT.

        Raises `Unavailable` when the queue is full or the store away.
        """
        if self._stopping or self._queued + len(rows) > QUEUE_LIMIT:
            raise Unavailable(retry_after_s=2)
        if not rows:
            return Saved([])
        waiting = _Waiting(rows)
        self._queue.append(waiting)
        self._queued += len(rows)
        self._wake.set()
        return await waiting.answer

    async def _take(self) -> list[_Waiting]:
        while not (self._queue or self._stopping):
            self._wake.clear()
            await self._wake.wait()
        taken: list[_Waiting] = []
        size = 0
        while self._queue and (not taken or size + len(self._queue[0].rows) <= BATCH_LIMIT):
            waiting = self._queue.popleft()
            size += len(waiting.rows)
            taken.append(waiting)
        self._queued -= size
        return taken

    async def _write(self) -> None:
        connection: Connection | None = None
        while True:
            taken = await self._take()
            if not taken:
                break
            try:
                if connection is None or connection.is_closed():
                    connection = await self._connect()
                await self._store(connection, taken)
            except Exception as error:
                # whatever it was: refuse these, so that their senders try again, and go on with a fresh connection
                log.warning("answer-batch-lost-connection", error=repr(error))
                self._refuse(taken)
                if connection is not None:
                    connection.terminate()
                    connection = None
                await asyncio.sleep(RECONNECT_S)
        if connection is not None:
            await connection.close()

    async def _store(self, connection: Connection, taken: list[_Waiting]) -> None:
        rows = [row for waiting in taken for row in waiting.rows]
        columns = [[getattr(row, name) for row in rows] for name in Row.__struct_fields__]
        try:
            answers = await connection.fetch(SQL.save_operations, *columns)
        except UNSTORABLE as error:
            if len(taken) == 1:
                log.error("answer-batch-refused", error=repr(error))
                self._refuse(taken)
                return
            half = len(taken) // 2
            await self._store(connection, taken[:half])
            await self._store(connection, taken[half:])
            return
        start = 0
        for waiting in taken:
            end = start + len(waiting.rows)
            if not waiting.answer.done():
                own, last = answers[start:end], answers[end - 1]
                receipt = Receipt(last["seq"], last["head"].hex()) if last["head"] else None
                waiting.answer.set_result(Saved([each["verdict"] for each in own], receipt))
            start = end

    @staticmethod
    def _refuse(taken: list[_Waiting]) -> None:
        for waiting in taken:
            if not waiting.answer.done():
                waiting.answer.set_exception(Unavailable(retry_after_s=1))
