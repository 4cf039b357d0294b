"""The product's main job, once, as its people do it: a candidate, a proctor, the public, the agency."""

import asyncio
import os
import signal
from pathlib import Path

import httpx
import pytest
from playwright.async_api import BrowserContext, Page, expect

from exam_engine.domain.second_opinion import UNIT
from scripts.browser import launch_options
from scripts.commands.recompute import recompute

pytestmark = pytest.mark.browser

ITEMS = 110
CUT_AFTER, OFFLINE_ITEMS, KILL_AFTER = 30, 15, 60
OFFLINE_MS = 30_000
PAUSE_MS = 3_000
WRONG_EVERY = 5


async def launch(playwright, profile, camera) -> BrowserContext:
    """A candidate's own browser: its profile survives."""
    return await playwright.chromium.launch_persistent_context(
        str(profile), viewport={"width": 1100, "height": 800}, **launch_options(camera)
    )


async def log_in(page: Page, system, candidate) -> None:
    await page.goto(f"{system.exam_url}/exam/login")
    await page.fill("#number", candidate.number)
    await page.fill("#pin", candidate.pin)
    await page.click("main form button")
    await page.wait_for_url(f"{system.exam_url}/exam/")


async def prepare(page: Page) -> None:
    """Photo, check, instructions, start."""
    await page.get_by_test_id("photo-capture").click()
    await page.get_by_test_id("photo-accept").click()
    await page.get_by_test_id("check-continue").click()
    await page.get_by_test_id("start").click()
    await expect(page.get_by_test_id("nav-1")).to_be_visible()


async def answer(page: Page, place: int, keys) -> None:
    """Choose in the item that is open: right, but for every fifth."""
    radio = page.locator("fieldset.choices input").first
    ref = await radio.get_attribute("name")
    assert ref is not None
    option = keys[ref][-1 if place % WRONG_EVERY == 0 else 0]
    await page.get_by_test_id(f"option-{option}").click()
    await expect(page.get_by_test_id(f"option-{option}").locator("input")).to_be_checked()
    if place < ITEMS:
        await page.get_by_test_id("next").click()
        await expect(page.get_by_role("heading", level=1)).to_contain_text(str(place + 1))


async def all_saved(page: Page) -> None:
    await expect(page.get_by_test_id("save-state")).to_have_attribute("data-unsent", "0")


async def answered_offline(page: Page, keys) -> None:
    """Fifteen answers while the network is away for 30 seconds, at a human pace."""
    await page.context.set_offline(True)
    for place in range(CUT_AFTER + 1, CUT_AFTER + OFFLINE_ITEMS + 1):
        await answer(page, place, keys)
        await page.wait_for_timeout(OFFLINE_MS / OFFLINE_ITEMS)
    await expect(page.get_by_test_id("offline-banner")).to_be_visible()
    await expect(page.get_by_test_id("save-state")).to_have_attribute("data-unsent", str(OFFLINE_ITEMS))
    await page.context.set_offline(False)
    await all_saved(page)
    await expect(page.get_by_test_id("offline-banner")).to_be_hidden()


async def proctor_talks_and_pauses(console: Page, page: Page, number: str) -> None:
    """A message arrives, a pause stops the clock, a resume lets it go on."""
    await console.get_by_test_id(f"tile-{number}").click()
    await console.get_by_test_id("message-text").fill("Mohon duduk tegak menghadap kamera.")
    await console.get_by_test_id("message-send").click()
    await expect(page.get_by_test_id("message")).to_contain_text("Mohon duduk tegak")
    await page.get_by_test_id("message-ack").click()
    await console.get_by_test_id("pause").click()
    await console.get_by_test_id("pause-reason").fill("Pemeriksaan kamera")
    await console.get_by_test_id("pause-confirm").click()
    for _ in range(3):  # a browser closes a dialog at the second Escape; the pause must stay closed
        await page.keyboard.press("Escape")
    await expect(page.get_by_test_id("pause-overlay")).to_be_visible()
    stood = await seconds_left(page)
    await page.wait_for_timeout(PAUSE_MS)
    assert stood - await seconds_left(page) <= 1, "the shown second may still be rounding when the pause arrives"
    await console.get_by_test_id("resume").click()
    await expect(page.get_by_test_id("pause-overlay")).to_be_hidden()


async def seconds_left(page: Page) -> int:
    hours, minutes, seconds = (await page.get_by_role("timer", include_hidden=True).inner_text()).split(":")
    return int(hours) * 3600 + int(minutes) * 60 + int(seconds)


