"""What a plan works with: the system, the proxy before it, a seeded generator, and a notebook for its report."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias
from uuid import UUID

import msgspec
import numpy as np

from kit.postgres import Connection, open_connection
from scripts.faults.proxy import Proxy
from scripts.robots.system import Needs, System

GAP_S = (0.5, 3.0)  # between the recovery of one fault and the next
SETTLE_S = 1.5


class Stage:
    """`points` moments are drawn from `chance`; `recoveries` are seconds from each fault until the system answered."""

    def __init__(
        self, system: System, proxy: Proxy, chance: np.random.Generator, points: int, session_id: UUID
    ) -> None:
        self.system, self.proxy, self.chance, self.points = system, proxy, chance, points
        self.session_id = session_id
        self.recoveries: list[float] = []
        self.moments: list[float] = []
        self.facts: dict[str, Any] = {}
        self.broken: list[str] = []
        self._begun = time.monotonic()

    async def moment(self) -> None:
        """Wait until the next random point."""
        await asyncio.sleep(self.chance.uniform(*GAP_S))
        self.moments.append(round(time.monotonic() - self._begun, 2))

    async def settle(self, seconds: float = SETTLE_S) -> None:
        """Let the robots work for a while."""
        await asyncio.sleep(seconds)

    async def measure(self, recovery: Awaitable[Any]) -> None:
        """Time a recovery."""
        begun = time.monotonic()
        await recovery
        self.recoveries.append(round(time.monotonic() - begun, 2))

    async def connect(self) -> Connection:
        """A connection of the superuser."""
        return await open_connection(self.system.settings.database_url, application="fault")


Strike: TypeAlias = Callable[[Stage], Awaitable[None]]


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the fault table."""

    name: str
    breaks: str  # what is done, in words
    strike: Strike
    needs: Needs = Needs()
    orders: dict[str, Any] = {}  # what the robots do differently
    recover_ms: float = 0.0  # limit of the reconnect p99; 0: none is set
    control: bool = False  # must be able to lose: proves that a loss would be seen
    race: bool = False
    forbidden: Callable[[], str] = lambda: ""  # why it cannot be done on this machine
