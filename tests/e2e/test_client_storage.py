"""The browser's storage fails: closed at once, full or gone in the middle. Answers reach the server all the same."""

import pytest
from playwright.async_api import expect

pytestmark = pytest.mark.browser

CLOSED = "Object.defineProperty(window, 'indexedDB', { get() { throw new DOMException('closed', 'SecurityError'); } });"
SILENT = "IDBFactory.prototype.open = () => new EventTarget();"
# from `window.full = true` on, every write fails as on a full disk
FULL = """
const put = IDBObjectStore.prototype.put;
IDBObjectStore.prototype.put = function (...words) {
  if (window.full) { this.transaction.abort(); throw new DOMException("full", "QuotaExceededError"); }
  return put.apply(this, words);
};
"""
# from `window.gone = true` on, WebKit has killed the database of a page in the background, for good
GONE = """
for (const name of ["transaction"]) {
  const real = IDBDatabase.prototype[name];
  IDBDatabase.prototype[name] = function (...words) {
    if (window.gone) throw new DOMException("The database connection is closing.", "InvalidStateError");
    return real.apply(this, words);
  };
}
const open = IDBFactory.prototype.open;
IDBFactory.prototype.open = function (...words) {
  if (window.gone === "for good") throw new DOMException("Connection to Indexed Database server lost.", "UnknownError");
  window.gone = false;
  return open.apply(this, words);
};
"""


@pytest.mark.parametrize("closed", [CLOSED, SILENT], ids=["refused", "silent"])
async def test_without_storage_the_page_warns_and_works(seat, portrait, closed):
    own = await seat()
    await own.page.add_init_script(closed)
    await own.begin(portrait)
    await expect(own.page.get_by_test_id("memory-banner")).to_be_visible()
    sent = dict([await own.choose(place) for place in (1, 2)])
    await own.unsent(0)
    assert await own.stored() == sent


async def test_a_full_device_warns_and_works(seat, portrait, line):
    """Offline with a full disk: nothing is called kept that is not."""
    own = await seat(url=line.url)
    await own.page.add_init_script(FULL)
    await own.begin(portrait)
    sent = dict([await own.choose(1)])
    await own.unsent(0)
    await expect(own.page.get_by_test_id("memory-banner")).to_be_hidden()
    await line.cut()
    await own.page.evaluate("window.full = true")
    sent |= dict([await own.choose(2)])
    await expect(own.page.get_by_test_id("memory-banner")).to_be_visible()
    sent |= dict([await own.choose(3)])
    await own.unsent(2)
    await line.mend()
    await own.unsent(0)
    assert await own.stored() == sent


async def test_a_database_that_dies_is_opened_again(seat, portrait, line):
    own = await seat(url=line.url)
    await own.page.add_init_script(GONE)
    await own.begin(portrait)
    await line.cut()
    await own.page.evaluate("window.gone = true")
    sent = dict([await own.choose(1)])
    await own.unsent(1)
    await expect(own.page.get_by_test_id("memory-banner")).to_be_hidden()
    assert await own.page.evaluate("window.gone") is False, "it was opened again"
    await own.page.evaluate("window.gone = 'for good'")
    sent |= dict([await own.choose(2)])
    await expect(own.page.get_by_test_id("memory-banner")).to_be_visible()
    await line.mend()
    await own.unsent(0)
    assert await own.stored() == sent
