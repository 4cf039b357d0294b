"""Servers and workers: the offer of compression, a missing extra, replaced workers, a clean end."""

import asyncio
import os
import signal
import subprocess
import sys

import pytest

from kit.http.plain_sockets import PlainSocketsLoop, without_offer
from kit.http.serving import ServerMissing, listening_socket
from kit.http.workers import Workers, WorkersFail

OFFER = b"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"
HEAD = b"GET /api/seat/socket HTTP/1.1\r\nHost: exam.test\r\n%sUpgrade: websocket\r\n"


@pytest.mark.parametrize("offer", [OFFER, OFFER.upper(), OFFER + OFFER, b""])
def test_the_offer_of_compression_is_taken_out_of_a_head(offer):
    assert without_offer(HEAD % offer) == HEAD % b""


async def echo(reader, writer):
    writer.write(await reader.readuntil(b"END"))
    writer.close()
    await writer.wait_closed()


async def ended(server, *writers):
    """Nothing is left for the garbage collector to complain about in somebody else's test."""
    server.close()
    for writer in writers:
        writer.close()
        await writer.wait_closed()


@pytest.mark.parametrize("pieces", [[b""], [b"GET /api/seat/", b"socket HTTP/1.1\r\n"]])
@pytest.mark.parametrize(
    ("sent", "seen"),
    [
        (HEAD % OFFER + b"\r\nframesEND", HEAD % b"" + b"\r\nframesEND"),
        (b"POST / HTTP/1.1\r\n" + OFFER + b"END", b"POST / HTTP/1.1\r\n" + OFFER + b"END"),
        (b"END", b"END"),
    ],
)
def test_a_server_of_the_loop_sees_first_heads_without_it(sent, seen, pieces):
    pieces = [sent] if pieces == [b""] else [sent[:30], sent[30:]]

    async def ask():
        server = await asyncio.start_server(echo, "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        answer = await asyncio.wait_for(reader.read(), 10)
        await ended(server, writer)
        return answer

    with asyncio.Runner(loop_factory=PlainSocketsLoop) as runner:
        assert runner.run(ask()) == seen


def test_a_head_that_ends_early_is_passed_on_as_it_is():
    async def ask():
        server = await asyncio.start_server(lambda *streams: got.set_result(streams), "127.0.0.1", 0)
        got = asyncio.get_running_loop().create_future()
        _, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        writer.write(b"GET / HT")
        writer.write_eof()
        reader, own = await asyncio.wait_for(got, 10)
        seen = await asyncio.wait_for(reader.read(), 10)
        await ended(server, writer, own)
        return seen

    with asyncio.Runner(loop_factory=PlainSocketsLoop) as runner:
        assert runner.run(ask()) == b"GET / HT"


def test_a_missing_server_says_how_to_get_it():
    assert "pip install 'ombilin[granian]'" in str(ServerMissing("granian"))


def free_port() -> int:
    with listening_socket("127.0.0.1", 0, share_port=False) as probe:
        return probe.getsockname()[1]


WORKER = "import os, signal, sys; print(os.getpid(), flush=True); signal.pause()"
PARENT = """
import os, sys
from kit.http.workers import Workers
Workers([sys.executable, "-c", sys.argv[1]], os.environ, 2).run("127.0.0.1", int(sys.argv[2]))
"""


def test_a_killed_worker_is_replaced_and_a_signal_ends_them_all():
    words = [sys.executable, "-c", PARENT, WORKER, str(free_port())]
    parent = subprocess.Popen(words, stdout=subprocess.PIPE, text=True, bufsize=1, env=os.environ)
    numbers = (int(line) for line in parent.stdout if line.strip().isdigit())
    first, second = next(numbers), next(numbers)
    os.kill(first, signal.SIGKILL)
    third = next(numbers)
    parent.terminate()
    assert parent.wait(20) == 0
    for pid in (second, third):
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
    parent.stdout.close()


def test_workers_that_cannot_start_end_the_parent():
    with pytest.raises(WorkersFail):
        Workers([sys.executable, "-c", "raise SystemExit(1)"], os.environ, 1).run("127.0.0.1", free_port())
