"""The herd at T0: whoever wants to start queues here, and everybody who waits is started by one transaction.

The queue is bounded: when it is full a start is refused with a time to try again. A batch that fails is halved until
the one that is to blame fails alone.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager

import structlog

from exam_engine.domain.records import Attempt, Exam
from exam_engine.domain.rulepack import RulePack
from exam_engine.service.ports import ExamUnit
from exam_engine.service.start import Wanted, start_many
from kit.errors import Fault, Unavailable

log = structlog.get_logger(__name__)

AT_ONCE = 2  # one commits while the other gathers
BATCH_LIMIT = 100  # some milliseconds of decisions and 200 events
QUEUE_LIMIT = 5_000

Units = Callable[[], AbstractAsyncContextManager[ExamUnit]]
Outcome = tuple[Attempt, Exam]
_Waiting = tuple[Wanted, "asyncio.Future[Outcome]"]


class StartQueue:
    """Call `start` from any number of tasks."""

    def __init__(self, units: Units, rule_packs: Mapping[str, RulePack]) -> None:
        self._units = units
        self._rule_packs = rule_packs
        self._queue: deque[_Waiting] = deque()
        self._working = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self, wanted: Wanted) -> Outcome:
        """The started attempt after its COMMIT; raises what `start_many` says, or `Unavailable`."""
        if len(self._queue) >= QUEUE_LIMIT:
            raise Unavailable(retry_after_s=2)
        answer: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._queue.append((wanted, answer))
        if self._working < AT_ONCE:
            self._working += 1
            task = asyncio.create_task(self._work(), name="start-queue")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return await answer

    async def _work(self) -> None:
        try:
            while self._queue:
                taken = [self._queue.popleft() for _ in range(min(len(self._queue), BATCH_LIMIT))]
                await self._start([waiting for waiting in taken if not waiting[1].done()])
        finally:
            self._working -= 1  # here, in the same step that saw the queue empty: nobody is left waiting

    async def _start(self, taken: list[_Waiting]) -> None:
        if not taken:
            return
        try:
            async with self._units() as unit:
                answers = await start_many(unit, [wanted for wanted, _ in taken], self._rule_packs)
        except Exception as error:
            if len(taken) > 1:
                half = len(taken) // 2
                await self._start(taken[:half])
                await self._start(taken[half:])
                return
            log.error("start-failed", attempt=str(taken[0][0].attempt_id), exc_info=error)
            _tell(taken[0][1], Unavailable(retry_after_s=2))
            return
        for (_, answer), outcome in zip(taken, answers, strict=True):
            _tell(answer, outcome)


def _tell(answer: asyncio.Future[Outcome], outcome: Outcome | Fault) -> None:
    if answer.done():  # whoever asked has gone
        return
    if isinstance(outcome, Fault):
        answer.set_exception(outcome)
    else:
        answer.set_result(outcome)
