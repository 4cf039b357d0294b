"""Running an ASGI application under Hypercorn with limits that fit an examination."""

from __future__ import annotations

import asyncio
import signal
from contextlib import suppress
from typing import Any

import structlog
from hypercorn.asyncio import serve as hypercorn_serve
from hypercorn.config import Config

log = structlog.get_logger(__name__)


def hypercorn_config(host: str, port: int) -> Config:
    """Raise what is too small for a start herd: a backlog of 100, 5 s keep-alive, 1,000 requests a connection."""
    config = Config()
    config.bind = [f"{host}:{port}"]
    config.backlog = 4096
    config.keep_alive_timeout = 75
    config.keep_alive_max_requests = 1_000_000
    config.graceful_timeout = 5
    config.websocket_max_message_size = 64 * 1024
    config.websocket_ping_interval = 20
    config.include_server_header = False
    config.loglevel = "WARNING"
    return config


async def serve(app: Any, host: str, port: int) -> None:
    """Serve until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        with suppress(NotImplementedError):
            loop.add_signal_handler(name, stop.set)
    log.info("serving", host=host, port=port)
    await hypercorn_serve(app, hypercorn_config(host, port), shutdown_trigger=stop.wait)
