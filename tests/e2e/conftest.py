"""The whole product as a newcomer starts it, a real Chromium, a camera that shows a real face.

One system for all journeys: `scripts/supervise.py` with its own data, exactly what `scripts/up.py` runs. Tests read the
database as an oracle, never to reach a state that a person could not reach.
"""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import asyncpg
import httpx
import pytest
from playwright.async_api import Browser, BrowserContext, Page, Playwright, async_playwright, expect

from kit.embedded import EmbeddedPostgres
from scripts.browser import launch_options
from scripts.camera import People, film, jpeg, scene
from scripts.commands.demo import demo_participants, demo_secret

START_S = 120
WAIT_MS = 30_000
expect.set_options(timeout=WAIT_MS)
CSRF = re.compile(r'name="csrf_token" value="([^"]+)"')


@dataclass(frozen=True)
class Candidate:
    """Somebody who may log in."""

    number: str
    pin: str
    name: str
    track: str
    vacancy: str


@dataclass(frozen=True)
class System:
    """A running product; `told` is the JSON line that it printed."""

    told: dict[str, Any]
    data: Path
    pid: int
    oracle_url: str

    @property
    def exam_url(self) -> str:
        return self.told["exam_url"]

    @property
    def recruitment_url(self) -> str:
        return self.told["recruitment_url"]

    def login(self, role: str, url: str) -> dict[str, str]:
        return next(each for each in self.told["logins"] if each["role"] == role and each["url"].startswith(url))

    def candidates(self, vacancy: str, track: str = "general") -> list[Candidate]:
        secret = json.loads((self.data / "secrets.json").read_text())["secret_key"]
        return [
            Candidate(row["number"], demo_secret(secret, row["number"]), row["name"], row["track"], row["vacancy"])
            for row in demo_participants()
            if row["vacancy"] == vacancy and row["track"] == track
        ]

    def kill(self, *words: str) -> None:
        """kill -9 of a supervised process, found by its command line."""
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                command = (folder / "cmdline").read_bytes().split(b"\0")
                parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            except (OSError, ValueError):
                continue
            if parent == self.pid and all(word.encode() in command for word in words):
                os.kill(int(folder.name), signal.SIGKILL)
                return
        raise AssertionError(f"no process {' '.join(words)} under the supervisor")


def free_port() -> int:
    """A port whose successor is free too."""
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port = first.getsockname()[1]
            try:
                second.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            return port


@pytest.fixture(scope="session")
def system(tmp_path_factory) -> Iterator[System]:
    """Started once; what it logged is shown when it does not start."""
    data = tmp_path_factory.mktemp("system")
    log = (data / "supervisor.log").open("w+")
    command = [sys.executable, "-m", "scripts.supervise", "--data", str(data), "--port", str(free_port()), "--json"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
    assert process.stdout is not None
    line = process.stdout.readline()
    try:
        if not line:
            process.wait(START_S)
            pytest.fail((data / "supervisor.log").read_text()[-3000:])
        yield System(json.loads(line), data, process.pid, EmbeddedPostgres(data).url_for("postgres"))
    finally:
        process.terminate()
        process.wait(60)
        process.stdout.close()
        log.close()
        EmbeddedPostgres(data).erase()


@pytest.fixture
async def oracle(system) -> AsyncIterator[asyncpg.Connection]:
    """The database, as only a test may read it."""
    connection = await asyncpg.connect(system.oracle_url)
    await connection.set_type_codec("jsonb", schema="pg_catalog", encoder=json.dumps, decoder=json.loads)
    yield connection
    await connection.close()


@pytest.fixture
async def keys(oracle) -> dict[str, list[str]]:
    """Of each item version its options, best first."""
    rows = await oracle.fetch("select id, content from bank.item_version where state = 'approved'")
    found: dict[str, list[str]] = {}
    for row in rows:
        declaration = row["content"]["responses"][0]
        ids = [option["id"] for option in row["content"]["interactions"][0]["options"]]
        points = (declaration.get("mapping") or {}).get("entries") or {declaration["correct"]["base"]["identifier"]: 5}
        found[str(row["id"])] = sorted(ids, key=lambda each: -float(points.get(each, 0)))
    return found


@pytest.fixture(scope="session")
def cameras(tmp_path_factory) -> dict[str, Path]:
    """Films of one, two or no faces."""
    folder = tmp_path_factory.mktemp("camera")
    return {people: film(folder / f"{people}.mjpeg", people) for people in get_args(People)}


@pytest.fixture(scope="session")
def portrait() -> bytes:
    """An identity photo."""
    return jpeg(scene("one", 0))


@pytest.fixture(scope="session")
async def playwright() -> AsyncIterator[Playwright]:
    async with async_playwright() as started:
        yield started


@pytest.fixture(scope="session")
async def browser(playwright, cameras) -> AsyncIterator[Browser]:
    """For everybody who is not the candidate of the journey."""
    launched = await playwright.chromium.launch(**launch_options(cameras["one"]))
    yield launched
    await launched.close()


@pytest.fixture
async def context(browser) -> AsyncIterator[BrowserContext]:
    """A fresh person at a desktop."""
    made = await browser.new_context(viewport={"width": 1280, "height": 800})
    yield made
    await made.close()


@pytest.fixture
def staff(system, browser) -> Any:
    """`await staff("proctor")` -> a logged-in page; `site` is `exam` or `recruitment`."""

    async def log_in(role: str, site: str = "exam") -> Page:
        url = system.exam_url if site == "exam" else system.recruitment_url
        login = system.login(role, url)
        context = await browser.new_context(viewport={"width": 1280, "height": 800})
        page = await context.new_page()
        await page.goto(login["url"])
        await page.fill("#username", login["username"])
        await page.fill("#password", login["password"])
        await page.click("main form button")
        await page.wait_for_url(lambda address: "/staff/login" not in address)
        return page

    return log_in


@pytest.fixture
def take_exam(system, portrait, keys) -> Any:
    """`await take_exam(candidate, right=0.8)`: a candidate over the API alone; returns the attempt's id."""

    async def take(candidate: Candidate, *, right: float, finish: bool = True) -> str:
        headers = {"X-Ombilin-Seat": "1"}
        async with httpx.AsyncClient(base_url=system.exam_url, timeout=60, trust_env=False) as http:
            token = CSRF.search((await http.get("/exam/login")).text)
            assert token, "the log-in page has a form"
            form = {"csrf_token": token[1], "number": candidate.number, "pin": candidate.pin}
            assert (await http.post("/exam/login", data=form)).status_code == 303
            assert (await http.post("/api/seat/photo", content=portrait, headers=headers)).status_code == 200
            started = (await http.post("/api/seat/start", json={}, headers=headers)).json()
            operations = [
                {
                    "seq": place,
                    "rev": place,
                    "kind": "respond",
                    "item": item["ref"],
                    "value": {"base": {"identifier": keys[item["ref"]][0 if place % 10 < right * 10 else -1]}},
                    "at": started["state"]["now"],
                }
                for place, item in enumerate(started["items"], start=1)
            ]
            batch = {"client": started["attempt"]["id"], "ops": operations}
            ack = (await http.post("/api/seat/ops", json=batch, headers=headers)).json()
            assert ack["acked"] == len(operations)
            if finish:
                assert (await http.post("/api/seat/submit", json={}, headers=headers)).status_code == 200
            return started["attempt"]["id"]

    return take
