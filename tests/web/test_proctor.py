"""The proctor's side over HTTP and PostgreSQL: what a console is told, what a proctor may do, and that the exam never
suffers from proctoring."""

import asyncio
import re
from contextlib import asynccontextmanager
from datetime import timedelta
from uuid import UUID, uuid4

import cv2
import httpx
import numpy as np
import pytest

from kit.clock import milliseconds, utc_now
from proctoring.domain.incident import Incident, Kind, Severity
from proctoring.domain.records import Frame, Picture
from proctoring.service.watch import end_watch
from web.app import create_app
from web.background import run_background
from web.live_console import LiveConsole
from web.proctor_view import ProctorView
from web.seat import Seats

SEAT = {"X-Ombilin-Seat": "1"}
FIELD = re.compile(r'name="csrf_token" value="([^"]+)"')
META = re.compile(r'name="csrf-token" content="([^"]+)"')
JPEG = cv2.imencode(".jpg", np.full((240, 320, 3), 120, np.uint8))[1].tobytes()
WITH_CAMERA = """update exam.exam set proctoring = '{"camera": true, "frame_interval_s": 5, "fullscreen": true}'"""
WITHOUT = """update exam.exam set proctoring = '{"camera": false, "frame_interval_s": 5, "fullscreen": true}'"""
WITHIN_S = 10


@pytest.fixture
async def deps(system):
    await system.pool.execute(WITH_CAMERA)
    yield system
    await system.pool.execute(WITHOUT)


@pytest.fixture
def browser(deps):
    """A new browser each time that it is called."""
    transport = httpx.ASGITransport(create_app(deps))
    return lambda: httpx.AsyncClient(transport=transport, base_url=deps.settings.base_url)


@pytest.fixture
def staff(browser, world):
    """`await staff("proctor")`: a browser that is logged in as the role and sends the token of its pages."""

    async def enter(role: str = "proctor", locale: str = "id") -> httpx.AsyncClient:
        client = browser()
        await client.get(f"/locale/{locale}?next=/")
        page = (await client.get("/staff/login")).text
        form = {"csrf_token": FIELD.search(page)[1], "username": role, "password": world.password}
        assert (await client.post("/staff/login", data=form)).status_code == 303
        client.headers["X-CSRF-Token"] = META.search(page)[1]
        return client

    return enter


@pytest.fixture
def sit(browser, world):
    """`await sit(0)`: the browser and the attempt of a candidate who has started."""

    async def take(place: int = 0, *, start: bool = True) -> tuple[httpx.AsyncClient, UUID]:
        client = browser()
        token = FIELD.search((await client.get("/exam/login")).text)[1]
        form = {"csrf_token": token, "number": world.numbers[place], "pin": world.pin}
        assert (await client.post("/exam/login", data=form)).status_code == 303
        assert (await client.post("/api/seat/photo", content=JPEG, headers=SEAT)).status_code == 200
        if start:
            answer = await client.post("/api/seat/start", json={}, headers=SEAT)
            assert answer.status_code == 200, answer.text
        told = (await client.get("/api/seat/bootstrap")).json()
        return client, UUID(told["attempt"]["id"])

    return take


@pytest.fixture
def raise_incident(deps, world):
    """An incident as the vision worker writes it; its id."""

    async def write(attempt: UUID, kind=Kind.MULTIPLE, severity=Severity.HIGH, media=(), **facts) -> UUID:
        now = utc_now()
        incident = Incident(kind, "", severity, now, now, facts=facts or {"faces": 2})
        async with deps.unit() as unit:
            return await unit.proctor.open_incident(attempt, world.session_id, incident, media)

    return write


@pytest.fixture
def view(deps):
    return ProctorView(deps, Seats(deps), lambda locale, message: f"{locale}:{message}")


async def watch_of(deps, attempt):
    return await deps.pool.fetchrow(
        "select state, silence_judged, settings from proctor.watch where attempt_id = $1", attempt
    )


async def show(client):
    headers = {**SEAT, "X-Captured-At": str(milliseconds(utc_now()))}
    assert (await client.post("/api/seat/frame", content=JPEG, headers=headers)).status_code == 204


