"""Two frame queues behind one port: an UNLOGGED table of PostgreSQL, and Redis Streams for a fleet.

Both keep one picture per candidate, so a queue that nobody works on stays as large as the number of candidates and the
live view never lags. Frames may be lost with the server; nothing else is kept here.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, ParamSpec, TypeVar, cast
from uuid import UUID

from redis import asyncio as aioredis
from redis.exceptions import RedisError, ResponseError

from kit.clock import from_milliseconds, milliseconds
from kit.errors import Unavailable
from kit.postgres import Pool, load_statements
from proctoring.domain.records import Frame

SQL = load_statements(__package__, "sql/frames.sql")

CLAIM_S = 10.0  # a worker that holds a frame longer is dead: a frame takes 20 ms
STREAM = "ombilin:frames"
GROUP = "vision"
STREAM_LIMIT = 20_000  # entries are notices of 100 bytes; more candidates than that need more than one Redis
PICTURE_TTL_S = 120

P = ParamSpec("P")
T = TypeVar("T")


class PostgresFrameQueue:
    """Over a pool of its own transactions."""

    def __init__(self, pool: Pool, *, claim_s: float = CLAIM_S) -> None:
        self._pool = pool
        self._claim = timedelta(seconds=claim_s)

    async def put(self, frame: Frame) -> None:
        """Upsert; a frame that is not newer changes nothing."""
        await self._pool.execute(
            SQL.put_frame, frame.attempt_id, frame.session_id, frame.at, frame.captured_at, frame.jpeg
        )

    async def take(self, limit: int, now: datetime) -> list[Frame]:
        """Claim with SKIP LOCKED: two workers never hold the same frame."""
        rows = await self._pool.fetch(SQL.take_frames, limit, now, now - self._claim)
        return sorted((Frame(*row) for row in rows), key=lambda frame: frame.at)

    async def done(self, frame: Frame) -> None:
        """Keeps the picture for the live view."""
        await self._pool.execute(SQL.finish_frame, frame.attempt_id, frame.at)

    async def latest(self, attempt_id: UUID) -> Frame | None:
        """The live picture."""
        row = await self._pool.fetchrow(SQL.select_latest_frame, attempt_id)
        return None if row is None else Frame(*row)

    async def seen_at(self, attempt_ids: Sequence[UUID]) -> dict[UUID, datetime]:
        """When the newest frames came."""
        return {row["attempt_id"]: row["at"] for row in await self._pool.fetch(SQL.select_seen_at, list(attempt_ids))}

    async def forget(self, attempt_id: UUID) -> None:
        """Drop it."""
        await self._pool.execute(SQL.delete_frame, attempt_id)

    async def waiting(self) -> int:
        """Frames that nobody has measured (a metric)."""
        count: int = await self._pool.fetchval(SQL.count_waiting)
        return count


def _or_unavailable(method: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, Coroutine[Any, Any, T]]:
    @wraps(method)
    async def guarded(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return await method(*args, **kwargs)
        except RedisError as error:
            raise Unavailable from error

    return guarded


class RedisFrameQueue:
    """A stream of notices with a consumer group; the picture lies in a hash per candidate that expires.

    A notice whose picture has been replaced is acknowledged unread, so that only the newest frame costs work. A Redis
    that is away raises `Unavailable`: live views stop, nothing else does.
    """

    def __init__(self, redis: aioredis.Redis, *, consumer: str = "worker", claim_s: float = CLAIM_S) -> None:
        # redis-py types every command as "awaitable or not"; this client is the asyncio one
        self._redis: Any = redis
        self._consumer = consumer
        self._claim_ms = round(claim_s * 1000)
        self._grouped = False

    @_or_unavailable
    async def put(self, frame: Frame) -> None:
        """Store the picture and announce it, in one round trip."""
        key = _key(frame.attempt_id)
        at = milliseconds(frame.at)
        fields: dict[str, Any] = {"session": frame.session_id.hex, "at": at, "jpeg": frame.jpeg}
        fields["captured"] = milliseconds(frame.captured_at) if frame.captured_at else 0
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.hset(key, mapping=fields)
            pipe.expire(key, PICTURE_TTL_S)
            notice = {"attempt": frame.attempt_id.hex, "at": at}
            pipe.xadd(STREAM, notice, maxlen=STREAM_LIMIT, approximate=True)
            await pipe.execute()

    @_or_unavailable
    async def take(self, limit: int, now: datetime) -> list[Frame]:  # noqa: ARG002  # Redis measures idle time itself
        """Notices of dead workers first, then new ones."""
        try:
            await self._ensure_group()
            _, entries, *_ = await self._redis.xautoclaim(
                STREAM, GROUP, self._consumer, min_idle_time=self._claim_ms, count=limit
            )
            if len(entries) < limit:
                read = await self._redis.xreadgroup(GROUP, self._consumer, {STREAM: ">"}, count=limit - len(entries))
                entries = [*entries, *(entry for _, found in _streams(read) for entry in found)]
        except ResponseError as error:
            if "NOGROUP" not in str(error):
                raise
            self._grouped = False  # Redis came back empty; the next call makes the group again
            return []
        return await self._frames(entries)

    @_or_unavailable
    async def done(self, frame: Frame) -> None:
        """Acknowledge and delete the notice."""
        await self._finish([frame.receipt])

    @_or_unavailable
    async def latest(self, attempt_id: UUID) -> Frame | None:
        """The live picture."""
        return _frame(attempt_id, await self._redis.hgetall(_key(attempt_id)), "")

    @_or_unavailable
    async def seen_at(self, attempt_ids: Sequence[UUID]) -> dict[UUID, datetime]:
        """When the newest frames came, as far as the pictures have not expired."""
        async with self._redis.pipeline(transaction=False) as pipe:
            for attempt_id in attempt_ids:
                pipe.hget(_key(attempt_id), "at")
            found = await pipe.execute()
        return {
            attempt_id: from_milliseconds(int(at))
            for attempt_id, at in zip(attempt_ids, found, strict=True)
            if at is not None
        }

    @_or_unavailable
    async def forget(self, attempt_id: UUID) -> None:
        """Drop it."""
        await self._redis.delete(_key(attempt_id))

    @_or_unavailable
    async def waiting(self) -> int:
        """Notices that nobody has worked off (a metric)."""
        return cast("int", await self._redis.xlen(STREAM))

    async def _ensure_group(self) -> None:
        if self._grouped:
            return
        try:
            await self._redis.xgroup_create(STREAM, GROUP, id="0", mkstream=True)
        except ResponseError as error:
            if "BUSYGROUP" not in str(error):
                raise
        self._grouped = True

    async def _frames(self, entries: Sequence[tuple[bytes, dict[bytes, bytes] | None]]) -> list[Frame]:
        frames: list[Frame] = []
        stale: list[str] = []
        for entry_id, notice in entries:
            receipt = entry_id.decode()
            frame = None
            if notice:
                attempt_id = UUID(hex=notice[b"attempt"].decode())
                frame = _frame(attempt_id, await self._redis.hgetall(_key(attempt_id)), receipt)
            if frame is None or notice is None or milliseconds(frame.at) != int(notice[b"at"]):
                stale.append(receipt)
            else:
                frames.append(frame)
        if stale:
            await self._finish(stale)
        return frames

    async def _finish(self, receipts: Sequence[str]) -> None:
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.xack(STREAM, GROUP, *receipts)
            pipe.xdel(STREAM, *receipts)
            await pipe.execute()


def _key(attempt_id: UUID) -> str:
    return f"ombilin:frame:{attempt_id.hex}"


def _streams(read: Any) -> Any:
    """RESP3 clients answer with a mapping, RESP2 clients with pairs."""
    if isinstance(read, dict):
        return [(name, [entry for batch in batches for entry in batch]) for name, batches in read.items()]
    return read or []


def _frame(attempt_id: UUID, fields: dict[bytes, bytes], receipt: str) -> Frame | None:
    if not fields:
        return None
    captured = int(fields[b"captured"])
    return Frame(
        attempt_id=attempt_id,
        session_id=UUID(hex=fields[b"session"].decode()),
        at=from_milliseconds(int(fields[b"at"])),
        captured_at=from_milliseconds(captured) if captured else None,
        jpeg=fields[b"jpeg"],
        receipt=receipt,
    )
