"""Time that is given and ending that is asked for, over HTTP: who may, what follows, what the candidate is told."""

import asyncio
import re
from uuid import UUID

import httpx
import pytest

from kit.clock import milliseconds, utc_now
from web.app import create_app

SEAT = {"X-Ombilin-Seat": "1"}
FIELD = re.compile(r'name="csrf_token" value="([^"]+)"')
META = re.compile(r'name="csrf-token" content="([^"]+)"')


@pytest.fixture
def browser(system):
    transport = httpx.ASGITransport(create_app(system))
    return lambda: httpx.AsyncClient(transport=transport, base_url=system.settings.base_url)


@pytest.fixture
def staff(browser, world):
    """`await staff("proctor")`: a logged-in browser with the token of its pages."""

    async def enter(role: str = "proctor") -> httpx.AsyncClient:
        client = browser()
        page = (await client.get("/staff/login")).text
        form = {"csrf_token": FIELD.search(page)[1], "username": role, "password": world.password}
        assert (await client.post("/staff/login", data=form)).status_code == 303
        client.headers["X-CSRF-Token"] = META.search(page)[1]
        return client

    return enter


@pytest.fixture
def sit(browser, world):
    """`await sit(0)`: the browser and the attempt of a candidate who has started, or not."""

    async def take(place: int = 0, *, start: bool = True) -> tuple[httpx.AsyncClient, UUID]:
        client = browser()
        token = FIELD.search((await client.get("/exam/login")).text)[1]
        form = {"csrf_token": token, "number": world.numbers[place], "pin": world.pin}
        assert (await client.post("/exam/login", data=form)).status_code == 303
        if start:
            assert (await client.post("/api/seat/start", json={}, headers=SEAT)).status_code == 200
        told = (await client.get("/api/seat/bootstrap")).json()
        return client, UUID(told["attempt"]["id"])

    return take


async def test_minutes_for_one_candidate(system, sit, staff):
    candidate, attempt = await sit()
    proctor = await staff()
    before = (await candidate.get("/api/seat/state")).json()["deadline"]
    path = f"/api/proctor/attempts/{attempt}/credit"
    async with system.bus.subscribe("seat.") as seats:
        answer = await proctor.post(path, json={"minutes": 7, "reason": "Komputer diganti"})
        assert await anext(aiter(seats)) == (f"seat.{attempt}", {"kind": "state"})
    assert answer.status_code == 200, answer.text
    assert round(answer.json()["remaining_s"] / 60) == 107
    stored = await system.pool.fetchval("select deadline_at from exam.attempt where id = $1", attempt)
    assert milliseconds(stored) == before + 7 * 60_000
    entries = (await proctor.get(f"/api/proctor/attempts/{attempt}/timeline")).json()["entries"]
    assert [each["detail"] for each in entries if each["kind"] == "credited"] == [
        "7 menit, oleh proctor: Komputer diganti"
    ]
    for body, status in [
        ({"minutes": 0, "reason": "r"}, 422),
        ({"minutes": -5, "reason": "r"}, 422),
        ({"minutes": 241, "reason": "r"}, 422),
        ({"minutes": "7", "reason": "r"}, 422),
        ({"minutes": True, "reason": "r"}, 422),
        ({"minutes": 1e300, "reason": "r"}, 422),
        ({"minutes": 7}, 422),
    ]:
        refused = await proctor.post(path, json=body)
        assert refused.status_code == status, refused.text
    await candidate.post("/api/seat/submit", json={}, headers=SEAT)
    late = await proctor.post(path, json={"minutes": 7, "reason": "r"})
    assert (late.status_code, late.json()["error"]["key"]) == (409, "illegal-move")
    assert await system.pool.fetchval("select count(*) from ops.audit where action = 'credited'") == 1


async def test_minutes_before_the_start_are_extra_time(sit, staff, system):
    candidate, attempt = await sit(start=False)
    proctor = await staff()
    path = f"/api/proctor/attempts/{attempt}/credit"
    assert (await proctor.post(path, json={"minutes": 20, "reason": "Surat dokter"})).status_code == 200
    told = (await candidate.get("/api/seat/bootstrap")).json()
    assert (told["exam"]["minutes"], told["state"]["deadline"]) == (120, None)
    started = (await candidate.post("/api/seat/start", json={}, headers=SEAT)).json()
    assert round(started["state"]["remaining_s"] / 60) == 120


async def test_the_grace_is_in_the_instructions(sit, system):
    await system.pool.execute("update exam.exam set rule_pack = 'skd-2024-2'")
    try:
        candidate, attempt = await sit()
        exam = (await candidate.get("/api/seat/bootstrap")).json()["exam"]
    finally:
        await system.pool.execute("update exam.exam set rule_pack = 'skd-2024'")
    assert exam["grace_s"] == 30
    assert "30 detik" in exam["instructions"][-1]
    assert await system.pool.fetchval("select grace_s from exam.attempt where id = $1", attempt) == 30


