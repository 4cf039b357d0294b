"""The parts of the frame that plans stand on: proxy, journal, wire."""

import asyncio
from contextlib import suppress
from uuid import UUID, uuid4

import numpy as np
import pytest

from scripts.faults.proxy import Proxy
from scripts.robots.journal import Acked, Journal, Retried, read_journals
from scripts.robots.orders import Orders, temper
from scripts.robots.wire import Line, LineLost, frame


@pytest.fixture
async def echo():
    """A server that sends back what it gets."""

    async def answer(reader, writer):
        with suppress(OSError):
            while line := await reader.readline():
                writer.write(line)
        await hung_up(writer)

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()


@pytest.fixture
async def proxy(echo):
    async with Proxy([echo], np.random.default_rng(1)) as made:
        yield made


async def hung_up(writer):
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()


async def connected(proxy):
    return await asyncio.open_connection("127.0.0.1", int(proxy.url.rpartition(":")[2]))


async def test_the_proxy_passes_on_and_holds_back(proxy):
    reader, writer = await connected(proxy)
    writer.write(b"one\n")
    assert await reader.readline() == b"one\n"
    proxy.cut(1.0)
    writer.write(b"two\n")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(reader.readline(), 0.1)
    proxy.mend()
    assert await reader.readline() == b"two\n"
    await hung_up(writer)


async def test_the_proxy_hangs_up(proxy):
    reader, writer = await connected(proxy)
    writer.write(b"one\n")
    await reader.readline()
    proxy.reset()
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        await reader.readexactly(1)
    await hung_up(writer)


async def test_a_drained_target_gets_nothing(proxy, echo):
    proxy.drain(echo)
    reader, writer = await connected(proxy)
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        await reader.readexactly(1)
    await hung_up(writer)


async def test_the_journal_gives_back_what_was_noted_and_no_half_line(tmp_path):
    path = tmp_path / "journal"
    record = Acked(uuid4(), uuid4(), 1, UUID(int=5), 3, "B", 12.5, 0.01)
    async with Journal(path) as journal:
        journal.note(record)
        journal.note(Retried(1.0, 503, retry_after=True, waited_s=0.5))
    with path.open("ab") as torn:
        torn.write(b'["acked","half')
    assert list(read_journals([path])) == [record, Retried(1.0, 503, True, 0.5)]


@pytest.mark.parametrize("size", [0, 125, 126, 65_535, 65_536])
def test_frames_are_masked_and_say_their_length(size):
    made = frame(b"x" * size)
    assert made[0] == 0x81
    assert made[1] & 128, "a client must mask"
    head = {True: 6, size > 125: 8, size > 65_535: 14}[True]
    assert len(made) == head + size


@pytest.mark.parametrize(
    ("answer", "body"),
    [
        (b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi", b"hi"),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nh\r\n1\r\ni\r\n0\r\n\r\n", b"hi"),
        (b"HTTP/1.1 204 No Content\r\nset-cookie: a=b; Path=/\r\n\r\n", b""),
    ],
)
async def test_a_line_reads_answers(answer, body):
    async def once(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()
        await hung_up(writer)

    server = await asyncio.start_server(once, "127.0.0.1", 0)
    line = Line(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", timeout_s=5)
    await line.open()
    assert (await line.request("GET", "/")).body == body
    with pytest.raises(LineLost):
        await line.request("GET", "/", timeout_s=0.2)
    line.abort()
    server.close()
    await server.wait_closed()


def test_robots_differ():
    orders = Orders(base_url="", numbers=[], pin="", journal="", seed=1)
    tempers = [temper(orders, place) for place in range(60)]
    for trait in ("socket", "offline", "repeats", "wavers", "beyond"):
        assert len({getattr(each, trait) for each in tempers}) == 2
