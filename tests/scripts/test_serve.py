"""`ombilin serve` as it is run: every server answers, refuses compression, replaces a lost worker and drains."""

import asyncio
import importlib.util
import os
import re
import signal
import sys
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from kit.http.serving import listening_socket

SERVERS = [name for name in ("hypercorn", "granian", "uvicorn") if importlib.util.find_spec(name)]
TRIES = 1200
HELLO = (
    "GET /api/seat/socket HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nCookie: {cookie}\r\nUpgrade: websocket\r\n"
    "Connection: Upgrade\r\nSec-WebSocket-Key: b21iaWxpbi1iZW5jaC0wMQ==\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n"
)


@asynccontextmanager
async def serving(url, server, workers):
    with listening_socket("127.0.0.1", 0, share_port=False) as probe:
        port = probe.getsockname()[1]
    environ = {
        **os.environ,
        "OMBILIN_DATABASE_URL": url,
        "OMBILIN_SECRET_KEY": "22" * 32,
        "OMBILIN_SIGNING_KEY": "11" * 32,
        "OMBILIN_ALLOW_UNSAFE_POSTGRES": "1",
        "OMBILIN_PORT": str(port),
        "OMBILIN_BASE_URL": f"http://127.0.0.1:{port}",
        "OMBILIN_POOL_SIZE": "3",
    }
    words = [sys.executable, "-m", "scripts.cli", "serve", "--server", server, "--workers", str(workers)]
    process = await asyncio.create_subprocess_exec(*words, env=environ, cwd=Path(__file__).parents[2])
    try:
        yield port, process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def ready(http):
    for _ in range(TRIES):
        try:
            if (await http.get("/readyz")).status_code == 200:
                return
        except httpx.HTTPError:
            pass
        await asyncio.sleep(0.05)
    pytest.fail("the server did not become ready")


async def seat(http, world):
    page = await http.get("/exam/login")
    token = re.search(r'name="csrf_token" value="([^"]+)"', page.text).group(1)
    form = {"csrf_token": token, "number": world.numbers[0], "pin": world.pin}
    assert (await http.post("/exam/login", data=form)).status_code == 303
    return "; ".join(f"{name}={value}" for name, value in http.cookies.items())


@pytest.mark.parametrize("server", SERVERS)
async def test_a_server_answers_and_drains(server, demo_url, world):
    async with (
        serving(demo_url, server, 1) as (port, process),
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as http,
    ):
        await ready(http)
        cookie = await seat(http, world)
        refused = await http.post("/api/seat/ops", content=b"x" * 1000)
        assert (refused.status_code, refused.json()["error"]["key"]) == (403, "bad-csrf")
        assert (await http.post("/api/seat/start", headers={"X-Ombilin-Seat": "1"})).status_code == 200
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(HELLO.format(port=port, cookie=cookie).encode())
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 101")
        assert b"extensions" not in head.lower()
        process.terminate()
        assert (1012).to_bytes(2, "big") in await asyncio.wait_for(reader.read(), 30)
        writer.close()
        assert await asyncio.wait_for(process.wait(), 30) == 0


def children(pid):
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return {int(each) for each in listed}


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="reads /proc")
async def test_a_lost_worker_is_replaced_and_all_end_together(demo_url):
    async with (
        serving(demo_url, SERVERS[-1], 2) as (port, process),
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as http,
    ):
        await ready(http)
        before = children(process.pid)
        assert len(before) == 2
        os.kill(min(before), signal.SIGKILL)
        for _ in range(TRIES):
            now = children(process.pid)
            if len(now) == 2 and now != before:
                break
            await asyncio.sleep(0.05)
        assert len(now - before) == 1
        await ready(http)
        process.terminate()
        assert await asyncio.wait_for(process.wait(), 60) == 0
