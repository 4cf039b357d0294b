"""One simulated candidate: page log-in, start, operations by socket or POST, submit or run out.

Open loop: a click happens when the candidate's own clock says so, whether the server has answered or not, and the
acknowledgement is timed from the click.
"""

from __future__ import annotations

import asyncio
import base64
import re
import zlib
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlencode
from uuid import UUID

import msgspec
import numpy as np
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from kit.errors import Fault
from scripts.robots.journal import Failed, Finished, Frame, Journal, Started
from scripts.robots.orders import Orders, temper
from scripts.robots.sender import ENDED, SEAT, Op, Sender, State, clock
from scripts.robots.wire import Answer, Line, LineLost, frame

DRAIN_S = 90.0  # the longest outage of the fault table, and the queue behind it
BEYOND_S = 3.0
PATIENCE_S = 30.0  # for one answer to a rare request
NONCE = 12
LATER = (425, 429, 500, 502, 503)  # 500 because a robot must not stop where a candidate would press the key again
_CSRF = re.compile(rb'name="csrf_token" value="([^"]+)"')


class _Option(msgspec.Struct):
    id: str


class _Interaction(msgspec.Struct):
    options: list[_Option]


class _Item(msgspec.Struct):
    ref: str
    interaction: _Interaction


class _Attempt(msgspec.Struct):
    id: UUID
    last_revision: int = 0


class _Bootstrap(msgspec.Struct):
    attempt: _Attempt
    state: State
    items: list[_Item]


class _Key(msgspec.Struct):
    state: State
    key: str


class _Form(msgspec.Struct):
    items: list[_Item]


class RobotFailed(Fault):
    """The system did not answer as it must."""

    key = "robot-failed"


