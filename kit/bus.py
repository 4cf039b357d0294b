"""A bus for what may be lost: live pictures' notices, messages to seats, score-board ticks.

Nothing that matters is only on the bus: every receiver can rebuild from PostgreSQL. Two implementations of one small
port: LISTEN/NOTIFY for one machine, Redis publish/subscribe where a fleet has one.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, Protocol

import asyncpg
import msgspec
import structlog
from redis import asyncio as aioredis
from redis.exceptions import RedisError

from kit.postgres import Pool, open_connection

log = structlog.get_logger(__name__)

QUEUE_LIMIT = 1_000  # messages a slow subscriber may be behind before the oldest are dropped
CHANNEL = "ombilin"
PAYLOAD_LIMIT = 7_900  # PostgreSQL refuses NOTIFY payloads of 8,000 bytes
RETRY_S = 1.0

Payload = dict[str, Any]


class Bus(Protocol):
    """Publish and subscribe by channel prefix; at most once, in order per publisher."""

    async def publish(self, channel: str, payload: Payload) -> None:
        """Send to whoever listens now."""

    async def publish_many(self, messages: Sequence[tuple[str, Payload]]) -> None:
        """Send several (channel, payload) at once, in order."""

    def subscribe(self, prefix: str) -> Any:
        """Async context manager giving an async iterator of (channel, payload)."""

    def on_gap(self, tell: Callable[[], None]) -> None:
        """Call `tell` whenever messages may have been lost: whoever remembers something must look again."""

    async def close(self) -> None:
        """Stop listening."""


class _Fanout:
    """Subscribers in this process; a slow one loses its oldest messages, never delays the others."""

    def __init__(self) -> None:
        self._subscribers: dict[asyncio.Queue[tuple[str, Payload]], str] = {}

    def deliver(self, raw: str | bytes) -> None:
        try:
            channel, payload = msgspec.json.decode(raw, type=tuple[str, Payload])
        except msgspec.MsgspecError:
            log.warning("bus-message-malformed")
            return
        for queue, prefix in self._subscribers.items():
            if channel.startswith(prefix):
                if queue.full():
                    queue.get_nowait()
                queue.put_nowait((channel, payload))

    @asynccontextmanager
    async def subscription(self, prefix: str) -> AsyncIterator[AsyncIterator[tuple[str, Payload]]]:
        queue: asyncio.Queue[tuple[str, Payload]] = asyncio.Queue(QUEUE_LIMIT)
        self._subscribers[queue] = prefix

        async def messages() -> AsyncIterator[tuple[str, Payload]]:
            while True:
                yield await queue.get()

        try:
            yield messages()
        finally:
            del self._subscribers[queue]


def _encode(channel: str, payload: Payload) -> str:
    return msgspec.json.encode((channel, payload)).decode()


class _ListeningBus:
    """What both implementations share: one listener per process, started by the first subscriber."""

    def __init__(self) -> None:
        self._fanout = _Fanout()
        self._listener: asyncio.Task[None] | None = None
        self._ready = asyncio.Event()
        self._tell_gap: list[Callable[[], None]] = []

    def on_gap(self, tell: Callable[[], None]) -> None:
        """Call `tell` whenever messages may have been lost: whoever remembers something must look again."""
        self._tell_gap.append(tell)

    def _listening(self) -> None:
        """From now on messages arrive; what was sent since the listener broke has not."""
        if self._ready.is_set():
            for tell in self._tell_gap:
                tell()
        self._ready.set()

    async def _listen(self) -> None:
        raise NotImplementedError

    @asynccontextmanager
    async def subscribe(self, prefix: str) -> AsyncIterator[AsyncIterator[tuple[str, Payload]]]:
        """Messages of every channel that starts with the prefix, from now on."""
        if self._listener is None:
            self._listener = asyncio.create_task(self._listen())
        await self._ready.wait()
        async with self._fanout.subscription(prefix) as messages:
            yield messages

    async def close(self) -> None:
        """Stop listening."""
        if self._listener is not None:
            self._listener.cancel()
            with suppress(asyncio.CancelledError):
                await self._listener


class PostgresBus(_ListeningBus):
    """LISTEN/NOTIFY. One listening connection per process, reopened when it breaks."""

    def __init__(self, pool: Pool, url: str) -> None:
        super().__init__()
        self._pool = pool
        self._url = url

    async def publish(self, channel: str, payload: Payload) -> None:
        """NOTIFY; a payload over the server's limit is a bug of the caller."""
        raw = _encode(channel, payload)
        assert len(raw.encode()) < PAYLOAD_LIMIT, f"bus payload too large on {channel}"
        await self._pool.execute("select pg_notify($1, $2)", CHANNEL, raw)

    async def publish_many(self, messages: Sequence[tuple[str, Payload]]) -> None:
        """One transaction of many NOTIFYs."""
        raws = [_encode(channel, payload) for channel, payload in messages]
        await self._pool.execute("select pg_notify($1, raw) from unnest($2::text[]) as t (raw)", CHANNEL, raws)

    async def _listen(self) -> None:
        while True:
            try:
                await self._listen_once()
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                log.warning("bus-listener-lost", error=str(error))
            await asyncio.sleep(RETRY_S)

    async def _listen_once(self) -> None:
        connection = await open_connection(self._url, application="ombilin-bus")
        lost = asyncio.Event()
        try:
            connection.add_termination_listener(lambda _connection: lost.set())
            await connection.add_listener(CHANNEL, lambda _c, _p, _ch, raw: self._fanout.deliver(raw))
            self._listening()
            await lost.wait()
        finally:
            connection.terminate()


class RedisBus(_ListeningBus):
    """Redis publish/subscribe on one channel; losing Redis loses live views only."""

    def __init__(self, redis: aioredis.Redis) -> None:
        super().__init__()
        self._redis = redis

    async def publish(self, channel: str, payload: Payload) -> None:
        """PUBLISH; a Redis that is away is logged, not raised: nothing durable travels here."""
        try:
            await self._redis.publish(CHANNEL, _encode(channel, payload))
        except RedisError as error:
            log.warning("bus-publish-lost", error=str(error))

    async def publish_many(self, messages: Sequence[tuple[str, Payload]]) -> None:
        """One round trip."""
        try:
            async with self._redis.pipeline(transaction=False) as pipeline:
                for channel, payload in messages:
                    pipeline.publish(CHANNEL, _encode(channel, payload))
                await pipeline.execute()
        except RedisError as error:
            log.warning("bus-publish-lost", error=str(error))

    async def _listen(self) -> None:
        while True:
            try:
                async with self._redis.pubsub() as pubsub:
                    await pubsub.subscribe(CHANNEL)
                    async for message in pubsub.listen():
                        if message["type"] == "subscribe":
                            self._listening()
                        elif message["type"] == "message":
                            self._fanout.deliver(message["data"])
            except (RedisError, OSError) as error:
                log.warning("bus-listener-lost", error=str(error))
                # live views start and stay empty rather than hang while Redis is away
                self._ready.set()
            await asyncio.sleep(RETRY_S)
