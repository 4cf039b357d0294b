"""The examination system as one ASGI application on the shared demo database, and a browser's side of it."""

import asyncio
import re
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID, uuid4

import httpx
import msgspec
import pytest

from kit.clock import utc_now

ORIGIN = "http://exam.test"
SEAT = {"X-Ombilin-Seat": "1"}


class Socket:
    """An exam socket: text or binary in, JSON out; `closed` is the close code."""

    def __init__(self, app: Any, headers: dict[str, str]) -> None:
        self.closed: int | None = None
        self.accepted = False
        self._inbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._outbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        scope = {
            "type": "websocket",
            "path": "/api/seat/socket",
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        }
        self._inbox.put_nowait({"type": "websocket.connect"})
        self._task = asyncio.create_task(app(scope, self._inbox.get, self._outbox.put))

    async def tell(self, value: Any) -> None:
        """Send a text: JSON of a value, or a raw string."""
        text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
        await self._inbox.put({"type": "websocket.receive", "text": text, "bytes": None})

    async def tell_bytes(self, raw: bytes) -> None:
        await self._inbox.put({"type": "websocket.receive", "text": None, "bytes": raw})

    async def heard(self) -> Any:
        """The next message, or None when the socket was closed."""
        while True:
            message = await asyncio.wait_for(self._outbox.get(), 10)
            if message["type"] == "websocket.accept":
                self.accepted = True
            elif message["type"] == "websocket.close":
                self.closed = message["code"]
                return None
            else:
                return msgspec.json.decode(message["text"])

    async def hang_up(self) -> None:
        await self._inbox.put({"type": "websocket.disconnect", "code": 1001})
        await asyncio.wait_for(self._task, 10)


class Browser:
    """A candidate's browser: cookies, the seat header, an operation counter."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=ORIGIN)
        self.client = str(uuid4())
        self.seq = 0
        self._sockets: list[Socket] = []

    async def close(self) -> None:
        for socket in self._sockets:
            await socket.hang_up()
        await self.http.aclose()

    async def log_in(self, number: str, pin: str) -> httpx.Response:
        page = await self.http.get("/exam/login")
        token = re.search(r'name="csrf_token" value="([^"]+)"', page.text).group(1)
        return await self.http.post("/exam/login", data={"csrf_token": token, "number": number, "pin": pin})

    @property
    def cookies(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.http.cookies.items())

    async def post(self, path: str, value: Any = None, *, raw: bytes | None = None, headers: dict | None = None):
        content = raw if raw is not None else msgspec.json.encode({} if value is None else value)
        sent = {"content-type": "application/json", **(SEAT if headers is None else headers)}
        return await self.http.post(f"/api/seat/{path}", content=content, headers=sent)

    async def get(self, path: str):
        return await self.http.get(f"/api/seat/{path}")

    def op(self, item: str, letter: str | None = "A", /, **changes: Any) -> dict[str, Any]:
        self.seq += 1
        value = {"base": {"identifier": letter} if letter else None}
        at = utc_now().timestamp() * 1000
        plain = {"seq": self.seq, "rev": self.seq, "kind": "respond", "item": item, "value": value, "at": at}
        return plain | changes

    def batch(self, *ops: dict[str, Any]) -> dict[str, Any]:
        return {"client": self.client, "ops": ops}

    async def start(self) -> list[dict[str, Any]]:
        """Start; returns the items."""
        answer = await self.post("start")
        assert answer.status_code == 200, answer.text
        return answer.json()["items"]

    def socket(self, **headers: str) -> Socket:
        sent = {"host": "exam.test", "origin": ORIGIN, "cookie": self.cookies} | headers
        socket = Socket(self.app, {name: value for name, value in sent.items() if value})
        self._sockets.append(socket)
        return socket


@pytest.fixture(scope="session")
def app(_shared_system):
    """One application for all tests of the web; its background tasks do not run."""
    from web.app import create_app

    return create_app(_shared_system)


@pytest.fixture
async def browser(app, system):
    """`await browser()` or `await browser("T-002", app=other)`: somebody who has logged in."""
    opened: list[Browser] = []

    async def open_browser(number: str = "T-001", *, at: Any = None, pin: str = "TEST-1234") -> Browser:
        made = Browser(at or app)
        opened.append(made)
        answer = await made.log_in(number, pin)
        assert (answer.status_code, answer.headers["location"]) == (303, "/exam/"), answer.text
        return made

    yield open_browser
    for each in opened:
        await each.close()


@pytest.fixture
def stranger(app):
    """A browser that has not logged in."""
    return Browser(app)


@pytest.fixture
def worker(_shared_system, world):
    """`async with worker() as app`: one more server on the same database, following the bus as servers do."""
    from web.app import create_app
    from web.wiring import open_deps

    @asynccontextmanager
    async def run(**changes: Any):
        settings = world.settings(_shared_system.settings.database_url, pool_size=4, **changes)
        deps = await open_deps(settings, utc_now)
        app = create_app(deps)
        following = asyncio.create_task(app._seats.follow_bus())
        while deps.bus._fanout._subscribers == {}:
            await asyncio.sleep(0)
        try:
            yield app
        finally:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)
            await deps.close()

    return run


@pytest.fixture
def sql(system):
    """One statement on the database."""
    return system.pool.fetch


@pytest.fixture
def proctor(system):
    """What a proctor does to an attempt, told over the bus as the routes do."""
    from exam_engine.service import control

    async def act(name: str, attempt_id: str) -> None:
        async with system.unit() as unit:
            if name == "pause":
                await control.pause(unit, UUID(attempt_id), actor="p", reason="r")
            else:
                await control.resume(unit, UUID(attempt_id), actor="p")
        await system.bus.publish(f"seat.{attempt_id}", {"kind": "state"})

    return act


@pytest.fixture(scope="session")
def jpeg() -> bytes:
    """A picture as a canvas sends it."""
    import cv2
    import numpy as np

    return cv2.imencode(".jpg", np.full((240, 320, 3), 128, np.uint8))[1].tobytes()