async def answer_first(client, count=2):
    told = (await client.get("/api/seat/bootstrap")).json()
    operations = [
        {
            "seq": place,
            "rev": place + 10,
            "kind": "respond",
            "item": item["ref"],
            "value": {"base": {"identifier": item["interaction"]["options"][0]["id"]}},
            "at": told["state"]["now"],
        }
        for place, item in enumerate(told["items"][:count], start=1)
    ]
    answer = await client.post("/api/seat/ops", json={"client": str(uuid4()), "ops": operations}, headers=SEAT)
    assert answer.json()["acked"] == count


async def test_the_state_of_a_session(deps, world, sit, staff, raise_incident):
    candidate, attempt = await sit(0)
    await answer_first(candidate, 3)
    await show(candidate)
    await sit(1, start=False)
    incident = await raise_incident(attempt)
    proctor = await staff()
    told = (await proctor.get(f"/api/proctor/sessions/{world.session_id}")).json()
    assert told["session"]["code"] == world.session_code
    working, preparing = told["candidates"]
    assert working["attempt"] == str(attempt)
    assert (working["number"], working["phase"]) == (world.numbers[0], "active")
    assert (working["answered"], working["total"]) == (3, 110)
    assert 5_990 < working["remaining_s"] <= 6_000
    assert told["now"] - working["frame_at"] < WITHIN_S * 1000
    assert (working["open_incidents"], working["worst"]) == (1, "high")
    assert UUID(working["photo"])
    assert (preparing["phase"], preparing["remaining_s"], preparing["frame_at"]) == ("preparing", None, None)
    [shown] = told["incidents"]
    assert (shown["id"], shown["number"], shown["kind"]) == (str(incident), world.numbers[0], "MULTIPLE")
    assert shown["review"] is None


@pytest.mark.parametrize(
    ("locale", "title", "summary"),
    [
        ("id", "Lebih dari satu wajah", "Ditemukan 2 wajah"),
        ("en", "More than one face", "2 faces were found"),
    ],
)
async def test_incidents_are_told_in_the_language_of_the_reader(
    world, sit, staff, raise_incident, locale, title, summary
):
    _, attempt = await sit()
    await raise_incident(attempt)
    proctor = await staff(locale=locale)
    [shown] = (await proctor.get(f"/api/proctor/sessions/{world.session_id}")).json()["incidents"]
    assert shown["title"] == title
    assert shown["summary"].startswith(summary)


class CountingDeps:
    """The same system, with every query of its units counted."""

    def __init__(self, deps) -> None:
        self._deps, self.queries = deps, 0

    def __getattr__(self, name):
        return getattr(self._deps, name)

    def _count(self, record) -> None:
        # asyncpg looks types up when a connection is new, with the compiler of queries off meanwhile
        self.queries += "pg_catalog" not in record.query and "'jit'" not in record.query

    @asynccontextmanager
    async def unit(self):
        async with self._deps.unit() as unit:
            with unit.connection.query_logger(self._count):
                yield unit


async def test_a_console_needs_the_same_queries_for_one_and_for_many(deps, world, sit):
    counting = CountingDeps(deps)
    view = ProctorView(counting, Seats(deps), lambda _locale, message: message)

    async def queries() -> int:
        before = counting.queries
        await view.session(world.session_id, utc_now(), "id")
        return counting.queries - before

    await sit(0)
    one = await queries()
    await asyncio.gather(*(sit(place) for place in range(1, 6)))
    assert await queries() == one < 10


async def test_bus_messages_become_events_once_each(world, sit, view, raise_incident):
    _, attempt = await sit(0)
    _, other = await sit(1)
    incident = await raise_incident(attempt)
    payloads = [
        {"kind": "frame", "attempt": str(other), "at": 5},
        {"kind": "frame", "attempt": str(other), "at": 9},
        {"kind": "incident", "incident": str(incident), "attempt": str(attempt)},
        {"kind": "incident", "incident": str(incident)},
        {"kind": "candidate", "attempt": str(attempt)},
        {"kind": "message", "attempt": str(other), "message": {"id": "m", "text": "Halo", "at": 1, "from": "Y"}},
        {"kind": "of another version"},
    ]
    events = await view.changes(world.session_id, payloads, utc_now(), "en")
    assert sorted(name for name, _ in events) == ["candidate", "frame", "incident", "message"]
    told = dict(events)
    assert told["frame"] == {"attempt": str(other), "at": 9}
    assert told["message"] == {"attempt": str(other), "id": "m", "text": "Halo", "at": 1, "from": "Y"}
    assert told["incident"]["title"] == "en:More than one face"
    assert (told["candidate"]["attempt"], told["candidate"]["worst"]) == (str(attempt), "high")


