"""The candidate's page and its seat: first click, fresh profile, tabs, devices, log-out, back/forward cache."""

from datetime import timedelta

import pytest
from playwright.async_api import expect

pytestmark = pytest.mark.browser

DESKTOP = {"width": 1280, "height": 800}
# IndexedDB that takes two seconds to open, and a candidate who clicks before a person could
SLOW_AND_HASTY = """
const open = IDBFactory.prototype.open;
IDBFactory.prototype.open = function (...words) {
  const asked = new EventTarget();
  setTimeout(() => {
    const real = open.apply(this, words);
    for (const kind of ["success", "error", "upgradeneeded", "blocked"])
      real.addEventListener(kind, () => {
        Object.assign(asked, { result: real.result, transaction: real.transaction, error: real.error });
        asked.dispatchEvent(new Event(kind));
      });
  }, 2000);
  return asked;
};
// idb asks whether what it got is a request
Object.defineProperty(IDBRequest, Symbol.hasInstance, { value: (each) => each instanceof EventTarget });
const hasty = setInterval(() => {
  const choice = document.querySelector("fieldset.choices input");
  if (choice) { clearInterval(hasty); choice.click(); }
}, 1);
"""
WORKER = "navigator.serviceWorker.ready.then(() => true)"
KEPT = """async () => {
  const told = (asked) => new Promise((done) => { asked.onsuccess = () => done(asked.result); });
  const db = await told(indexedDB.open("ombilin-seat"));
  const count = (store) => told(db.transaction(store).objectStore(store).count());
  const found = { ops: await count("ops"), kept: await count("kept"), pages: 0 };
  db.close();
  for (const name of await caches.keys()) if (await (await caches.open(name)).match("/exam/")) found.pages += 1;
  return found;
}"""


async def test_the_earliest_click_is_kept(seat, portrait):
    """The form is not there before the queue is: a click that the page takes is an answer."""
    own = await seat()
    await own.begin(portrait)
    await own.page.add_init_script(SLOW_AND_HASTY)
    await own.page.reload()
    await expect(own.page.locator("fieldset.choices input").first).to_be_checked()
    await own.unsent(0)
    assert len(await own.stored()) == 1


SET_START = "update exam.session set starts_at = clock_timestamp() + $1::interval where code = 'SKD-DEMO'"


async def test_the_waiting_room_opens_by_itself(seat, portrait, oracle):
    """The form comes sealed while the candidate waits; at T0 it opens with a key of a few hundred bytes."""
    own = await seat()
    await own.log_in()
    headers = {"X-Ombilin-Seat": "1", "Content-Type": "image/jpeg"}
    await own.page.context.request.post(f"{own.url}/api/seat/photo", data=portrait, headers=headers)
    answers: list[tuple[str, int]] = []
    own.page.on("response", lambda answer: answers.append((answer.url.removeprefix(own.url), answer.status)))
    await oracle.execute(SET_START, timedelta(seconds=12))
    try:
        await own.page.goto(f"{own.url}/exam/")
        await own.page.get_by_test_id("check-continue").click()
        await expect(own.page.get_by_test_id("waiting-room")).to_be_visible()
        await own.page.get_by_test_id("start").click()
        await expect(own.page.get_by_test_id("start")).to_be_disabled()
        await expect(own.page.get_by_test_id("nav-1")).to_be_visible()
    finally:
        await oracle.execute(SET_START, None)
    assert ("/api/seat/package", 200) in answers
    starts = [answer for answer in answers if answer[0].startswith("/api/seat/start")]
    assert starts[-1] == ("/api/seat/start?sealed=1", 200)
    assert {status for _, status in starts[:-1]} <= {425}, "too early is told, not started"
    sent = dict([await own.choose(1)])
    await own.unsent(0)
    assert await own.stored() == sent


async def test_a_fresh_profile_counts_anew_and_loses_nothing(seat, portrait, browser):
    """Both pages count from 1; the server tells them apart by the page's own identity."""
    own = await seat()
    await own.begin(portrait)
    first = dict([await own.choose(place) for place in (1, 2, 3)])
    await own.unsent(0)
    fresh = await browser.new_context(viewport=DESKTOP)
    other = await seat(context=fresh)
    await other.log_in()
    second = dict([await other.choose(place) for place in (4, 5, 6)])
    await other.unsent(0)
    assert await other.stored() == first | second
    assert await other.clients() == 2
    await fresh.close()


