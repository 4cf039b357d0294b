"""Both frame queues keep the same promises, against real servers."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest
from redis import asyncio as aioredis

from kit.errors import Unavailable
from proctoring.store.frames import STREAM, PostgresFrameQueue, RedisFrameQueue


@pytest.fixture
async def redis(redis_url):
    """A client of an empty server."""
    client = aioredis.from_url(redis_url)
    await client.flushdb()
    yield client
    await client.aclose()


@pytest.fixture(params=["postgresql", "redis"])
def queues(request):
    """A factory of queues over one empty server; `claim_s` says how soon a claim is void."""
    if request.param == "postgresql":
        pool = request.getfixturevalue("pool")
        return lambda claim_s=10.0, consumer="one": PostgresFrameQueue(pool, claim_s=claim_s)
    client = request.getfixturevalue("redis")
    return lambda claim_s=10.0, consumer="one": RedisFrameQueue(client, claim_s=claim_s, consumer=consumer)


async def test_put_take_done(queues, attempt, frame_of, clock):
    queue = queues()
    frame = frame_of(attempt)
    await queue.put(frame)
    taken = await queue.take(10, clock())
    assert [(each.attempt_id, each.session_id, each.at, each.captured_at, each.jpeg) for each in taken] == [
        (frame.attempt_id, frame.session_id, frame.at, frame.captured_at, frame.jpeg)
    ]
    assert await queue.take(10, clock()) == []
    await queue.done(taken[0])
    assert await queue.take(10, clock.move(60)) == []
    assert await queue.waiting() == 0
    # the live picture stays
    latest = await queue.latest(attempt)
    assert latest is not None
    assert latest.jpeg == frame.jpeg


async def test_a_newer_frame_replaces_an_unread_one(queues, attempt, frame_of, clock):
    queue = queues()
    for second in range(5):
        await queue.put(frame_of(attempt, second, f"picture {second}".encode()))
    taken = await queue.take(10, clock.move(5))
    assert [each.jpeg for each in taken] == [b"picture 4"]
    for each in taken:
        await queue.done(each)
    assert await queue.waiting() == 0


async def test_a_newer_frame_is_taken_while_the_older_is_worked_on(queues, attempt, frame_of, clock):
    queue = queues()
    await queue.put(frame_of(attempt, 0, b"old"))
    (old,) = await queue.take(10, clock())
    await queue.put(frame_of(attempt, 5, b"new"))
    await queue.done(old)
    assert [each.jpeg for each in await queue.take(10, clock.move(5))] == [b"new"]


async def test_two_workers_never_hold_the_same_frame(queues, frame_of, clock):
    first, second = queues(consumer="one"), queues(consumer="two")
    attempts = [uuid4() for _ in range(40)]
    for attempt_id in attempts:
        await first.put(frame_of(attempt_id))
    batches = await asyncio.gather(*(queue.take(5, clock()) for _ in range(4) for queue in (first, second)))
    taken = [frame.attempt_id for batch in batches for frame in batch]
    assert len(taken) == len(set(taken)) == 40


async def test_the_oldest_come_first(queues, frame_of, clock):
    queue = queues()
    attempts = [uuid4() for _ in range(4)]
    for second, attempt_id in enumerate(attempts):
        await queue.put(frame_of(attempt_id, second))
    assert [each.attempt_id for each in await queue.take(2, clock.move(9))] == attempts[:2]


async def test_the_frame_of_a_dead_worker_is_taken_again(queues, attempt, frame_of, clock):
    dead = queues(consumer="dead")
    await dead.put(frame_of(attempt))
    assert len(await dead.take(10, clock())) == 1
    assert await queues(claim_s=10.0, consumer="two").take(10, clock.move(9)) == []
    void = queues(claim_s=0.0, consumer="two")
    again = await void.take(10, clock.move(1))
    assert [each.attempt_id for each in again] == [attempt]


async def test_the_claim_ends_after_ten_seconds(pool, attempt, frame_of, clock):
    queue = PostgresFrameQueue(pool)
    await queue.put(frame_of(attempt))
    await queue.take(1, clock())
    assert await queue.take(1, clock.move(9.9)) == []
    assert len(await queue.take(1, clock.move(0.1))) == 1


async def test_seen_at_and_forget(queues, attempt, frame_of):
    queue = queues()
    frame = frame_of(attempt, 3)
    await queue.put(frame)
    assert await queue.seen_at([attempt, uuid4()]) == {attempt: frame.at}
    assert await queue.seen_at([]) == {}
    await queue.forget(attempt)
    assert await queue.latest(attempt) is None


async def test_an_older_frame_changes_nothing(pool, attempt, frame_of):
    queue = PostgresFrameQueue(pool)
    await queue.put(frame_of(attempt, 5, b"new"))
    await queue.put(frame_of(attempt, 1, b"late"))
    assert (await queue.latest(attempt)).jpeg == b"new"


async def test_the_table_is_not_logged_and_bounded(pool, attempt, frame_of):
    assert await pool.fetchval("select relpersistence::text from pg_class where relname = 'live_frame'") == "u"
    queue = PostgresFrameQueue(pool)
    for second in range(20):
        await queue.put(frame_of(attempt, second))
    assert await pool.fetchval("select count(*) from proctor.live_frame") == 1


async def test_a_redis_that_came_back_empty(redis, attempt, frame_of, clock):
    queue = RedisFrameQueue(redis)
    await queue.put(frame_of(attempt))
    await queue.take(10, clock())
    await redis.flushdb()
    await queue.put(frame_of(attempt, 5))
    assert await queue.take(10, clock()) == []  # notices that the group is gone
    assert len(await queue.take(10, clock())) == 1


async def test_pictures_in_redis_expire(redis, attempt, frame_of):
    await RedisFrameQueue(redis).put(frame_of(attempt))
    (key,) = [key async for key in redis.scan_iter("ombilin:frame:*")]
    assert 0 < await redis.ttl(key) <= 120
    assert await redis.xlen(STREAM) == 1


async def test_a_redis_that_is_away(attempt, frame_of, clock):
    client = aioredis.from_url("redis://127.0.0.1:1/0", socket_connect_timeout=1)
    queue = RedisFrameQueue(client)
    for call in (
        queue.put(frame_of(attempt)),
        queue.take(1, clock() + timedelta(0)),
        queue.latest(attempt),
        queue.seen_at([attempt]),
    ):
        with pytest.raises(Unavailable):
            await call
    await client.aclose()