async def test_many_changed_candidates_come_at_once(world, sit, view):
    attempts = [(await sit(place, start=False))[1] for place in range(10)]
    payloads = [{"kind": "candidate", "attempt": str(attempt)} for attempt in attempts]
    events = await view.changes(world.session_id, payloads, utc_now(), "id")
    assert {value["attempt"] for _, value in events} == {str(attempt) for attempt in attempts}


async def test_the_live_stream(deps, world, sit, view, raise_incident, monkeypatch):
    monkeypatch.setattr("web.live_console.COMPARE_S", 0.3)
    candidate, attempt = await sit()
    events = LiveConsole(view, deps.bus, deps.clock, world.session_id, "id").events()

    async def until(name: str):
        async with asyncio.timeout(WITHIN_S):
            while True:
                told, value = await anext(events)
                if told == name:
                    return value

    try:
        assert await until("ready") == {}
        incident = await raise_incident(attempt)
        await deps.bus.publish(f"proctor.{world.session_id}", {"kind": "incident", "incident": str(incident)})
        assert (await until("incident"))["id"] == str(incident)
        assert (await until("candidate"))["open_incidents"] == 1
        await answer_first(candidate, 4)  # nobody announces answers
        assert (await until("candidate"))["answered"] == 4
    finally:
        await events.aclose()


async def test_a_message_reaches_the_seat_and_the_other_consoles(deps, world, sit, staff):
    candidate, attempt = await sit()
    proctor = await staff()
    async with (
        deps.bus.subscribe("seat.") as seat,
        deps.bus.subscribe("proctor.") as consoles,
        asyncio.timeout(WITHIN_S),
    ):
        answer = await proctor.post(f"/api/proctor/attempts/{attempt}/message", json={"text": " 100% tenang "})
        assert (answer.status_code, answer.json()["attempt"]) == (200, str(attempt))
        channel, payload = await anext(aiter(seat))
        assert (channel, payload["message"]["text"]) == (f"seat.{attempt}", "100% tenang")
        assert payload["message"]["from"] == "Name of proctor"
        channel, payload = await anext(aiter(consoles))
        assert (channel, payload["kind"], payload["attempt"]) == (
            f"proctor.{world.session_id}",
            "message",
            str(attempt),
        )
    [kept] = (await candidate.get("/api/seat/bootstrap")).json()["messages"]
    assert kept["text"] == "100% tenang"
    entries = (await proctor.get(f"/api/proctor/attempts/{attempt}/timeline")).json()["entries"]
    assert [each["detail"] for each in entries if each["kind"] == "message"] == ["100% tenang"]


async def test_pause_stops_the_clock_and_resume_moves_the_deadline(deps, sit, staff):
    _, attempt = await sit()
    proctor = await staff()
    before = await deps.pool.fetchval("select deadline_at from exam.attempt where id = $1", attempt)
    answer = await proctor.post(f"/api/proctor/attempts/{attempt}/pause", json={"reason": "Listrik padam"})
    assert (answer.status_code, answer.json()["phase"]) == (200, "paused")
    left = answer.json()["remaining_s"]
    await asyncio.sleep(0.3)
    told = (await proctor.get(f"/api/proctor/attempts/{attempt}/timeline")).json()
    assert told["candidate"]["remaining_s"] == left
    paused = next(each for each in told["entries"] if each["kind"] == "paused")
    assert (paused["title"], paused["detail"]) == ("Dijeda", "Oleh proctor: Listrik padam")
    assert (await watch_of(deps, attempt))["silence_judged"] is False, "nobody owes pictures in a pause"
    again = await proctor.post(f"/api/proctor/attempts/{attempt}/pause", json={"reason": "Dua kali"})
    assert again.status_code == 409
    answer = await proctor.post(f"/api/proctor/attempts/{attempt}/resume", json={})
    assert (answer.status_code, answer.json()["phase"]) == (200, "active")
    after = await deps.pool.fetchval("select deadline_at from exam.attempt where id = $1", attempt)
    assert timedelta(seconds=0.3) < after - before < timedelta(seconds=WITHIN_S)
    assert (await watch_of(deps, attempt))["silence_judged"] is True
    kinds = await deps.pool.fetch("select kind from proctor.action where attempt_id = $1 order by id", attempt)
    assert [row["kind"] for row in kinds] == ["paused", "resumed"]


