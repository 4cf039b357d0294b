"""Without network: a reload, twenty minutes, a clock that somebody sets. The network is a relay that is really cut."""

import re

import pytest
from playwright.async_api import Page, expect

pytestmark = pytest.mark.browser

HOURS_MS = 2 * 3600 * 1000
# the wall clock of the device, set forward or back by `window.skew`
CLOCK = "const now = Date.now; Date.now = () => now() + (window.skew ?? 0);"
WORKER = "navigator.serviceWorker.ready.then(() => true)"
AT_REST = """async () => {
  const told = (asked) => new Promise((done) => { asked.onsuccess = () => done(asked.result); });
  const readable = (_, value) => value instanceof ArrayBuffer ? new TextDecoder().decode(value) : value;
  const db = await told(indexedDB.open("ombilin-seat"));
  let text = "";
  for (const store of db.objectStoreNames)
    text += JSON.stringify(await told(db.transaction(store).objectStore(store).getAll()), readable);
  db.close();
  return text;
}"""


async def seconds_left(page: Page) -> int:
    hours, minutes, seconds = (await page.get_by_role("timer", include_hidden=True).inner_text()).split(":")
    return int(hours) * 3600 + int(minutes) * 60 + int(seconds)


async def test_a_reload_without_network_goes_on(seat, portrait, line):
    """Shell, items, answers, time from the device; read and write; sent when the network is back."""
    own = await seat(url=line.url)
    await own.begin(portrait)
    sent = dict([await own.choose(place) for place in (1, 2)])
    await own.unsent(0)
    await own.page.evaluate(WORKER)
    stem = await own.page.locator("#stem").inner_text()
    await line.cut()
    sent |= dict([await own.choose(3, option=1)])
    await own.unsent(1)
    left = await seconds_left(own.page)
    await own.page.reload()
    await expect(own.page.locator(".run-side .place.is-answered")).to_have_count(3)
    await expect(own.page.get_by_test_id("offline-banner")).to_be_visible()
    assert 0 <= left - await seconds_left(own.page) <= 30
    sent |= dict([await own.choose(4)])
    await own.unsent(2)
    await own.page.reload()
    await own.unsent(2)
    at_rest = await own.page.evaluate(AT_REST)
    assert stem[:40] not in at_rest, "the items are sealed"
    assert "identifier" not in at_rest, "the answers are sealed"
    await line.mend()
    await own.unsent(0)
    await expect(own.page.get_by_test_id("offline-banner")).to_be_hidden()
    assert await own.stored() == sent


async def test_another_tab_session_cannot_read_what_is_kept(seat, portrait, line):
    """The key ends with the tab: without network and without log-in the package stays closed."""
    own = await seat(url=line.url)
    await own.begin(portrait)
    await own.page.evaluate(WORKER)
    await line.cut()
    await own.page.evaluate("sessionStorage.clear()")
    await own.page.reload()
    await expect(own.page.get_by_role("alert")).to_be_visible()
    await expect(own.page.get_by_test_id("nav-1")).to_have_count(0)


@pytest.mark.parametrize("skew", [HOURS_MS, -HOURS_MS], ids=["forward", "back"])
async def test_a_clock_that_is_set_changes_nothing(seat, portrait, skew):
    own = await seat()
    await own.page.add_init_script(CLOCK)
    await own.begin(portrait)
    before = await seconds_left(own.page)
    async with own.page.expect_response("**/api/seat/state") as asked:
        await own.page.evaluate("skew => { window.skew = skew; }", skew)
    truth = await (await asked.value).json()
    shown = await seconds_left(own.page)
    assert abs(shown - truth["remaining_s"]) <= 1.5
    assert 0 <= before - shown <= 15


async def test_twenty_minutes_without_network(seat, portrait, line):
    """In the browser's own time, at a human pace: forty answers, nothing lost."""
    own = await seat(url=line.url)
    await own.page.clock.install()
    await own.begin(portrait)
    start = await seconds_left(own.page)
    await own.page.evaluate(WORKER)
    await line.cut()
    sent: dict[str, str] = {}
    for place in range(1, 41):
        sent |= dict([await own.choose(place, option=place % 4)])
        await own.page.clock.fast_forward(30_000)
    await expect(own.page.get_by_test_id("offline-banner")).to_be_visible()
    await own.unsent(40)
    assert 1200 <= start - await seconds_left(own.page) <= 1260
    await line.mend()
    await own.page.clock.fast_forward(30_000)
    await own.unsent(0)
    assert await own.stored() == sent
    # the server's time counts: for it only seconds have passed of the 100 minutes
    await expect(own.page.get_by_role("timer")).to_have_text(re.compile("^01:(40|39|38)"))
