"""Before a worker stops it is not ready any more, and its sockets are told to connect again."""

import pytest

from web.app import create_app


@pytest.fixture
def own_app(system):
    return create_app(system)


async def test_draining(browser, own_app):
    someone = await browser(at=own_app)
    socket = someone.socket()
    assert "state" in await socket.heard()
    assert (await someone.http.get("/readyz")).status_code == 200
    await own_app.drain()
    assert (await socket.heard(), socket.closed) == (None, 1012)
    refused = await someone.http.get("/readyz")
    assert (refused.status_code, refused.json()) == (503, {"ok": False, "draining": True})
    assert (await someone.get("state")).status_code == 200