@pytest.mark.parametrize("path", ["message", "pause"])
async def test_empty_words_are_refused(sit, staff, path):
    _, attempt = await sit()
    proctor = await staff()
    for body in ({}, {"text": "  ", "reason": " "}, []):
        answer = await proctor.post(f"/api/proctor/attempts/{attempt}/{path}", json=body)
        assert answer.status_code == 422, answer.text


async def test_an_incident_is_reviewed_once(deps, sit, staff, raise_incident):
    _, attempt = await sit()
    incident = await raise_incident(attempt)
    path = f"/api/proctor/incidents/{incident}/review"
    proctor = await staff()
    assert (await proctor.post(path, json={"decision": "guilty", "note": ""})).status_code == 422
    first = await proctor.post(path, json={"decision": "dismissed", "note": "Poster di dinding"})
    assert first.status_code == 200, first.text
    review = first.json()["review"]
    assert (review["decision"], review["note"], review["by"]) == ("dismissed", "Poster di dinding", "proctor")
    second = await (await staff("lead_proctor")).post(path, json={"decision": "upheld", "note": ""})
    assert (second.status_code, second.json()["error"]["key"]) == (409, "already-reviewed")
    assert await deps.pool.fetchval("select review from proctor.incident where id = $1", incident) == "dismissed"
    assert await deps.pool.fetchval("select status from exam.attempt where id = $1", attempt) == "active"
    entries = (await proctor.get(f"/api/proctor/attempts/{attempt}/timeline")).json()["entries"]
    reviewed = next(each for each in entries if each["kind"] == "reviewed")
    assert (reviewed["detail"], reviewed["incident"]) == ("Dikesampingkan oleh proctor", str(incident))


async def test_every_view_of_evidence_is_in_the_audit_trail(deps, sit, staff, raise_incident):
    _, attempt = await sit()
    picture = Picture(uuid4(), attempt, "evidence", utc_now(), "a" * 64, JPEG)
    async with deps.unit() as unit:
        await unit.proctor.add_media(picture)
    await raise_incident(attempt, media=[picture.id])
    proctor = await staff()
    for _ in range(2):
        answer = await proctor.get(f"/api/proctor/media/{picture.id}")
        assert (answer.status_code, answer.headers["Content-Type"], answer.content) == (200, "image/jpeg", JPEG)
    lines = await deps.pool.fetch(
        "select actor from ops.audit where action = 'evidence-viewed' and subject = $1", str(picture.id)
    )
    assert [line["actor"] for line in lines] == ["proctor", "proctor"]
    gone = await proctor.get(f"/api/proctor/media/{uuid4()}")
    assert (gone.status_code, gone.json()["error"]["key"]) == (404, "no-picture")


@pytest.mark.parametrize("role", ["proctor", "lead_proctor", "administrator", "author", "reviewer", "auditor", None])
async def test_who_may_see_the_console(browser, world, sit, staff, role):
    candidate, attempt = await sit()
    client = await staff(role) if role else candidate
    allowed = role in ("proctor", "lead_proctor", "administrator")
    refused = 403 if role else 401
    for path in (
        f"/api/proctor/sessions/{world.session_id}",
        f"/api/proctor/attempts/{attempt}/timeline",
        "/proctor/",
        f"/proctor/sessions/{world.session_id}",
    ):
        answer = await client.get(path)
        expected = 200 if allowed else 303 if refused == 401 and path.startswith("/proctor/") else refused
        assert answer.status_code == expected, (path, answer.text[:500])
    frame = await client.get(f"/api/proctor/attempts/{attempt}/frame")
    assert frame.status_code == (404 if allowed else refused)
    if not allowed:
        answer = await client.post(f"/api/proctor/attempts/{attempt}/pause", json={"reason": "x"})
        assert answer.status_code in (401, 403)


async def test_a_forged_request_is_refused(sit, staff):
    _, attempt = await sit()
    proctor = await staff()
    proctor.headers["X-CSRF-Token"] = "0" * 64
    assert (await proctor.post(f"/api/proctor/attempts/{attempt}/pause", json={"reason": "x"})).status_code == 403


