"""Running an ASGI application under one of three servers, with limits that fit an examination.

Hypercorn is the default; Granian and Uvicorn are extras for venues that need the last factor of speed. The application
does not know which one it is. SIGTERM drains: `drain` is awaited first (not ready any more, sockets closed), then the
server finishes what it has and the application's lifespan ends.
"""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, TypeAlias

import structlog
from hypercorn.asyncio import serve as hypercorn_serve
from hypercorn.config import Config

from kit.errors import Fault
from kit.http.plain_sockets import PlainSocketsLoop

log = structlog.get_logger(__name__)

ServerName: TypeAlias = Literal["hypercorn", "granian", "uvicorn"]
Drain: TypeAlias = Callable[[], Awaitable[None]]

BACKLOG = 4096  # a start herd connects within a second; the default is 100
KEEP_ALIVE_S = 75
GRACE_S = 5  # for requests that run when the server is told to stop
MESSAGE_LIMIT = 64 * 1024
PING_S = 20


@dataclass(eq=False)
class ServerMissing(Fault):
    """The extra of a server is not installed."""

    server: str
    key: ClassVar[str] = "server-missing"

    def __str__(self) -> str:
        return f"The server {self.server} is not installed. Install it with: pip install 'ombilin[{self.server}]'"


async def _no_drain() -> None:
    return


def run_server(
    make_app: Callable[[], Awaitable[tuple[Any, Drain]]], host: str, port: int, *, server: ServerName, share_port: bool
) -> None:
    """Make the application inside the loop that fits the server, and serve it until SIGTERM or SIGINT."""

    async def work() -> None:
        app, drain = await make_app()
        await serve(app, host, port, server=server, share_port=share_port, drain=drain)

    # uvloop accepts one connection in each turn of its loop, which starves a herd: the loop is asyncio's everywhere
    factory = PlainSocketsLoop if server == "hypercorn" else None
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(work())


async def serve(
    app: Any,
    host: str,
    port: int,
    *,
    server: ServerName = "hypercorn",
    share_port: bool = False,
    drain: Drain = _no_drain,
) -> None:
    """Serve until SIGTERM or SIGINT; with `share_port` other processes listen on the same port."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        with suppress(NotImplementedError):
            loop.add_signal_handler(name, stop.set)

    async def stopped() -> None:
        await stop.wait()
        log.info("draining")
        await drain()

    log.info("serving", host=host, port=port, server=server)
    run = {"hypercorn": _hypercorn, "granian": _granian, "uvicorn": _uvicorn}[server]
    await run(app, host, port, share_port, stopped)


def listening_socket(host: str, port: int, *, share_port: bool) -> socket.socket:
    """Bound, not yet listening."""
    made = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if share_port:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    made.bind((host, port))
    made.setblocking(False)
    return made


def hypercorn_config() -> Config:
    """Raise what is too small for a start herd: a backlog of 100, 5 s keep-alive, 1,000 requests a connection."""
    config = Config()
    config.backlog = BACKLOG
    config.keep_alive_timeout = KEEP_ALIVE_S
    config.keep_alive_max_requests = 1_000_000
    config.graceful_timeout = GRACE_S
    config.websocket_max_message_size = MESSAGE_LIMIT
    config.websocket_ping_interval = PING_S
    config.include_server_header = False
    config.loglevel = "WARNING"
    return config


async def _hypercorn(app: Any, host: str, port: int, share_port: bool, stopped: Drain) -> None:
    config = hypercorn_config()
    config.bind = [f"fd://{listening_socket(host, port, share_port=share_port).detach()}"]
    await hypercorn_serve(app, config, shutdown_trigger=stopped)


async def _uvicorn(app: Any, host: str, port: int, share_port: bool, stopped: Drain) -> None:
    try:
        import uvicorn
    except ImportError as error:
        raise ServerMissing("uvicorn") from error

    class Server(uvicorn.Server):
        """Leaves the signals to us."""

        @contextmanager
        def capture_signals(self) -> Iterator[None]:
            yield

    config = uvicorn.Config(
        app,
        http="httptools",
        ws="websockets-sansio",
        ws_max_size=MESSAGE_LIMIT,
        ws_ping_interval=PING_S,
        ws_per_message_deflate=False,
        lifespan="on",
        backlog=BACKLOG,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=GRACE_S,
        server_header=False,
        access_log=False,
        log_config=None,
    )
    server = Server(config)
    own = listening_socket(host, port, share_port=share_port)
    running = asyncio.create_task(server.serve(sockets=[own]))
    await _first(running, stopped)
    server.should_exit = True
    await running


async def _granian(app: Any, host: str, port: int, share_port: bool, stopped: Drain) -> None:
    try:
        from granian.constants import HTTPModes, Interfaces
        from granian.http import HTTP1Settings
        from granian.server.embed import Server
    except ImportError as error:
        raise ServerMissing("granian") from error
    if not share_port:
        listening_socket(host, port, share_port=False).close()  # Granian would share a taken port silently
    server = Server(
        app,
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=KEEP_ALIVE_S * 1000),
        backlog=BACKLOG,
        log_enabled=False,
    )
    running = asyncio.create_task(server.serve())
    await _first(running, stopped)
    server.stop()  # type: ignore[no-untyped-call]  # Granian leaves it without types
    await running


async def _first(running: asyncio.Task[None], stopped: Drain) -> None:
    """Until told to stop, or until the server ended by itself (its error is raised by whoever awaits it)."""
    waiting = asyncio.ensure_future(stopped())
    await asyncio.wait((running, waiting), return_when=asyncio.FIRST_COMPLETED)
    if waiting.done():
        waiting.result()
    else:
        waiting.cancel()