def kill_browser(profile) -> None:
    """kill -9 of every process of this profile."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if str(profile).encode() in command and b"chrom" in command.split(b"\0")[0]:
            os.kill(int(folder.name), signal.SIGKILL)


async def test_one_whole_examination(system, playwright, cameras, oracle, keys, staff, take_exam, tmp_path, context):
    candidate, better, worse, failed = system.candidates("PKM-01")[:4]
    await take_exam(better, right=1.0)
    await take_exam(worse, right=0.7)
    await take_exam(failed, right=0.1)

    console = await staff("proctor")
    await console.click("a[href^='/proctor/sessions/']")
    board = await context.new_page()
    await board.goto(f"{system.exam_url}/board/SKD-DEMO")
    await expect(board.locator("tbody tr", has_text=better.number)).to_contain_text("550")

    own = await launch(playwright, tmp_path / "profile", cameras["one"])
    page = own.pages[0]
    await log_in(page, system, candidate)
    await prepare(page)
    for place in range(1, CUT_AFTER + 1):
        await answer(page, place, keys)
    await all_saved(page)
    row = board.locator("tbody tr", has_text=candidate.number)
    await expect(row).to_contain_text(f"{CUT_AFTER}")
    first_board = await row.inner_text()
    await answered_offline(page, keys)
    for place in range(CUT_AFTER + OFFLINE_ITEMS + 1, KILL_AFTER + 1):
        await answer(page, place, keys)
    await proctor_talks_and_pauses(console, page, candidate.number)
    await all_saved(page)
    of_number = "select a.id from exam.attempt a join exam.participant p on p.id = a.participant_id where p.number = $1"
    attempt_id = await oracle.fetchval(of_number, candidate.number)
    incidents = "select distinct kind from proctor.incident where attempt_id = $1 and kind <> 'SIGNAL'"
    raised = {each["kind"] for each in await oracle.fetch(incidents, attempt_id)}
    assert raised <= {"UNVERIFIABLE"}, "one face raises nothing; an absent network is not an absent person"

    kill_browser(tmp_path / "profile")
    own = await launch(playwright, tmp_path / "profile", cameras["two"])
    page = own.pages[0]
    await log_in(page, system, candidate)
    await expect(page.locator(".run-side .place.is-answered")).to_have_count(KILL_AFTER)
    await expect(page.get_by_role("heading", level=1)).to_contain_text(str(KILL_AFTER + 1))
    for place in range(KILL_AFTER + 1, ITEMS + 1):
        await answer(page, place, keys)
    await expect(console.locator(f"[data-kind=MULTIPLE]:has-text('{candidate.number}')").first).to_be_visible()
    assert await row.inner_text() != first_board

    system.kill("recruitment", "serve")
    await page.get_by_test_id("next").click()
    await page.get_by_test_id("finish").click()
    await page.get_by_test_id("finish-confirm").click()
    await page.wait_for_url(f"{system.exam_url}/exam/receipt")

    record = await oracle.fetchval("select record from exam.score where attempt_id = $1", attempt_id)
    again = await recompute(oracle, attempt_id, record["key_version"])
    assert {each["code"]: each["points"] * UNIT for each in record["sections"]} == again["points"]
    total = sum(each["points"] for each in record["sections"])
    assert record["total"] * UNIT == total * UNIT == again["total"]
    stored = await oracle.fetch("select value from exam.response where attempt_id = $1", attempt_id)
    assert len(stored) == ITEMS
    receipt = page.locator("main")
    await expect(receipt).to_contain_text(str(total))
    assert record["passed"] is True
    await expect(row).to_contain_text(str(total))
    await own.close()

    await answers(f"{system.recruitment_url}/readyz")
    agency = await staff("administrator", "recruitment")
    rank = agency.locator("table.r-ranking tbody tr", has_text=candidate.number)
    await agency.goto(f"{system.recruitment_url}/vacancies/PKM-01")
    await arrived(agency, rank)
    await expect(rank.locator(".r-rank")).to_have_text("2")
    await expect(rank.locator(".r-total strong")).to_have_text(str(total))
    received = "select count(*) from recruitment.score where participant_id = $1"
    participant = await oracle.fetchval("select participant_id from exam.attempt where id = $1", attempt_id)
    assert await oracle.fetchval(received, participant) == 1


async def answers(url: str) -> None:
    """The supervisor starts a killed process again."""
    async with httpx.AsyncClient(trust_env=False) as http:
        for _ in range(60):
            try:
                if (await http.get(url)).is_success:
                    return
            except httpx.HTTPError:
                pass
            await asyncio.sleep(0.5)
    raise AssertionError(f"{url} did not come back in 30 s")


async def arrived(page: Page, row) -> None:
    """Reload until the hand-over has come: the admin module was away when it was made."""
    for _ in range(60):
        if await row.count():
            return
        await page.wait_for_timeout(500)
        await page.reload()
    raise AssertionError("the score did not arrive in 30 s")