async def test_of_two_tabs_the_newer_has_the_seat(seat, portrait):
    """They share cookies, so the older one is told by the newer; their numbers do not clash."""
    old = await seat()
    await old.begin(portrait)
    first = dict([await old.choose(1)])
    await old.unsent(0)
    new = await seat()
    await new.page.goto(f"{new.url}/exam/")
    await expect(old.page.get_by_test_id("superseded")).to_be_visible()
    second = dict([await new.choose(2), await new.choose(3)])
    await new.unsent(0)
    await old.page.evaluate("document.querySelector('dialog[open]').close()")
    await expect(old.page.get_by_test_id("superseded")).to_be_visible()
    await old.page.evaluate("document.querySelector('dialog[open]').remove()")
    await old.page.get_by_test_id("nav-9").click()
    await old.page.locator("fieldset.choices label").first.click()
    await new.page.reload()
    await expect(new.page.locator(".run-side .place.is-answered")).to_have_count(3)
    assert await new.stored() == first | second, "an overlay that is removed does not make the old tab writable"
    assert await new.clients() == 2


async def test_a_second_device_takes_over_and_nothing_is_lost(seat, portrait, browser, line):
    """The first device was away with two answers; it is told, and sends them when its owner logs in there again."""
    away = await seat(url=line.url)
    await away.begin(portrait)
    first = dict([await away.choose(1)])
    await away.unsent(0)
    await line.cut()
    first |= dict([await away.choose(2), await away.choose(3)])
    await away.unsent(2)
    context = await browser.new_context(viewport=DESKTOP)
    there = await seat(context=context)
    await there.log_in()
    second = dict([await there.choose(4)])
    await there.unsent(0)
    await line.mend()
    await expect(away.page.get_by_test_id("superseded-unsent")).to_contain_text("2")
    assert len(await away.stored()) == 2
    await away.log_in()
    await away.unsent(0)
    assert await away.stored() == first | second
    await expect(there.page.get_by_test_id("superseded")).to_be_visible()
    await context.close()


def keeps_all(state):
    """An answer of the server that takes nothing yet: `hold`."""
    return {"acked": 0, "verdicts": [], "hold": True, "receipt": None, "state": state}


async def test_a_log_out_warns_and_leaves_nothing_readable(seat, system, portrait):
    """Unsent answers stay, sealed: the next user of the machine sees none of them, their owner's log-in sends them."""
    own = await seat()
    await own.page.add_init_script("delete window.WebSocket")
    await own.begin(portrait)
    sent = dict([await own.choose(1)])
    await own.unsent(0)
    await own.page.evaluate(WORKER)
    state = await (await own.page.context.request.get(f"{own.url}/api/seat/state")).json()
    await own.page.route("**/api/seat/ops", lambda route: route.fulfill(json=keeps_all(state)))
    sent |= dict([await own.choose(2)])
    await own.unsent(1)
    await own.page.locator(".settings summary").click()
    await own.page.get_by_test_id("log-out").click()
    await expect(own.page.get_by_test_id("log-out-unsent")).to_contain_text("1")
    before = await own.page.evaluate(KEPT)
    assert before["ops"] == 1
    assert before["kept"] > 2
    assert before["pages"] == 1
    await own.page.get_by_test_id("log-out-confirm").click()
    await own.page.wait_for_url(f"{own.url}/exam/login")
    assert await own.page.evaluate(KEPT) == {"ops": 1, "kept": 0, "pages": 0}
    other = await seat(candidate=system.candidates("GRU-01")[-1])
    await other.begin(portrait)
    await expect(other.page.locator(".run-side .place.is-answered")).to_have_count(0)
    await own.page.unroute("**/api/seat/ops")
    await own.log_in()
    await own.unsent(0)
    await expect(own.page.locator(".run-side .place.is-answered")).to_have_count(2)
    assert await own.stored() == sent


async def test_nobody_logs_out_without_network(seat, portrait, line):
    """The server would not hear of it, and the next user would have the seat."""
    own = await seat(url=line.url)
    await own.begin(portrait)
    await line.cut()
    await own.choose(1)
    await own.unsent(1)
    await expect(own.page.get_by_test_id("offline-banner")).to_be_visible()
    await own.page.locator(".settings summary").click()
    await own.page.get_by_test_id("log-out").click()
    await expect(own.page.get_by_test_id("log-out-unsent")).to_be_visible()
    await expect(own.page.get_by_test_id("log-out-confirm")).to_be_disabled()


async def test_a_page_from_the_back_forward_cache_asks_how_things_stand(seat, portrait, browser):
    """Its socket is dead and its state old; meanwhile another device has answered and left."""
    own = await seat()
    await own.begin(portrait)
    context = await browser.new_context(viewport=DESKTOP)
    there = await seat(context=context)
    await own.page.evaluate("window.dispatchEvent(new Event('offline'))")
    asked: list[str] = []
    own.page.on("request", lambda request: asked.append(request.url))
    await own.page.evaluate("window.dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
    await expect(own.page.locator("html")).to_have_attribute("data-connection", "online")
    assert any(url.endswith("/api/seat/bootstrap") for url in asked)
    await there.log_in()
    await own.page.evaluate("window.dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
    await expect(own.page.get_by_test_id("superseded")).to_be_visible()
    await context.close()
