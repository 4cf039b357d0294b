"""Odd addresses and bodies on the pages and staff APIs of the examination system: a typed answer, never a crash."""

from contextlib import asynccontextmanager

import pytest

from kit.accounts.service import log_in
from kit.clock import utc_now

NOBODY = "00000000-0000-0000-0000-000000000005"


@pytest.fixture
async def staff(app, system, world):
    """`await staff("author")`: a client that is logged in as a role, and its form token."""

    async def enter(role: str):
        _, token = await log_in(_accounts_of(system), role, world.password, utc_now())
        client = app._inner.test_client()
        client.set_cookie("localhost", "ombilin_staff", token)
        page = await (await client.get("/staff/login")).get_data(as_text=True)
        return client, page.split('name="csrf_token" value="')[1].split('"')[0]

    return enter


def _accounts_of(system):
    @asynccontextmanager
    async def accounts():
        async with system.unit() as unit:
            yield unit.accounts

    return accounts


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/board/%00", 422),
        ("/board/NONE", 404),
        ("/board/" + "x" * 5000, 404),
        ("/api/board/NONE/events", 404),
        ("/bank/?page=0", 200),
        ("/bank/?page=-5", 200),
        ("/bank/?page=99999999999999999999", 200),
        ("/bank/?page=x&state=printed&topic='--&text=%25", 200),
        ("/bank/?text=%00", 200),
        ("/bank/items/x", 404),
        (f"/bank/items/{NOBODY}", 404),
        ("/proctor/sessions/x", 404),
        (f"/proctor/sessions/{NOBODY}", 404),
        (f"/api/proctor/sessions/{NOBODY}", 404),
        (f"/api/proctor/attempts/{NOBODY}/timeline", 404),
        (f"/api/proctor/media/{NOBODY}", 404),
    ],
)
async def test_odd_addresses(staff, path, status):
    client, _ = await staff("administrator")
    answer = await client.get(path)
    assert answer.status_code == status, await answer.get_data(as_text=True)


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"[1]", b"7", b'"x"', b"null", b'{"text": null}', b'{"reason": []}']
)
@pytest.mark.parametrize(
    "path",
    [
        f"attempts/{NOBODY}/message",
        f"attempts/{NOBODY}/pause",
        f"attempts/{NOBODY}/resume",
        f"incidents/{NOBODY}/review",
    ],
)
async def test_odd_bodies(staff, path, body):
    client, token = await staff("proctor")
    headers = {"X-CSRF-Token": token, "Content-Type": "application/json"}
    answer = await client.post(f"/api/proctor/{path}", data=body, headers=headers)
    assert answer.status_code in (404, 422), await answer.get_data(as_text=True)
    assert set((await answer.get_json())["error"]) == {"key", "message", "title", "next_step"}


@pytest.mark.parametrize(
    ("action", "note", "status"),
    [
        ("approve", "", 409),
        ("approve", "a\x00b", 409),
        ("explode", "", 422),
        ("retire", "x\x00", 422),
        ("retire", "", 422),
    ],
)
async def test_judging_an_approved_item(staff, sql, action, note, status):
    client, token = await staff("reviewer")
    (row,) = await sql("select id from bank.item_version where state = 'approved' order by stem_text limit 1")
    answer = await client.post(f"/bank/items/{row['id']}/{action}", form={"csrf_token": token, "note": note})
    assert answer.status_code == status, await answer.get_data(as_text=True)
