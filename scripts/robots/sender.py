"""A robot's queue of clicks and how it reaches the server, as in the browser.

One batch is under way at a time; what fails is kept and sent again after a jittered pause; an operation leaves the
queue only by its acknowledgement, and that moment is journalled with the wait since the click.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any
from uuid import UUID, uuid4

import msgspec
import numpy as np

from scripts.robots.journal import Acked, Journal, Recovered, Refused, Retried, Told
from scripts.robots.orders import Orders, Temper
from scripts.robots.wire import Answer, Line, LineLost, frame

SEAT = {"x-ombilin-seat": "1", "content-type": "application/json"}
ENDED = ("submitted", "expired", "terminated")
BATCH = 200
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.25, 2.0
REPLY_S = 12.0
TOLD_EVERY = 10  # the server's clock is noted with each n-th answer


class State(msgspec.Struct):
    """What the server says of the attempt."""

    phase: str
    now: float
    deadline: float | None = None


class Op(msgspec.Struct):
    """`made` is the moment of the click (Unix seconds)."""

    seq: int
    rev: int
    item: str
    chosen: str
    made: float

    def wire(self) -> dict[str, Any]:
        """`Op` of docs/architecture.md."""
        return {
            "seq": self.seq,
            "rev": self.rev,
            "kind": "respond",
            "item": self.item,
            "value": {"base": {"identifier": self.chosen}},
            "at": self.made * 1000,
        }


def clock() -> float:
    """A browser's clock."""
    return time.time()  # noqa: TID251  # a robot plays a browser's clock


