"""Server-sent events: one helper for the score board, the proctor console and whatever else is live.

A comment line every 15 s keeps proxies from closing a quiet stream; the browser reconnects by itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import msgspec
from quart import Response, make_response

KEEP_ALIVE_S = 15.0
Event = tuple[str, Any]


def encode_event(name: str, value: Any) -> bytes:
    """One event in the wire form of the HTML standard."""
    return b"event: " + name.encode() + b"\ndata: " + msgspec.json.encode(value) + b"\n\n"


async def _stream(events: AsyncIterator[Event]) -> AsyncIterator[bytes]:
    yield b"retry: 2000\n\n"
    pending: asyncio.Task[Event] | None = None
    try:
        while True:
            pending = pending or asyncio.ensure_future(anext(events))
            done, _ = await asyncio.wait({pending}, timeout=KEEP_ALIVE_S)
            if not done:
                yield b": alive\n\n"
                continue
            task, pending = pending, None
            try:
                name, value = task.result()
            except StopAsyncIteration:
                return
            yield encode_event(name, value)
    finally:
        if pending is not None:
            pending.cancel()


async def event_stream(events: AsyncIterator[Event]) -> Response:
    """A response that sends the events until either side ends it."""
    response = await make_response(
        _stream(events),
        {"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )
    assert isinstance(response, Response)
    response.timeout = None
    return response
