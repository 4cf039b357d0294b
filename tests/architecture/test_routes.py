"""Every route of both products and the exam socket, asked by every role: the verdicts are committed in routes.txt.

A verdict is the status of the answer, with the target of a redirection. Ids in the addresses exist for sessions only,
so 404 and 422 mean that the role passed the gate. A route that is not in the file, or a changed verdict, fails.
"""

import asyncio
import re
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlencode
from uuid import UUID, uuid4

import httpx
import pytest

from kit.accounts.service import log_in
from kit.accounts.store import AccountStore, Staff
from kit.clock import utc_now

COMMITTED = Path(__file__).with_name("routes.txt")
STAFF = ("proctor", "lead_proctor", "author", "reviewer", "releaser", "auditor", "administrator")
OFFICE = ("committee", "auditor", "administrator", "proctor")
PASSWORD = "correct horse battery"
NOBODY = UUID(int=5)
SEATS_EMPTY = "truncate exam.attempt, exam.event, exam.response, exam.flag, exam.score, exam.outbox"
PUBLIC = {
    ("GET", "/"),
    ("GET", "/boards"),
    ("GET", "/board/<code>"),
    ("GET", "/api/board/<code>/events"),
    ("GET", "/exam/login"),
    ("GET", "/exam/sw.js"),
    ("GET", "/staff/login"),
    ("GET", "/livez"),
    ("GET", "/readyz"),
    ("GET", "/static/<path:path>"),
    ("GET", "/announcements/<code>"),
}


async def ask(app, method, path, headers, body=b"") -> str:
    """The verdict on one request; of an event stream, which never ends, only the beginning is waited for."""
    started: asyncio.Queue = asyncio.Queue()
    gone = asyncio.Event()
    waiting = [{"type": "http.request", "body": body, "more_body": False}]
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path.partition("?")[0],
        "raw_path": path.partition("?")[0].encode(),
        "query_string": path.partition("?")[2].encode(),
        "root_path": "",
        "client": ("127.0.0.1", 1),
        "server": ("exam.test", 80),
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }

    async def receive():
        if waiting:
            return waiting.pop()
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message):
        if message["type"] == "http.response.start":
            started.put_nowait(message)

    task = asyncio.create_task(app(scope, receive, send))
    message = await asyncio.wait_for(started.get(), 20)
    told = {name.decode().lower(): value.decode() for name, value in message["headers"]}
    if told.get("content-type") == "text/event-stream":
        gone.set()
    await asyncio.wait_for(asyncio.gather(task, return_exceptions=True), 20)
    location = told.get("location")
    return str(message["status"]) + (f">{location.partition('?')[0]}" if location else "")


async def ask_socket(app, headers) -> str:
    """`open`, or the close code."""
    outbox: asyncio.Queue = asyncio.Queue()
    inbox: asyncio.Queue = asyncio.Queue()
    inbox.put_nowait({"type": "websocket.connect"})
    scope = {
        "type": "websocket",
        "path": "/api/seat/socket",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }
    task = asyncio.create_task(app(scope, inbox.get, outbox.put))
    message = await asyncio.wait_for(outbox.get(), 20)
    inbox.put_nowait({"type": "websocket.disconnect", "code": 1001})
    await asyncio.wait_for(asyncio.gather(task, return_exceptions=True), 20)
    return "open" if message["type"] == "websocket.accept" else str(message["code"])


def rules(quart_app) -> list[tuple[str, str]]:
    return sorted(
        (method, rule.rule)
        for rule in quart_app.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
        if not rule.websocket
    )


def address(rule, values) -> str:
    return re.sub(r"<(?:\w+:)?(\w+)>", lambda found: str(values[found.group(1)]), rule)


