"""The pictures of README and docs, taken from a running demonstration in a real browser.

The demonstration must be fresh (`python3 scripts/up.py --reset-demo`): candidates take the exam for it.
"""

from __future__ import annotations

import asyncio
import json
import re
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx
from rich.progress import Progress

from kit.embedded import EmbeddedPostgres
from kit.errors import Unavailable
from kit.postgres import open_connection
from kit.settings import read_settings
from recruitment.settings import Settings as RecruitmentSettings
from scripts.browser import launch_options
from scripts.commands.demo import SESSION_CODE, logins
from scripts.supervise import environment
from web.settings import Settings

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from scripts.commands.classroom import Student

DESKTOP, PHONE = (1280, 800), (360, 740)
LARGEST = 200_000  # bytes of one picture: the README loads on a phone
JPEG_QUALITY = 82
WATCHED_S = 40.0  # an incident needs some frames
AT_WORK_FILTER = re.compile("^Mengerjakan")
ANSWERED, FLAGGED = 14, (5, 9)
KEYS = "select id, content from bank.item_version where state = 'approved'"


class PicturesFailed(Unavailable):
    """What is missing, and what mends it."""

    key = "pictures-failed"

    def __init__(self, told: str) -> None:
        super().__init__()
        self.told = told

    def __str__(self) -> str:
        return self.told


def take(data: Path, url: str, out: Path) -> None:
    """Take all pictures of the demonstration whose data folder is `data` and which answers at `url`."""
    try:
        from playwright.sync_api import Error, sync_playwright

        from scripts.commands import classroom
    except ImportError as error:
        raise PicturesFailed(
            f"{error.name} is not installed.\n-> It is one of the test dependencies: run python3 scripts/test.py once."
        ) from error
    environ = _environment(data, url)
    settings = read_settings(Settings, environ)
    told = logins(settings, read_settings(RecruitmentSettings, environ))
    students = classroom.enrolled(url, settings.secret_key)
    launch_options()  # a missing browser is told before the long part
    out.mkdir(parents=True, exist_ok=True)
    with Progress(transient=True) as progress, tempfile.TemporaryDirectory() as folder:
        steps = progress.add_task("Candidates take the exam", total=9)

        def step(name: str) -> None:
            progress.update(steps, advance=1, description=name)

        keys = asyncio.run(_keys(settings.database_url))
        working = classroom.seat(students[1:], keys)
        with sync_playwright() as playwright:
            from scripts.camera import film

            browser = playwright.chromium.launch(**launch_options(film(Path(folder) / "one.mjpeg", "one")))
            try:
                camera = Camera(browser, out)
                _candidate(camera, url, students[0], step)
                _proctor(camera, told, working, step)
                _board_and_bank(camera, told, step)
                _ranking(camera, told, step)
            except Error as error:
                raise PicturesFailed(f"The browser stopped:\n{error}") from error
            finally:
                browser.close()
    for path in sorted(out.glob("*.*g")):
        print(f"{path}  {path.stat().st_size // 1000} kB")


def _environment(data: Path, url: str) -> dict[str, str]:
    secrets, port = data / "secrets.json", urlsplit(url).port
    try:
        httpx.get(f"{url}/readyz", timeout=5, trust_env=False).raise_for_status()
        kept = json.loads(secrets.read_text())
    except (httpx.HTTPError, OSError) as error:
        raise PicturesFailed(
            f"No demonstration answers at {url} with its data in {data}: {error}\n"
            "-> Start one with python3 scripts/up.py, or name another with --url and --data."
        ) from error
    return environment(EmbeddedPostgres(data), kept, port or 80)


async def _keys(database_url: str) -> dict[str, list[str]]:
    """Of each item version its options, best first."""
    connection = await open_connection(database_url)
    try:
        rows = await connection.fetch(KEYS)
    finally:
        await connection.close()
    return {str(row["id"]): _best_first(row["content"]) for row in rows}


def _best_first(content: dict[str, Any]) -> list[str]:
    declaration = content["responses"][0]
    points = (declaration.get("mapping") or {}).get("entries") or {declaration["correct"]["base"]["identifier"]: 5}
    options = [option["id"] for option in content["interactions"][0]["options"]]
    return sorted(options, key=lambda each: float(points.get(each, 0)), reverse=True)


