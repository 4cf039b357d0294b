"""The start of a session on the web side: the sealed package before T0, the small start at T0, the key after it.

All three are hot paths (web/hot.py): at T0 every browser of a session comes within seconds. What follows from a start
and nobody waits for (the proctors' consoles, the watch of the camera) is done after the answer, for all at once.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import NamedTuple

import msgspec
import structlog

from exam_engine.domain.attempt import Status
from exam_engine.domain.records import Attempt, Exam
from exam_engine.service.package import package_key, seal_package
from exam_engine.service.start import Drawn, Wanted, draw, not_open, prepare
from kit.errors import Locked
from kit.http.formats import LocaleCode
from kit.signing import b64url
from web.seat import Seats, SeatToken, wire_state
from web.views import form_view
from web.watching import begun
from web.wiring import Deps

log = structlog.get_logger(__name__)

PREPARED_AT_ONCE = 4  # packages; more would take the database's connections from those who log in
KEPT_BY_BROWSER = b"private, max-age=43200"


class Blob(NamedTuple):
    """An answer that is not plain JSON without a cache."""

    body: bytes
    content_type: bytes
    cache: bytes


class Starting:
    """One for each worker."""

    def __init__(self, deps: Deps, seats: Seats) -> None:
        self._deps = deps
        self._seats = seats
        self._preparing = asyncio.Semaphore(PREPARED_AT_ONCE)
        self._started: list[tuple[Attempt, Exam]] = []
        self._telling: asyncio.Task[None] | None = None

    async def package(self, token: SeatToken, locale: LocaleCode) -> Blob:
        """The sealed form; the form is drawn and pinned now, if it was not."""
        deps = self._deps
        await self._seats.attempt(token)
        _, exam = await deps.sitting(token.session_id, deps.clock())
        blueprint, pool = await deps.item_pool(exam.blueprint, deps.clock())
        async with self._preparing:
            async with deps.unit() as unit:
                attempt = await prepare(unit, token.attempt_id, partial(draw, blueprint, pool))
                sequence = (await unit.attempts.sequences([attempt.id]))[attempt.id]
            contents = await deps.items.contents([item.version_id for item in sequence])
            form = {"form_hash": attempt.form_hash, **form_view(blueprint, sequence, contents, locale)}
            sealed = await asyncio.to_thread(
                seal_package, self._key(token), token.attempt_id, msgspec.json.encode(form)
            )
        return Blob(sealed, b"application/octet-stream", b"no-store")

    async def key(self, token: SeatToken) -> Blob:
        """Of an attempt that has started; raises `NotOpen` before T0, `Locked` until the start."""
        attempt = await self._seats.attempt(token)
        if attempt.status is Status.PREPARING:
            attempt = await self._seats.attempt(token, fresh=True)
        if attempt.status is Status.PREPARING:
            now = self._deps.clock()
            session, _ = await self._deps.sitting(token.session_id, now)
            if session.starts_at is not None and now < session.starts_at:
                raise not_open(session.starts_at, now)
            raise Locked
        return Blob(msgspec.json.encode({"key": b64url(self._key(token))}), b"application/json", KEPT_BY_BROWSER)

    async def begin(self, token: SeatToken) -> dict[str, object]:
        """Start, together with whoever else starts now."""
        attempt, exam = await self._deps.starts.start(Wanted(token.attempt_id, token.seat_id, await self._draw(token)))
        self._seats.remember(attempt)
        self._tell(attempt, exam)
        return {
            "state": wire_state(attempt, self._deps.clock()),
            "form_hash": attempt.form_hash,
            "key": b64url(self._key(token)),
        }

    async def begin_here(self, token: SeatToken) -> None:
        """The same for a browser that wants everything in one answer."""
        attempt, exam = await self._deps.starts.start(Wanted(token.attempt_id, token.seat_id, await self._draw(token)))
        self._seats.remember(attempt)
        await self._follow([(attempt, exam)])

    async def settled(self) -> None:
        """Until what follows from the starts so far is done."""
        if self._telling is not None:
            await self._telling

    async def _draw(self, token: SeatToken) -> partial[Drawn]:
        now = self._deps.clock()
        _, exam = await self._deps.sitting(token.session_id, now)
        blueprint, pool = await self._deps.item_pool(exam.blueprint, now)
        return partial(draw, blueprint, pool)

    def _key(self, token: SeatToken) -> bytes:
        return package_key(self._deps.settings.secret_key, token.session_id, token.attempt_id)

    def _tell(self, attempt: Attempt, exam: Exam) -> None:
        self._started.append((attempt, exam))
        if self._telling is None or self._telling.done():
            self._telling = asyncio.create_task(self._tell_all(), name="started")

    async def _tell_all(self) -> None:
        while self._started:
            started, self._started = self._started, []
            try:
                await self._follow(started)
            except Exception as error:
                log.error("starts-not-told", count=len(started), exc_info=error)

    async def _follow(self, started: list[tuple[Attempt, Exam]]) -> None:
        now = self._deps.clock()
        watched = [(attempt, exam) for attempt, exam in started if exam.proctoring.get("camera")]
        if watched:
            async with self._deps.unit() as unit:
                for attempt, exam in watched:
                    await begun(unit, attempt, exam.proctoring, now=now)
        notices = [
            notice
            for attempt, _ in started
            for notice in (
                (f"seat.{attempt.id}", {"kind": "state"}),
                (f"proctor.{attempt.session_id}", {"kind": "candidate", "attempt": str(attempt.id)}),
            )
        ]
        await self._deps.bus.publish_many(notices)
