"""axe-core on every page of both products, light and dark, desktop and phone; and an exam with the keyboard alone."""

import pytest
from playwright.async_api import Page, expect

from scripts import build_frontend

pytestmark = pytest.mark.browser

AXE = build_frontend.CLIENT / "node_modules" / "axe-core" / "axe.min.js"
RUN = "async () => (await axe.run()).violations.flatMap(v => v.nodes.map(n => `${v.id}: ${n.target.join(' ')}`))"
PHONE = {"width": 360, "height": 740}
DESKTOP = {"width": 1280, "height": 800}
PUBLIC = ("/", "/boards", "/board/SKD-DEMO", "/exam/login", "/staff/login", "/no-such-page")
PROCTOR = ("/proctor/",)
BANK = ("/bank/", "/bank/?state=approved&topic=TIU.figural", "/bank/blueprints/")
RECRUITMENT_PUBLIC = ("/", "/announcements/PRW-01", "/staff/login")
RECRUITMENT = ("/staff/home", "/vacancies", "/vacancies/GRU-01", "/applicants", "/handovers")


@pytest.fixture(scope="module", autouse=True)
def packages():
    """axe-core comes with the client's packages."""
    build_frontend.ensure_packages()


async def violations(page: Page, where: str) -> list[str]:
    """What axe finds in both colour schemes and both sizes, and what scrolls sideways on a phone."""
    found: list[str] = []
    if not await page.evaluate("() => 'axe' in window"):
        await page.evaluate(AXE.read_text(encoding="utf-8"))
    for size in (DESKTOP, PHONE):
        await page.set_viewport_size(size)
        for scheme in ("light", "dark"):
            await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            found += [f"{where} {scheme} {size['width']}: {each}" for each in await page.evaluate(RUN)]
        wider = await page.evaluate("() => document.documentElement.scrollWidth - innerWidth")
        if wider > 0:
            found.append(f"{where} {size['width']}: {wider} px wider than the screen")
    await page.set_viewport_size(DESKTOP)
    return found


async def walk(page: Page, base: str, paths: tuple[str, ...]) -> list[str]:
    found: list[str] = []
    for path in paths:
        await page.goto(base + path)
        found += await violations(page, path)
    return found


async def test_public_pages(system, context):
    page = await context.new_page()
    found = await walk(page, system.exam_url, PUBLIC)
    found += await walk(page, system.recruitment_url, RECRUITMENT_PUBLIC)
    await page.goto(f"{system.exam_url}/exam/login")
    await page.fill("#number", "24-1373-000001")
    await page.fill("#pin", "WRONG")
    await page.click("main form button")
    await expect(page.get_by_role("alert")).to_be_visible()
    found += await violations(page, "refused log-in")
    assert found == []


async def test_staff_pages(system, staff, take_exam, oracle):
    candidate, other = system.candidates("GRU-01")[:2]
    await take_exam(candidate, right=0.9)
    await take_exam(other, right=0.5, finish=False)
    page = await staff("proctor")
    found = await walk(page, system.exam_url, PROCTOR)
    await page.click("a[href^='/proctor/sessions/']")
    await expect(page.get_by_test_id(f"tile-{other.number}")).to_be_visible()
    found += await violations(page, "console")
    await page.get_by_test_id(f"tile-{other.number}").click()
    await expect(page.get_by_test_id("timeline")).to_be_visible()
    found += await violations(page, "console, a candidate")
    page = await staff("reviewer")
    found += await walk(page, system.exam_url, BANK)
    figural = "select id from bank.item_version where state = 'approved' and topic like 'TIU.figural%' limit 1"
    found += await walk(page, system.exam_url, (f"/bank/items/{await oracle.fetchval(figural)}",))
    page = await staff("administrator", "recruitment")
    found += await walk(page, system.recruitment_url, RECRUITMENT)
    assert found == []


async def press(page: Page, key: str, until: str, limit: int = 60) -> None:
    """Press a key until an element that fits the selector has the focus."""
    for _ in range(limit):
        if await page.evaluate("selector => !!document.activeElement?.matches(selector)", until):
            return
        await page.keyboard.press(key)
    raise AssertionError(f"{key} does not lead to {until}")


async def test_candidate_pages_with_the_keyboard_alone(system, context, oracle):
    """Log-in, photo, check, start, three items, submit, without a pointer; axe at every station."""
    candidate = system.candidates("GRU-01")[2]
    page = await context.new_page()
    await page.goto(f"{system.exam_url}/exam/login")
    await press(page, "Tab", "#number")
    await page.keyboard.type(candidate.number)
    await press(page, "Tab", "#pin")
    await page.keyboard.type(candidate.pin)
    await page.keyboard.press("Enter")
    found: list[str] = []
    for station in ("photo-capture", "photo-accept", "check-continue", "start"):
        await expect(page.get_by_test_id(station)).to_be_enabled()
        found += await violations(page, station)
        await press(page, "Tab", f"[data-testid={station}]")
        await page.keyboard.press("Enter")
    await expect(page.locator("fieldset.choices")).to_be_visible()
    for place in (1, 2, 3):
        await expect(page.get_by_role("heading", level=1)).to_contain_text(str(place))
        await press(page, "Tab", ".choices input")
        await page.keyboard.press("Space")
        if place == 2:
            await page.keyboard.press("ArrowDown")
            await page.keyboard.press("Alt+r")
        await press(page, "Tab", "[data-testid=next]")
        await page.keyboard.press("Enter")
    await expect(page.get_by_test_id("save-state")).to_have_attribute("data-unsent", "0")
    found += await violations(page, "an item")
    await press(page, "Shift+Tab", ".settings summary")
    await page.keyboard.press("Enter")
    found += await violations(page, "display settings")
    await page.keyboard.press("Enter")
    await press(page, "Tab", "[data-testid=review]", limit=150)
    await page.keyboard.press("Enter")
    await expect(page.get_by_test_id("finish")).to_be_visible()
    found += await violations(page, "review")
    await press(page, "Tab", "[data-testid=finish]", limit=200)
    await page.keyboard.press("Enter")
    await expect(page.get_by_test_id("finish-confirm")).to_be_visible()
    found += await violations(page, "finish?")
    await press(page, "Tab", "[data-testid=finish-confirm]")
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"{system.exam_url}/exam/receipt")
    found += await violations(page, "receipt")
    answered = (
        "select count(*) from exam.response r join exam.attempt a on a.id = r.attempt_id"
        " join exam.participant p on p.id = a.participant_id where p.number = $1"
    )
    assert await oracle.fetchval(answered, candidate.number) == 3
    assert found == []