async def test_ending_needs_two_people_and_one_lead(system, sit, staff):
    candidate, attempt = await sit()
    proctor, lead = await staff("proctor"), await staff("lead_proctor")
    path = f"/api/proctor/attempts/{attempt}/termination"
    assert (await proctor.post(path, json={"reason": " "})).status_code == 422
    asked = await proctor.post(path, json={"reason": "Membawa telepon"})
    assert asked.status_code == 200, asked.text
    proposal = asked.json()
    assert (proposal["kind"], proposal["agreed"], proposal["state"]) == ("terminate", ["proctor"], "open")
    assert (await candidate.get("/api/seat/state")).json()["phase"] == "active", "asking stops nothing"
    again = await lead.post(path, json={"reason": "Lagi"})
    assert (again.status_code, again.json()["error"]["key"]) == (409, "already-asked")
    agree = f"/api/proctor/proposals/{proposal['id']}/approve"
    same = await proctor.post(agree, json={})
    assert (same.status_code, same.json()["error"]["key"]) == (409, "same-person")
    async with system.bus.subscribe("seat.") as seats:
        done = await lead.post(agree, json={})
        assert await anext(aiter(seats)) == (f"seat.{attempt}", {"kind": "state"})
    assert (done.status_code, done.json()["state"], done.json()["done"]) == (200, "applied", 1)
    assert (await candidate.get("/api/seat/state")).json()["phase"] == "terminated"
    event = await system.pool.fetchrow("select payload from exam.event where kind = 'terminated'")
    assert event["payload"] == {"reason": "Membawa telepon", "by": ["lead_proctor", "proctor"]}
    record = await system.pool.fetchval("select record from exam.score where attempt_id = $1", attempt)
    assert record["status"] == "withheld"
    third = await (await staff("administrator")).post(agree, json={})
    assert (third.status_code, third.json()["error"]["key"]) == (409, "proposal-closed")
    told = (await proctor.get(f"/api/proctor/attempts/{attempt}/timeline")).json()["entries"]
    assert {"termination_asked", "terminated"} <= {each["kind"] for each in told}


async def test_a_request_can_be_declined_and_lapses_with_the_attempt(system, sit, staff):
    candidate, attempt = await sit()
    proctor, lead = await staff("proctor"), await staff("lead_proctor")
    path = f"/api/proctor/attempts/{attempt}/termination"
    first = (await proctor.post(path, json={"reason": "r"})).json()
    declined = await lead.post(f"/api/proctor/proposals/{first['id']}/decline", json={})
    assert (declined.json()["state"], declined.json()["decided_by"]) == ("declined", "lead_proctor")
    second = (await proctor.post(path, json={"reason": "r"})).json()
    await candidate.post("/api/seat/submit", json={}, headers=SEAT)
    lapsed = await lead.post(f"/api/proctor/proposals/{second['id']}/approve", json={})
    assert (lapsed.json()["state"], lapsed.json()["done"]) == ("lapsed", 0)
    assert await system.pool.fetchval("select status from exam.attempt where id = $1", attempt) == "submitted"
    assert (await proctor.post(path, json={"reason": "r"})).status_code == 409


async def test_time_for_everybody_after_an_outage(system, world, sit, staff):
    first, second, waiting = await sit(0), await sit(1), await sit(2, start=False)
    proctor, lead = await staff("proctor"), await staff("lead_proctor")
    await proctor.post(f"/api/proctor/attempts/{second[1]}/pause", json={"reason": "r"})
    session = f"/api/proctor/sessions/{world.session_id}"
    affected = (await proctor.get(f"{session}/affected")).json()
    assert {each["attempt"] for each in affected} == {str(first[1]), str(second[1])}
    long_ago = milliseconds(utc_now()) - 3_600_000
    assert (await proctor.get(f"{session}/affected?until={long_ago}")).json() == []
    for query in ("?until=x", "?until=9e99", f"?since={long_ago}&until={long_ago}"):
        assert (await proctor.get(f"{session}/affected{query}")).status_code == 422
    body = {"minutes": 5, "reason": "Jaringan putus"}
    nobody = await proctor.post(f"{session}/credit", json={**body, "until": long_ago})
    assert (nobody.status_code, nobody.json()["error"]["key"]) == (422, "nobody-affected")
    asked = (await proctor.post(f"{session}/credit", json=body)).json()
    assert (asked["minutes"], len(asked["attempts"]), asked["state"]) == (5, 2, "open")
    before = await deadlines(system)
    state = (await lead.get(session)).json()
    assert [each["id"] for each in state["proposals"]] == [asked["id"]]
    done = (await lead.post(f"/api/proctor/proposals/{asked['id']}/approve", json={})).json()
    assert (done["state"], done["done"], done["agreed"]) == ("applied", 2, ["lead_proctor", "proctor"])
    after = await deadlines(system)
    moved = {key: (after[key] - before[key]).total_seconds() for key in before}
    assert moved == {first[1]: 300, second[1]: 300}
    assert waiting[1] not in after
    payloads = await system.pool.fetch("select payload from exam.event where kind = 'credited'")
    assert [row["payload"]["proposal"] for row in payloads] == [asked["id"]] * 2


async def deadlines(system):
    rows = await system.pool.fetch("select id, deadline_at from exam.attempt where deadline_at is not null")
    return {row["id"]: row["deadline_at"] for row in rows}


async def test_two_who_agree_at_once_do_it_once(system, sit, staff):
    _, attempt = await sit()
    proctor, lead, chief = await staff("proctor"), await staff("lead_proctor"), await staff("administrator")
    asked = (await proctor.post(f"/api/proctor/attempts/{attempt}/termination", json={"reason": "r"})).json()
    path = f"/api/proctor/proposals/{asked['id']}/approve"
    answers = await asyncio.gather(*(each.post(path, json={}) for each in (lead, chief)))
    assert sorted(each.status_code for each in answers) == [200, 409]
    assert await system.pool.fetchval("select count(*) from exam.score") == 1