async def test_an_attempt_is_watched_from_start_to_submit(deps, sit, raise_incident):
    candidate, attempt = await sit()
    watch = await watch_of(deps, attempt)
    assert (watch["silence_judged"], watch["settings"]["camera"]) == (True, True)
    await show(candidate)
    assert await deps.frames.latest(attempt) is not None
    assert (await candidate.post("/api/seat/submit", json={}, headers=SEAT)).status_code == 200
    assert (await watch_of(deps, attempt))["silence_judged"] is False
    assert await deps.frames.latest(attempt) is None, "the live picture is dropped"


async def test_a_second_start_changes_nothing(deps, sit, staff):
    candidate, attempt = await sit()
    proctor = await staff()
    await proctor.post(f"/api/proctor/attempts/{attempt}/pause", json={"reason": "Jeda"})
    assert (await candidate.post("/api/seat/start", json={}, headers=SEAT)).status_code == 200
    assert (await watch_of(deps, attempt))["silence_judged"] is False, "a paused attempt stays unwatched"


async def test_without_a_camera_nobody_is_watched(deps, sit):
    await deps.pool.execute(WITHOUT)
    _, attempt = await sit()
    assert await watch_of(deps, attempt) is None


async def test_expiry_ends_the_watch(deps, sit):
    _, attempt = await sit()
    await deps.frames.put(Frame(attempt, UUID(int=0xE), utc_now(), None, JPEG))
    await deps.pool.execute("update exam.attempt set deadline_at = now() - interval '1 second' where id = $1", attempt)
    background = asyncio.create_task(run_background(deps, Seats(deps)))
    async with asyncio.timeout(WITHIN_S):
        while await deps.frames.latest(attempt) is not None:
            await asyncio.sleep(0.05)
    background.cancel()
    await asyncio.gather(background, return_exceptions=True)
    assert await deps.pool.fetchval("select status from exam.attempt where id = $1", attempt) == "expired"
    assert (await watch_of(deps, attempt))["silence_judged"] is False


async def test_broken_proctoring_fails_no_exam_action(deps, sit, staff):
    await deps.pool.execute("alter table proctor.watch rename to watch_away")
    try:
        candidate, attempt = await sit()
        proctor = await staff()
        assert (await proctor.post(f"/api/proctor/attempts/{attempt}/pause", json={"reason": "x"})).status_code >= 400
        assert await deps.pool.fetchval("select status from exam.attempt where id = $1", attempt) == "paused"
        await deps.pool.execute("update exam.attempt set status = 'active', paused_at = null where id = $1", attempt)
        answer = await candidate.post("/api/seat/submit", json={}, headers=SEAT)
        assert answer.status_code == 200, answer.text
    finally:
        await deps.pool.execute("alter table proctor.watch_away rename to watch")
    assert await deps.pool.fetchval("select status from exam.attempt where id = $1", attempt) == "submitted"
    assert await deps.pool.fetchval("select count(*) from exam.score where attempt_id = $1", attempt) == 1


async def test_a_locked_watch_holds_no_submit_up(deps, sit):
    candidate, attempt = await sit()
    loop = asyncio.get_running_loop()
    async with deps.pool.acquire() as worker, worker.transaction():
        await worker.fetch("select 1 from proctor.watch where attempt_id = $1 for update", attempt)
        begun = loop.time()
        answer = await asyncio.wait_for(candidate.post("/api/seat/submit", json={}, headers=SEAT), WITHIN_S)
        assert answer.status_code == 200
        assert loop.time() - begun < 5, "the lock is waited for 0.3 s"
    assert await deps.pool.fetchval("select status from exam.attempt where id = $1", attempt) == "submitted"


async def test_the_limits_of_proctoring_end_with_it(deps, sit):
    _, attempt = await sit()
    async with deps.unit() as unit:
        before = await unit.connection.fetchval("select current_setting('lock_timeout')")
        async with unit.aside("test"):
            await end_watch(unit, attempt_id=attempt, session_id=UUID(int=0xE), now=utc_now())
            assert await unit.connection.fetchval("select current_setting('lock_timeout')") == "300ms"
        assert await unit.connection.fetchval("select current_setting('lock_timeout')") == before
        async with unit.aside("test"):
            await unit.connection.execute("select 1 / 0")
        assert await unit.connection.fetchval("select current_setting('lock_timeout')") == before
