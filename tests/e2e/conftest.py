"""The whole product as a newcomer starts it, a real Chromium, a camera that shows a real face.

One system for all journeys: `scripts/supervise.py` with its own data, exactly what `scripts/up.py` runs. Tests read the
database as an oracle, never to reach a state that a person could not reach.
"""

import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, get_args
from urllib.parse import urlsplit

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


class Line:
    """The network between a browser and the system: a TCP relay that can be cut, so that every request really fails."""

    def __init__(self, target: str) -> None:
        self._target = urlsplit(target)
        self._open: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self.url = ""
        self.port = 0

    async def mend(self) -> None:
        """Let traffic through; the address stays the same."""
        self._server = await asyncio.start_server(self._relay, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"

    async def cut(self) -> None:
        """Refuse new connections and break those that are open."""
        if self._server:
            self._server.close()
        for writer in tuple(self._open):
            writer.transport.abort()

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(self._target.hostname, self._target.port)
        ends = {writer, far_writer}
        self._open |= ends
        with suppress(OSError):
            await asyncio.gather(self._pass(reader, far_writer), self._pass(far_reader, writer))
        self._open -= ends

    @staticmethod
    async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while chunk := await reader.read(65_536):
                writer.write(chunk)
                await writer.drain()
        finally:
            writer.close()


@pytest.fixture
async def line(system) -> AsyncIterator[Line]:
    """A network of one's own."""
    made = Line(system.exam_url)
    await made.mend()
    yield made
    await made.cut()


@dataclass(frozen=True)
class Seat:
    """A candidate in front of a browser; `url` is how that browser reaches the system."""

    page: Page
    url: str
    candidate: Candidate
    oracle: asyncpg.Connection

    async def log_in(self) -> None:
        await self.page.goto(f"{self.url}/exam/login")
        await self.page.fill("#number", self.candidate.number)
        await self.page.fill("#pin", self.candidate.pin)
        await self.page.click("main form button")
        await self.page.wait_for_url(f"{self.url}/exam/")

    async def begin(self, portrait: bytes) -> None:
        """Log in, photo and start by the API: what comes before the items has tests of its own."""
        await self.log_in()
        headers = {"X-Ombilin-Seat": "1"}
        send = self.page.context.request.post
        jpeg = {**headers, "Content-Type": "image/jpeg"}
        assert (await send(f"{self.url}/api/seat/photo", data=portrait, headers=jpeg)).ok
        assert (await send(f"{self.url}/api/seat/start", data="{}", headers=headers)).ok
        await self.page.goto(f"{self.url}/exam/")
        await expect(self.page.get_by_test_id("nav-1")).to_be_visible()

    async def choose(self, place: int, option: int = 0) -> tuple[str, str]:
        """Open an item and choose; returns the item version and the option."""
        await self.page.get_by_test_id(f"nav-{place}").click()
        await expect(self.page.get_by_role("heading", level=1)).to_contain_text(str(place))
        radio = self.page.locator("fieldset.choices input").nth(option)
        found = await radio.get_attribute("name"), await radio.get_attribute("value")
        await self.page.locator("fieldset.choices label").nth(option).click()
        await expect(radio).to_be_checked()
        return found[0] or "", found[1] or ""

    async def unsent(self, count: int) -> None:
        await expect(self.page.get_by_test_id("save-state")).to_have_attribute("data-unsent", str(count))

    async def stored(self) -> dict[str, str]:
        """What the server has: item version -> option."""
        rows = await self.oracle.fetch(
            "select r.item_version_id, r.value from exam.response r join exam.attempt a on a.id = r.attempt_id"
            " join exam.participant p on p.id = a.participant_id where p.number = $1",
            self.candidate.number,
        )
        return {str(row["item_version_id"]): row["value"]["base"]["identifier"] for row in rows}

    async def clients(self) -> int:
        """How many pages wrote to the log."""
        found: int = await self.oracle.fetchval(
            "select count(distinct e.client_id) from exam.event e join exam.attempt a on a.id = e.attempt_id"
            " join exam.participant p on p.id = a.participant_id where p.number = $1",
            self.candidate.number,
        )
        return found


_fresh = count(20)  # the first ones belong to the journeys


@pytest.fixture
def somebody(system) -> Candidate:
    """A candidate whom no other test has."""
    return system.candidates("GRU-01")[next(_fresh)]


@pytest.fixture
def seat(system, somebody, context, oracle) -> Any:
    """`await seat(url=..., context=..., candidate=...)`: a page in a context; nobody has logged in yet."""

    async def sit(url: str = "", context: BrowserContext = context, candidate: Candidate = somebody) -> Seat:
        return Seat(await context.new_page(), url or system.exam_url, candidate, oracle)

    return sit
