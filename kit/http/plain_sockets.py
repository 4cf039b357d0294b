"""WebSockets without permessage-deflate under Hypercorn, which has no switch for it.

Browsers offer the extension and Hypercorn 0.18 always accepts: two zlib windows cost about 100 kB for each socket, for
messages of a few hundred bytes. The loop wraps the protocol of each accepted connection; the offer is taken out of the
first request head before the server reads it, then the wrapper leaves the connection. A browser opens a connection of
its own for a WebSocket, so the first head is the only one that matters; an offer in a later one is merely accepted.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import Any

HEAD_LIMIT = 32 * 1024  # a longer head is passed on as it is; the server refuses it
_OFFER = re.compile(rb"^sec-websocket-extensions:[^\r\n]*\r?\n", re.IGNORECASE | re.MULTILINE)


def without_offer(head: bytes) -> bytes:
    """A request head that offers no WebSocket extension."""
    return _OFFER.sub(b"", head)


class _FirstHead(asyncio.Protocol):
    """Holds the first bytes of a connection until its first head is whole."""

    def __init__(self, inner: asyncio.Protocol) -> None:
        self._inner = inner
        self._transport: asyncio.Transport | None = None
        self._held = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport), "a server's connections are streams"
        self._transport = transport
        self._inner.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        self._held += data
        head, end, rest = self._held.partition(b"\r\n\r\n")
        may_offer = self._held[:4] == b"GET "[: len(self._held)]
        if may_offer and not end and len(self._held) < HEAD_LIMIT:
            return
        self._leave(without_offer(head + b"\r\n") + b"\r\n" + rest if may_offer and end else self._held)

    def _leave(self, data: bytes) -> None:
        assert self._transport is not None, "data came, so the connection was made"
        self._transport.set_protocol(self._inner)
        self._inner.data_received(data)

    def eof_received(self) -> bool | None:
        if self._held:
            self._leave(self._held)
        return self._inner.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        self._inner.connection_lost(exc)

    def pause_writing(self) -> None:
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        self._inner.resume_writing()


class PlainSocketsLoop(asyncio.SelectorEventLoop):
    """asyncio's loop, whose servers get connections without the offer."""

    async def create_server(  # type: ignore[override]  # typeshed lists every keyword; all are passed on
        self, protocol_factory: Callable[[], asyncio.Protocol], *args: Any, **kwargs: Any
    ) -> asyncio.Server:
        """As asyncio's."""
        server: asyncio.Server = await super().create_server(lambda: _FirstHead(protocol_factory()), *args, **kwargs)
        return server