async def csrf(app, cookies: str = "") -> tuple[str, str]:
    """(cookie, token) of a fresh browser."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://exam.test") as http:
        page = await http.get("/staff/login", headers={"Cookie": cookies})
        token = re.search(r'name="csrf_token" value="([^"]+)"', page.text).group(1)
        return "; ".join(f"{name}={value}" for name, value in http.cookies.items()), token


async def session_of(pool, schema, role) -> str:
    @asynccontextmanager
    async def accounts():
        async with pool.acquire() as connection, connection.transaction():
            yield AccountStore(connection, schema)

    return (await log_in(accounts, role, PASSWORD, utc_now()))[1]


def headers_of(method, path, cookie, token) -> dict[str, str]:
    headers = {"host": "exam.test", "origin": "http://exam.test", "cookie": cookie}
    if method == "POST":
        headers |= {"content-type": "application/x-www-form-urlencoded", "x-csrf-token": token}
        headers |= {"x-ombilin-seat": "1"} if path.startswith("/api/seat/") else {}
    return headers


@pytest.fixture(scope="module")
async def exam_matrix(_shared_system, world, app_of_exam):
    system, app = _shared_system, app_of_exam
    listed = rules(app._inner) + [(method, f"/api/seat/{name}") for method, name in app._routes]
    values = {
        "session_id": world.session_id,
        "attempt_id": NOBODY,
        "media_id": NOBODY,
        "incident_id": NOBODY,
        "proposal_id": NOBODY,
        "version_id": NOBODY,
        "action": "approve",
        "code": world.session_code,
        "path": "ombilin.css",
    }
    cookie, token = await csrf(app)
    cookies = {"anonymous": cookie}
    for role in STAFF:
        cookies[role] = f"{cookie}; ombilin_staff={await session_of(system.pool, 'ops', role)}"

    async def candidate() -> str:
        await system.pool.execute(
            "truncate exam.attempt, exam.event, exam.response, exam.flag, exam.score, exam.outbox"
        )
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://exam.test") as http:
            form = {"csrf_token": token, "number": world.numbers[0], "pin": world.pin}
            await http.post("/exam/login", data=form, headers={"Cookie": cookie})
            return f"{cookie}; ombilin_seat={http.cookies['ombilin_seat']}"

    matrix = {}
    for method, rule in sorted(listed):
        path = address(rule, values)
        row = {}
        for role in ("anonymous", "candidate", *STAFF):
            own = await candidate() if role == "candidate" else cookies[role]
            body = urlencode({"username": f"x-{role}", "number": f"x-{role}", "pin": "x"}).encode()
            if rule == "/staff/logout" and role in STAFF:
                own = f"{cookie}; ombilin_staff={await session_of(system.pool, 'ops', role)}"
            row[role] = await ask(app, method, path, headers_of(method, path, own, token), body)
        matrix["exam", method, rule] = row
    row = {}
    for role in ("anonymous", "candidate", *STAFF):
        own = await candidate() if role == "candidate" else cookies[role]
        row[role] = await ask_socket(app, {"host": "exam.test", "origin": "http://exam.test", "cookie": own})
    matrix["exam", "WS", "/api/seat/socket"] = row
    return matrix


@pytest.fixture(scope="module")
def app_of_exam(_shared_system):
    from web.app import create_app

    return create_app(_shared_system)


@pytest.fixture(scope="module")
async def recruitment_matrix(_shared_recruitment_pool, cheap_digest):
    from recruitment.app import create_app
    from recruitment.demo import load_demo
    from recruitment.settings import Settings
    from recruitment.wiring import SCHEMA, build_deps

    pool = _shared_recruitment_pool
    await load_demo(pool, [])
    digest = cheap_digest(PASSWORD)
    async with pool.acquire() as connection:
        for role in OFFICE:
            await AccountStore(connection, SCHEMA).save(Staff(uuid4(), role, role, role), digest, utc_now())
    settings = Settings(
        recruitment_database_url="unused", recruitment_secret_key="33" * 32, handover_public_key="44" * 32
    )
    app = create_app(build_deps(settings, pool, utc_now))
    cookie, token = await csrf(app)
    cookies = {"anonymous": cookie}
    for role in OFFICE:
        cookies[role] = f"{cookie}; recruitment_staff={await session_of(pool, SCHEMA, role)}"
    matrix = {}
    for method, rule in rules(app):
        path = address(rule, {"code": "PRW-01", "path": "ombilin.css"})
        row = {}
        for role, cookies_of_role in cookies.items():
            body = urlencode({"username": f"x-{role}"}).encode()
            own = cookies_of_role
            if rule == "/staff/logout" and role in OFFICE:
                own = f"{cookie}; recruitment_staff={await session_of(pool, SCHEMA, role)}"
            row[role] = await ask(app, method, path, headers_of(method, path, own, token), body)
        matrix["recruitment", method, rule] = row
    return matrix


def written(matrix) -> str:
    lines = ["# product method route: verdict of each role, or of a group of roles with the same verdict"]
    for (product, method, rule), row in matrix.items():
        verdicts: dict[str, list[str]] = {}
        for role, verdict in row.items():
            verdicts.setdefault(verdict, []).append(role)
        told = "; ".join(f"{verdict} {','.join(roles)}" for verdict, roles in verdicts.items())
        lines.append(f"{product} {method} {rule}: {told}")
    return "\n".join(lines) + "\n"


async def test_every_route_has_a_committed_verdict_for_every_role(exam_matrix, recruitment_matrix):
    made = written({**exam_matrix, **recruitment_matrix})
    if not COMMITTED.exists():
        COMMITTED.write_text(made, encoding="utf-8")
        pytest.fail("routes.txt was missing and is written now: read every line and commit it")
    assert made == COMMITTED.read_text(encoding="utf-8"), "read what changed; delete routes.txt, run again and commit"


async def test_no_route_crashes(exam_matrix, recruitment_matrix):
    rows = {**exam_matrix, **recruitment_matrix}
    assert [key for key, row in rows.items() for verdict in row.values() if verdict.startswith("5")] == []


async def test_only_public_pages_are_shown_to_anybody(exam_matrix, recruitment_matrix):
    rows = {**exam_matrix, **recruitment_matrix}
    assert {key[1:] for key, row in rows.items() if row["anonymous"].startswith("2")} == PUBLIC


async def test_a_candidate_is_nobody_to_the_staff_and_staff_are_nobody_to_a_seat(exam_matrix):
    for (_, _, rule), row in exam_matrix.items():
        if rule.startswith(("/bank", "/proctor", "/api/proctor", "/staff")):
            assert row["candidate"] == row["anonymous"]
        if rule.startswith(("/api/seat", "/exam")):
            assert {row[role] for role in STAFF} == {row["anonymous"]}