class Camera:
    """A browser and the folder that its pictures go to."""

    def __init__(self, browser: Browser, out: Path) -> None:
        self._browser = browser
        self._out = out

    def page(self, size: tuple[int, int] = DESKTOP) -> Page:
        """A person of their own, with light colours and no animation."""
        context = self._browser.new_context(
            viewport={"width": size[0], "height": size[1]}, color_scheme="light", reduced_motion="reduce", locale="id"
        )
        return context.new_page()

    def shoot(self, page: Page, name: str) -> None:
        """PNG, or JPEG where the page shows photographs."""
        page.wait_for_timeout(400)
        path = self._out / name
        if path.suffix == ".jpg":
            page.screenshot(path=path, quality=JPEG_QUALITY, type="jpeg")
        else:
            page.screenshot(path=path)
        if path.stat().st_size > LARGEST:
            raise PicturesFailed(f"{path} is larger than {LARGEST // 1000} kB: take it as .jpg.")

    def resize(self, page: Page, size: tuple[int, int]) -> None:
        """Another device."""
        page.set_viewport_size({"width": size[0], "height": size[1]})


def _candidate(camera: Camera, url: str, student: Student, step: Callable[[str], None]) -> None:
    page = camera.page()
    step("System check")
    page.goto(f"{url}/exam/login")
    page.fill("#number", student.number)
    page.fill("#pin", student.pin)
    page.click("main form button")
    page.get_by_test_id("photo-capture").click()
    page.get_by_test_id("photo-accept").click()
    page.locator("[data-testid=check-continue]:enabled").wait_for()
    camera.shoot(page, "system-check.png")
    page.get_by_test_id("check-continue").click()
    page.get_by_test_id("start").click()
    step("Runner")
    for place in range(1, ANSWERED + 1):
        page.locator("fieldset.choices label").nth(place % 4).click()
        if place in FLAGGED:
            page.get_by_test_id("flag").click()
        page.get_by_test_id("next").click()
    places = page.locator("[data-testid^=nav-]").count()
    for place in range(ANSWERED + 1, places):
        page.get_by_test_id(f"nav-{place}").click()
        if page.locator("fieldset.choices.is-figural").count():
            break
    page.locator("fieldset.choices label").nth(1).click()
    page.locator("[data-testid=save-state][data-unsent='0']").wait_for()
    camera.shoot(page, "runner.png")
    camera.resize(page, PHONE)
    page.get_by_test_id("next").click()
    step("Runner on a phone")
    camera.shoot(page, "runner-phone.png")
    camera.resize(page, DESKTOP)  # stays open: the proctor looks on


def _staff(camera: Camera, told: dict[str, Any], role: str, site: str) -> Page:
    login = next(each for each in told["logins"] if each["role"] == role and each["url"].startswith(told[site]))
    page = camera.page()
    page.goto(login["url"])
    page.fill("#username", login["username"])
    page.fill("#password", login["password"])
    page.click("main form button")
    page.wait_for_url(lambda address: "/staff/login" not in address)
    return page


def _proctor(camera: Camera, told: dict[str, Any], working: list[Student], step: Callable[[str], None]) -> None:
    from scripts.commands.classroom import FRAME_EVERY_S

    step("Proctor console")
    page = _staff(camera, told, "proctor", "exam_url")
    page.click("a[href^='/proctor/sessions/']")
    until = time.monotonic() + WATCHED_S
    while time.monotonic() < until:
        for student in working:
            student.show()
        page.wait_for_timeout(FRAME_EVERY_S * 1000)
    page.locator("[data-kind=MULTIPLE]").first.wait_for()
    page.get_by_role("button", name=AT_WORK_FILTER).click()
    camera.shoot(page, "proctor-console.jpg")
    watched = next(student for student in working if student.people == "two")
    page.get_by_test_id(f"tile-{watched.number}").click()
    page.get_by_test_id("timeline").wait_for()
    camera.shoot(page, "proctor-timeline.jpg")


def _board_and_bank(camera: Camera, told: dict[str, Any], step: Callable[[str], None]) -> None:
    step("Score board")
    page = camera.page()
    page.goto(f"{told['exam_url']}/board/{SESSION_CODE}")
    page.get_by_test_id("board-table").wait_for()
    camera.shoot(page, "score-board.png")
    step("Item bank")
    page = _staff(camera, told, "reviewer", "exam_url")
    page.goto(f"{told['exam_url']}/bank/")
    camera.shoot(page, "item-bank.png")


def _ranking(camera: Camera, told: dict[str, Any], step: Callable[[str], None]) -> None:
    from scripts.commands.classroom import FINISHED, VACANCY

    step("Ranking")
    page = _staff(camera, told, "administrator", "recruitment_url")
    page.goto(f"{told['recruitment_url']}/vacancies/{VACANCY}")
    for _ in range(60):
        if page.locator("table.r-ranking tbody tr").count() >= len(FINISHED) - 2:
            break
        page.wait_for_timeout(500)
        page.reload()
    page.locator("h2").first.evaluate("each => each.scrollIntoView()")
    camera.shoot(page, "vacancy-ranking.png")
    camera.resize(page, PHONE)
    page.locator("table.r-ranking").first.evaluate("each => each.scrollIntoView()")
    camera.shoot(page, "vacancy-ranking-phone.png")
