"""The candidate's seat on the web side: its token, what this worker remembers of it, and who is connected.

The token proves attempt and seat without a look-up; whether the seat still holds is in the remembered state, which a
bus message renews at once after a takeover, pause or resume, and which the database overrules in every write.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import structlog

from exam_engine.domain.attempt import Status
from exam_engine.domain.deadline import remaining_s
from exam_engine.domain.records import Attempt
from exam_engine.service.seat import Superseded
from kit.clock import milliseconds
from kit.errors import Unauthenticated
from kit.signing import open_token, seal_token
from web.wiring import Deps

log = structlog.get_logger(__name__)

REMEMBERED = 20_000  # seats of one worker
Send = Callable[[dict[str, Any]], Awaitable[None]]


class SeatToken(msgspec.Struct, frozen=True):
    """What the cookie says."""

    attempt_id: UUID
    seat_id: UUID
    session_id: UUID

    def seal(self, key: bytes) -> str:
        """The cookie's value."""
        return seal_token(key, f"{self.attempt_id.hex}.{self.seat_id.hex}.{self.session_id.hex}")


def read_token(key: bytes, cookie: str | None) -> SeatToken:
    """The seat of a cookie; raises `Unauthenticated` (or `BadSignature`, its subclass)."""
    if not cookie:
        raise Unauthenticated
    parts = open_token(key, cookie).split(".")
    return SeatToken(*(UUID(part) for part in parts))


def wire_state(attempt: Attempt, now: datetime) -> dict[str, Any]:
    """`State` of docs/architecture.md."""
    paused = attempt.paused_at if attempt.status is Status.PAUSED else None
    return {
        "phase": attempt.status.value,
        "now": milliseconds(now),
        "deadline": milliseconds(attempt.deadline_at) if attempt.deadline_at and not paused else None,
        "remaining_s": remaining_s(attempt.deadline_at, paused, now),
    }


class Seats:
    """The seats that this worker knows: remembered attempts, open sockets, when last seen."""

    def __init__(self, deps: Deps) -> None:
        self._deps = deps
        self._attempts: OrderedDict[UUID, Attempt] = OrderedDict()
        self._sockets: dict[UUID, dict[UUID, set[Send]]] = {}
        self._forgotten = 0
        self._renewing: asyncio.Task[None] | None = None
        self.seen_at: dict[UUID, datetime] = {}
        deps.bus.on_gap(self._renew)

    async def attempt(self, token: SeatToken, *, fresh: bool = False) -> Attempt:
        """The attempt of a seat that still holds; raises `Superseded`."""
        attempt = None if fresh else self._attempts.get(token.attempt_id)
        # a seat that is not the remembered one may be newer: the log-in was at another worker
        if attempt is None or attempt.seat_id != token.seat_id:
            attempt = await self._look(token.attempt_id)
        if attempt.seat_id != token.seat_id:
            raise Superseded
        return attempt

    async def _look(self, attempt_id: UUID) -> Attempt:
        forgotten = self._forgotten
        async with self._deps.unit() as unit:
            attempt = await unit.attempts.get(attempt_id)
        if forgotten == self._forgotten:  # else this may be what was to be forgotten
            self._attempts[attempt_id] = attempt
            while len(self._attempts) > REMEMBERED:
                self._attempts.popitem(last=False)
        return attempt

    def remember(self, attempt: Attempt) -> None:
        """What this worker has just written."""
        self._attempts[attempt.id] = attempt

    def forget(self, attempt_id: UUID) -> None:
        """What is remembered is no longer true."""
        self._forgotten += 1
        self._attempts.pop(attempt_id, None)

    def _renew(self) -> None:
        """Messages of the bus were lost: remember nothing, and tell every open socket how it stands."""
        self._forgotten += 1
        self._attempts.clear()
        self._renewing = asyncio.create_task(self._tell_all())

    async def _tell_all(self) -> None:
        for attempt_id in tuple(self._sockets):
            await self._pass_on(attempt_id, {"kind": "state"})

    def touch(self, attempt_id: UUID, now: datetime) -> None:
        """The candidate was heard of."""
        self.seen_at[attempt_id] = now

    def connect(self, token: SeatToken, send: Send) -> None:
        """A socket of the seat opened."""
        self._sockets.setdefault(token.attempt_id, {}).setdefault(token.seat_id, set()).add(send)

    def disconnect(self, token: SeatToken, send: Send) -> None:
        """It closed."""
        seats = self._sockets.get(token.attempt_id, {})
        seats.get(token.seat_id, set()).discard(send)
        if not seats.get(token.seat_id):
            seats.pop(token.seat_id, None)
        if not seats:
            self._sockets.pop(token.attempt_id, None)

    async def follow_bus(self) -> None:
        """Pass on what concerns our sockets, for ever."""
        async with self._deps.bus.subscribe("seat.") as messages:
            async for channel, payload in messages:
                try:
                    await self._pass_on(UUID(channel.removeprefix("seat.")), payload)
                except Exception as error:
                    log.warning("seat-message-lost", error=repr(error))

    async def _pass_on(self, attempt_id: UUID, payload: dict[str, Any]) -> None:
        self.forget(attempt_id)
        seats = self._sockets.get(attempt_id)
        if not seats:
            return
        async with self._deps.unit() as unit:
            attempt = await unit.attempts.get(attempt_id)
        current = (
            {"message": payload["message"]}
            if "message" in payload
            else {"state": wire_state(attempt, self._deps.clock())}
        )
        sends = [
            send(current if seat_id == attempt.seat_id else {"superseded": True})
            for seat_id, sockets in seats.items()
            for send in tuple(sockets)
        ]
        await asyncio.gather(*sends, return_exceptions=True)