class Sender:
    """`click` at any time; `send_on` runs beside it until it is cancelled."""

    def __init__(
        self, line: Line, orders: Orders, temper: Temper, journal: Journal, chance: np.random.Generator
    ) -> None:
        self.line = line
        self._orders, self._temper, self._journal, self._chance = orders, temper, journal, chance
        self._client = uuid4()
        self._attempt = UUID(int=0)
        self._first_revision = 0
        self._listening: asyncio.Task[None] | None = None
        self._reply: asyncio.Future[dict[str, Any]] | None = None
        self._wake, self._online = asyncio.Event(), asyncio.Event()
        self._online.set()
        self._online_at = 0.0
        self._lost: tuple[float, LineLost] | None = None
        self._answers = 0
        self.pending: list[Op] = []
        self.sent: list[bytes] = []
        self.made = 0
        self.state = State("preparing", 0)

    def begin(self, attempt: UUID, last_revision: int, state: State) -> None:
        """The attempt has started."""
        self._attempt, self._first_revision, self.state = attempt, last_revision, state

    def click(self, item: str, chosen: str, at: float) -> Op:
        """The candidate chose."""
        self.made += 1
        op = Op(self.made, self._first_revision + self.made, item, chosen, at)
        self.pending.append(op)
        self._wake.set()
        return op

    def go_offline(self, seconds: float) -> None:
        """Lose the network for a while."""
        self._online.clear()
        self.line.abort()

        def back() -> None:
            self._online_at = clock()
            self._lost = (self._online_at, LineLost(why="offline"))
            self._online.set()

        asyncio.get_running_loop().call_later(seconds, back)

    async def send_on(self) -> None:
        """Send what waits, for ever."""
        pause_s = FIRST_PAUSE_S
        while True:
            await self._wake.wait()
            await self._online.wait()
            if not self.pending:
                self._wake.clear()
                continue
            batch = self._batch()
            try:
                moved = await self._exchange(batch)
                for _ in range(self._temper.repeats if moved else 0):
                    await self._exchange(batch, again=True)
            except LineLost as lost:
                if self._online.is_set():
                    self._lost = self._lost or (clock(), lost)
                moved = False
            pause_s = FIRST_PAUSE_S if moved else min(LONGEST_PAUSE_S, pause_s * 2)
            if not moved:
                await asyncio.sleep(pause_s * (0.5 + self._chance.random()))

    def _batch(self) -> list[Op]:
        if self._orders.shuffle:
            return [self.pending[int(self._chance.integers(len(self.pending)))]]
        return self.pending[:BATCH]

    async def _exchange(self, batch: list[Op], *, again: bool = False) -> bool:
        """Whether something was decided; raises `LineLost`."""
        body = self.encode(batch)
        if not self.line.is_open:
            self.deafen()
            await self.line.open()
        if self._temper.socket and self._listening is None:
            await self.open_socket()
            self._listening = asyncio.create_task(self._listen())
        ack = await (self._by_socket(body) if self._temper.socket else self._by_post(body))
        if ack is None:
            self._lost = self._lost or (clock(), LineLost(why="refused for now"))
            return False
        if self._lost is not None:
            at, lost = self._lost
            self._lost = None
            self._journal.note(Recovered(clock(), clock() - at, lost.code, lost.why))
        if not again:
            if self._orders.replay:
                self.sent.append(body)
            self.decided(batch, ack)
        return not ack["hold"]

    async def open_socket(self) -> None:
        """Make the exam socket of the line."""
        if not self.line.is_open:
            await self.line.open()
        await self.line.upgrade("/api/seat/socket")

    def deafen(self) -> None:
        """Stop listening to a socket that is gone."""
        if self._listening is not None:
            self._listening.cancel()
            self._listening = None

    async def _listen(self) -> None:
        try:
            while True:
                told = msgspec.json.decode(await self.line.receive(3600))
                if "state" in told:
                    self.state = msgspec.convert(told["state"], State)
                if ("ack" in told or "error" in told) and self._reply is not None and not self._reply.done():
                    self._reply.set_result(told)
        except LineLost as lost:
            if self._online.is_set():
                self._lost = self._lost or (clock(), lost)
            if self._reply is not None and not self._reply.done():
                self._reply.set_exception(lost)
            self._wake.set()

    async def _by_socket(self, body: bytes) -> dict[str, Any] | None:
        self._reply = asyncio.get_running_loop().create_future()
        begun = clock()
        self.line.write(frame(body))
        try:
            async with asyncio.timeout(REPLY_S):
                told = await self._reply
        except TimeoutError as error:
            self.line.abort()
            raise LineLost(why="no reply") from error
        ack: dict[str, Any] | None = told.get("ack")
        if ack is None:
            self._journal.note(Retried(clock(), 0, retry_after=True, waited_s=clock() - begun))
        return ack

    async def _by_post(self, body: bytes) -> dict[str, Any] | None:
        begun = clock()
        answer = await self.line.request("POST", "/api/seat/ops", body, SEAT)
        if answer.status == 200:
            ack: dict[str, Any] = answer.json()
            return ack
        self.note_refusal(answer, begun)
        return None

    def note_refusal(self, answer: Answer, begun: float) -> None:
        """Not now, said the server."""
        self._journal.note(Retried(clock(), answer.status, bool(answer.header("retry-after")), clock() - begun))

    def encode(self, batch: list[Op]) -> bytes:
        """The message that carries a batch."""
        return msgspec.json.encode({"client": str(self._client), "ops": [op.wire() for op in batch]})

    def decided(self, batch: list[Op], ack: dict[str, Any]) -> None:
        """Journal the verdicts and forget what has one."""
        now, attempt = clock(), self._attempt
        self.state = msgspec.convert(ack["state"], State)
        self._answers += 1
        if self._answers % TOLD_EVERY == 1:
            self._journal.note(Told(now, self.state.now / 1000 - now))
        refused = {each["seq"]: each["verdict"] for each in ack["verdicts"]}
        gone = set()
        for op in batch:
            if op.seq > ack["acked"] and op.seq not in refused:
                continue
            gone.add(op.seq)
            if op.seq in refused:
                self._journal.note(Refused(attempt, self._client, op.seq, refused[op.seq], now))
            else:
                waited_s = now - max(op.made, self._online_at)
                self._journal.note(
                    Acked(attempt, self._client, op.seq, UUID(op.item), op.rev, op.chosen, now, waited_s)
                )
        self.pending = [op for op in self.pending if op.seq not in gone]

    def end(self) -> None:
        """Let go of the connection."""
        self._online.clear()
        self.deafen()
        self.line.abort()