class Candidate:
    """Call `take` once; set `stop` to let it come to its end where the orders say so."""

    def __init__(self, orders: Orders, place: int, number: str, journal: Journal, stop: asyncio.Event) -> None:
        self._orders, self._number, self._journal, self._stop = orders, number, journal, stop
        self._temper = temper(orders, place)
        self._chance = np.random.Generator(np.random.PCG64([orders.seed, place]))
        self._line = Line(orders.base_url)
        self._sender = Sender(self._line, orders, self._temper, journal, self._chance)
        self._attempt = UUID(int=0)
        self._items: list[tuple[str, list[str]]] = []

    async def take(self, started: asyncio.Event) -> None:
        """Take the whole exam; `started` is set when the items are there, or never will be."""
        tasks: list[asyncio.Task[None]] = []
        try:
            await self._log_in()
            await self._start()
            started.set()
            tasks.append(asyncio.create_task(self._sender.send_on()))
            if self._orders.frames_s:
                tasks.append(asyncio.create_task(self._film()))
            await (self._race() if self._orders.race_sends else self._work())
            await self._drain(tasks[0])
            if self._temper.submits and self._phase not in ENDED and not self._temper.beyond:
                await self._submit()
            if self._orders.replay:
                await self._replay()
            sender = self._sender
            self._journal.note(Finished(self._attempt, clock(), self._phase, len(sender.pending), sender.made))
        except (Fault, msgspec.MsgspecError, KeyError) as error:
            self._journal.note(Failed(clock(), self._number, repr(error)[:300]))
        finally:
            started.set()
            for task in tasks:
                task.cancel()
            self._sender.end()

    @property
    def _phase(self) -> str:
        return self._sender.state.phase

    # -- before the exam

    async def _log_in(self) -> None:
        orders = self._orders
        await sleep_until(orders.starts_at - orders.log_in_s * self._chance.random())
        page = await self._patiently("GET", "/exam/login")
        token = _CSRF.search(page.body)
        if token is None:
            raise RobotFailed(f"the log-in page has no form: {page.status}")
        form = {"csrf_token": token.group(1).decode(), "number": self._number, "pin": orders.pin}
        kind = {"content-type": "application/x-www-form-urlencoded"}
        await self._patiently("POST", "/exam/login", urlencode(form).encode(), kind, good=(303,))
        if orders.frames_s:
            await self._patiently("POST", "/api/seat/photo", self._picture(0), SEAT | {"content-type": "image/jpeg"})

    async def _start(self) -> None:
        sealed, attempt = b"", UUID(int=0)
        if self._orders.sealed:
            waiting = await self._patiently("GET", "/api/seat/bootstrap")
            attempt = msgspec.json.decode(waiting.body, type=_Bootstrap).attempt.id
            sealed = (await self._patiently("GET", "/api/seat/package")).body
        planned = max(clock(), self._orders.starts_at) + self._orders.storm_s * self._chance.random()
        await sleep_until(planned)
        path = "/api/seat/start?sealed=1" if sealed else "/api/seat/start"
        answer = await self._patiently("POST", path, b"", SEAT)
        exam = _unsealed(answer.body, sealed, attempt) if sealed else msgspec.json.decode(answer.body, type=_Bootstrap)
        if not exam.items:
            raise RobotFailed(f"started without items: {exam.state.phase}")
        self._attempt = exam.attempt.id
        self._journal.note(Started(self._attempt, clock(), clock() - planned))
        self._items = [(item.ref, [option.id for option in item.interaction.options]) for item in exam.items]
        self._sender.begin(self._attempt, exam.attempt.last_revision, exam.state)

    async def _patiently(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        headers: dict[str, str] | None = None,
        good: tuple[int, ...] = (200,),
    ) -> Answer:
        """Try again while the server is away or says "later"; raises `RobotFailed` for any other refusal."""
        until = clock() + DRAIN_S
        why = ""
        while clock() < until:
            begun = clock()
            try:
                if not self._line.is_open:
                    await self._line.open()
                answer = await self._line.request(method, path, body, headers, timeout_s=PATIENCE_S)
            except LineLost as lost:
                why = str(lost)
            else:
                if answer.status in good:
                    return answer
                if answer.status not in LATER:
                    raise RobotFailed(f"{path} answered {answer.status}: {answer.body[:200]!r}")
                why = str(answer.status)
                self._sender.note_refusal(answer, begun)
            await asyncio.sleep(0.2 + 0.6 * self._chance.random())
        raise RobotFailed(f"{path} never succeeded: {why}")

    # -- clicks, by the candidate's own clock

    async def _work(self) -> None:
        low, high = self._orders.think_s
        begun, end = clock(), self._end()
        offline_at = begun + self._chance.uniform(0.2, 0.5) * (min(end, begun + 60) - begun)
        at, place = begun, 0
        while True:
            at += self._chance.uniform(low, high)
            if at >= end or not await self._wait_until(at):
                break
            if self._temper.offline and at >= offline_at:
                offline_at = float("inf")
                self._sender.go_offline(self._orders.offline_s)
            self._click(place, at)
            if self._temper.wavers and self._chance.random() < 0.3:
                self._click(place, at)
            place += 1
        if self._orders.until == "deadline" and self._phase not in ENDED:
            await self._wait_until(end)

    def _end(self) -> float:
        """When this candidate stops; an hour away where somebody else says."""
        deadline = self._sender.state.deadline
        if self._orders.until == "stop" or deadline is None:
            return clock() + 3600
        if self._temper.beyond:
            return deadline / 1000 + BEYOND_S
        return deadline / 1000 - (deadline / 1000 - clock()) * self._chance.uniform(0.05, 0.25)

    async def _wait_until(self, at: float) -> bool:
        """False when the exam is over or the orders say stop."""
        while (left := at - clock()) > 0 and self._phase not in ENDED and not self._stop.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(min(left, 1.0)):
                    await self._stop.wait()
        over = self._phase in ENDED and not self._temper.beyond
        return not over and not self._stop.is_set()

    def _click(self, place: int, at: float) -> Op:
        ref, options = self._items[place % len(self._items)]
        return self._sender.click(ref, options[int(self._chance.integers(len(options)))], at)

    # -- the end

    async def _drain(self, sending: asyncio.Task[None]) -> None:
        until = clock() + DRAIN_S
        while self._sender.pending and clock() < until and not sending.done():  # noqa: ASYNC110  # ends by its own clock
            await asyncio.sleep(0.05)
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)

    async def _submit(self) -> None:
        self._line.abort()
        await self._patiently("POST", "/api/seat/submit", b"", SEAT, good=(200, 409))
        self._sender.state.phase = "submitted"

    async def _replay(self) -> None:
        """Everything ever sent, several times, in any order, on another connection."""
        self._line.abort()
        for _ in range(self._orders.replay):
            for place in self._chance.permutation(len(self._sender.sent)):
                await self._patiently("POST", "/api/seat/ops", self._sender.sent[place], SEAT)

    async def _race(self) -> None:
        """Single messages within a few milliseconds around the deadline, not waiting for any answer."""
        orders, sender = self._orders, self._sender
        moments = np.sort(self._chance.uniform(-orders.race_span_s, orders.race_span_s, orders.race_sends))
        await sender.open_socket()
        warm = self._click(0, clock())  # the first save of an attempt reads its form; that is no race
        sender.pending.clear()
        self._line.write(frame(sender.encode([warm])))
        await self._verdicts({warm.seq: warm})
        ready: dict[int, Op] = {}
        frames: list[tuple[float, bytes]] = []
        for place, moment in enumerate(moments):
            op = self._click(place, orders.race_at + float(moment))
            ready[op.seq] = op
            frames.append((op.made, frame(sender.encode([op]))))
        sender.pending.clear()
        for at, raw in frames:
            await sleep_until(at)
            self._line.write(raw)
        await self._verdicts(ready)

    async def _verdicts(self, ready: dict[int, Op]) -> None:
        """Until each operation, sent in a message of its own, has its answer."""
        while ready:
            told = msgspec.json.decode(await self._line.receive(PATIENCE_S * 2))
            if "ack" in told:
                seqs = {told["ack"]["acked"], *(each["seq"] for each in told["ack"]["verdicts"])}
                self._sender.decided([ready.pop(seq) for seq in seqs if seq in ready], told["ack"])
            elif "error" in told:
                break  # a refusal for now: nothing was promised

    # -- the camera

    def _picture(self, number: int) -> bytes:
        pictures = self._orders.pictures
        return Path(pictures[number % len(pictures)]).read_bytes()

    async def _film(self) -> None:
        """A frame every few seconds on a connection of its own, as a browser does; never in the way of the answers."""
        line = Line(self._orders.base_url)
        line.cookies = self._line.cookies
        at, number = clock() + self._orders.frames_s * self._chance.random(), 0
        try:
            while self._phase not in ENDED:
                await sleep_until(at)
                at, number = at + self._orders.frames_s, number + 1
                status = 0
                with suppress(LineLost):
                    if not line.is_open:
                        await line.open()
                    kind = SEAT | {"content-type": "image/jpeg", "x-captured-at": str(int(clock() * 1000))}
                    status = (await line.request("POST", "/api/seat/frame", self._picture(number), kind)).status
                self._journal.note(Frame(clock(), status))
        finally:
            line.abort()


def _unsealed(told: bytes, sealed: bytes, attempt: UUID) -> _Bootstrap:
    """What the browser does at T0: open the form that it has had for a while."""
    key = msgspec.json.decode(told, type=_Key)
    raw = base64.urlsafe_b64decode(key.key + "==")
    form = zlib.decompress(AESGCM(raw).decrypt(sealed[:NONCE], sealed[NONCE:], str(attempt).encode()))
    return _Bootstrap(_Attempt(attempt), key.state, msgspec.json.decode(form, type=_Form).items)


async def sleep_until(at: float) -> None:
    """Until a moment of the wall clock."""
    while (left := at - clock()) > 0:  # noqa: ASYNC110  # the clock is what is waited for
        await asyncio.sleep(min(left, 5.0))
