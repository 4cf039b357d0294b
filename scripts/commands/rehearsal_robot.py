"""One simulated candidate over the real protocol: page log-in, start, operations by socket or POST, submit or run out.

Robots are varied on purpose: some work offline for a while and send a heap at once, some send everything twice, some
change their minds, and the slow ones go on after the deadline to see that they are refused.
"""

from __future__ import annotations

import asyncio
import re
import time
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import httpx
import msgspec
import numpy as np
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from kit.errors import Fault

TRIES = 30
HEADERS = {"X-Ombilin-Seat": "1"}
_CSRF = re.compile(r'name="csrf_token" value="([^"]+)"')


@dataclass
class Journal:
    """What the robots were told: every acknowledged operation, every refusal, every duration in seconds."""

    acked: list[tuple[UUID, UUID, int, str, int, str]] = field(default_factory=list)
    late: int = 0
    rejected: int = 0
    retried: int = 0
    ack_s: list[float] = field(default_factory=list)
    start_s: list[float] = field(default_factory=list)
    submitted: int = 0
    failures: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Temper:
    """How a robot behaves."""

    socket: bool
    offline: bool
    repeats: bool
    wavers: bool
    slow: bool
    think_s: float


class RobotFailed(Fault):
    """The system did not answer as it must."""

    key = "robot-failed"


class Robot:
    """Call `take` once."""

    def __init__(self, base_url: str, number: str, pin: str, temper: Temper, journal: Journal, seed: int) -> None:
        self._base = base_url
        self._number, self._pin = number, pin
        self._temper = temper
        self._journal = journal
        self._chance = np.random.Generator(np.random.PCG64(seed))
        self._client_id = uuid4()
        self._seq = 0
        self._rev = 0
        self._attempt = UUID(int=0)
        self._socket: ClientConnection | None = None

    async def take(self) -> None:
        """Take the whole exam."""
        async with httpx.AsyncClient(base_url=self._base, timeout=30, trust_env=False) as http:
            try:
                await self._log_in(http)
                items = await self._start(http)
                running = await self._answer_all(http, items)
                if running:
                    await self._submit(http)
            except (Fault, httpx.HTTPError, WebSocketException, OSError) as error:
                self._journal.failures.append(f"{self._number}: {error!r}")
            finally:
                if self._socket is not None:
                    await self._socket.close()

    async def _log_in(self, http: httpx.AsyncClient) -> None:
        page = await http.get("/exam/login")
        token = _CSRF.search(page.text)
        if token is None:
            raise RobotFailed("the log-in page has no form")
        form = {"csrf_token": token.group(1), "number": self._number, "pin": self._pin}
        answer = await http.post("/exam/login", data=form)
        if answer.status_code != 303:
            raise RobotFailed(f"log-in answered {answer.status_code}")

    async def _start(self, http: httpx.AsyncClient) -> list[dict[str, Any]]:
        begun = time.perf_counter()
        answer = await http.post("/api/seat/start", headers=HEADERS)
        if answer.status_code != 200:
            raise RobotFailed(f"start answered {answer.status_code}: {answer.text[:200]}")
        self._journal.start_s.append(time.perf_counter() - begun)
        bootstrap = answer.json()
        self._attempt = UUID(bootstrap["attempt"]["id"])
        self._rev = bootstrap["attempt"]["last_revision"]
        items: list[dict[str, Any]] = bootstrap["items"]
        return items

    async def _answer_all(self, http: httpx.AsyncClient, items: list[dict[str, Any]]) -> bool:
        """False when the deadline came first."""
        heap: list[dict[str, Any]] = []
        offline_from, offline_to = (20, 45) if self._temper.offline else (0, 0)
        for place, item in enumerate(items):
            await asyncio.sleep(self._chance.exponential(self._temper.think_s))
            heap.append(self._operation(item))
            if self._temper.wavers and self._chance.random() < 0.3:
                heap.append(self._operation(item))
            if offline_from <= place < offline_to:
                continue
            if not await self._send(http, heap):
                return False
            if self._temper.repeats and not await self._send(http, heap, counted=False):
                return False
            heap = []
        return True

    def _operation(self, item: dict[str, Any]) -> dict[str, Any]:
        options = item["interaction"]["options"]
        chosen = options[int(self._chance.integers(len(options)))]["id"]
        self._seq += 1
        self._rev += 1
        return {
            "seq": self._seq,
            "rev": self._rev,
            "kind": "respond",
            "item": item["ref"],
            "value": {"base": {"identifier": chosen}},
            "at": time.time() * 1000,  # noqa: TID251  # a robot plays a browser's clock
        }

    async def _send(self, http: httpx.AsyncClient, heap: list[dict[str, Any]], *, counted: bool = True) -> bool:
        """Send until acknowledged; False when the exam is over."""
        begun = time.perf_counter()
        for _ in range(TRIES):
            ack = await self._try(http, {"client": str(self._client_id), "ops": heap})
            if ack is None:
                self._journal.retried += 1
                await asyncio.sleep(0.2 + self._chance.random() * 0.5)
                continue
            if counted:
                self._journal.ack_s.append(time.perf_counter() - begun)
                self._note(heap, ack)
            over: bool = ack["state"]["phase"] in ("submitted", "expired", "terminated") or any(
                each["verdict"] == "late" for each in ack["verdicts"]
            )
            return not over
        raise RobotFailed(f"no acknowledgement in {TRIES} tries")

    async def _try(self, http: httpx.AsyncClient, message: dict[str, Any]) -> dict[str, Any] | None:
        try:
            if self._temper.socket:
                if self._socket is None:
                    cookies = "; ".join(f"{name}={value}" for name, value in http.cookies.items())
                    address = self._base.replace("http", "ws", 1) + "/api/seat/socket"
                    self._socket = await connect(address, additional_headers={"Cookie": cookies}, compression=None)
                await self._socket.send(msgspec.json.encode(message).decode())
                while True:
                    told = msgspec.json.decode(await asyncio.wait_for(self._socket.recv(), 30))
                    if "ack" in told:
                        ack: dict[str, Any] = told["ack"]
                        return ack
                    if "error" in told:
                        return None
            answer = await http.post("/api/seat/ops", json=message, headers=HEADERS)
            return answer.json() if answer.status_code == 200 else None
        except (httpx.HTTPError, WebSocketException, OSError, TimeoutError):
            self._socket = None
            return None

    def _note(self, heap: list[dict[str, Any]], ack: dict[str, Any]) -> None:
        refused = {each["seq"]: each["verdict"] for each in ack["verdicts"]}
        for op in heap:
            verdict = refused.get(op["seq"])
            if verdict == "late":
                self._journal.late += 1
            elif verdict is not None:
                self._journal.rejected += 1
            elif op["seq"] <= ack["acked"]:
                letter = op["value"]["base"]["identifier"]
                self._journal.acked.append((self._attempt, self._client_id, op["seq"], op["item"], op["rev"], letter))

    async def _submit(self, http: httpx.AsyncClient) -> None:
        for _ in range(TRIES):
            answer = await http.post("/api/seat/submit", headers=HEADERS)
            if answer.status_code == 200:
                self._journal.submitted += 1
                return
            await asyncio.sleep(0.5)
        raise RobotFailed("submit was never accepted")
