"""Two people at two consoles: minutes for one candidate, time for all after an outage, ending an examination."""

import pytest
from playwright.async_api import expect

from scripts import build_frontend
from tests.e2e.test_accessibility import press, violations

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module", autouse=True)
def packages():
    """axe-core comes with the client's packages."""
    build_frontend.ensure_packages()


async def test_time_and_ending_need_what_they_need(system, staff, take_exam, oracle):
    candidate, other = system.candidates("GRU-01")[4:6]
    attempt = await take_exam(candidate, right=0.9, finish=False)
    await take_exam(other, right=0.5, finish=False)
    proctor, lead = await staff("proctor"), await staff("lead_proctor")
    for page in (proctor, lead):
        await page.click("a[href^='/proctor/sessions/']")
        await expect(page.get_by_test_id(f"tile-{candidate.number}")).to_be_visible()
    deadline = "select deadline_at from exam.attempt where id = $1"
    before = await oracle.fetchval(deadline, attempt)

    # minutes for one, with the keyboard alone
    await proctor.get_by_test_id(f"tile-{candidate.number}").focus()
    await proctor.keyboard.press("Enter")
    await press(proctor, "Tab", "[data-testid=add-time]")
    await proctor.keyboard.press("Enter")
    await press(proctor, "Tab", "#add-time-reason")
    await proctor.keyboard.type("Komputer diganti")
    found = await violations(proctor, "add time")
    await proctor.keyboard.press("Enter")
    await expect(proctor.get_by_test_id("timeline")).to_contain_text("Komputer diganti")
    assert (await oracle.fetchval(deadline, attempt) - before).total_seconds() == 300

    # ending: the proctor asks, nothing happens; the lead agrees
    await press(proctor, "Tab", "[data-testid=end]", limit=120)
    await proctor.keyboard.press("Enter")
    await proctor.keyboard.type("Membawa telepon")
    await proctor.keyboard.press("Enter")
    await expect(proctor.get_by_test_id("proposal-terminate")).to_be_visible()
    await expect(proctor.get_by_test_id("approve")).to_have_count(0)
    found += await violations(proctor, "asked")
    assert await oracle.fetchval("select status from exam.attempt where id = $1", attempt) == "active"
    await expect(lead.get_by_test_id("proposals")).to_contain_text(candidate.number)
    found += await violations(lead, "proposals")
    await press(lead, "Tab", "[data-testid=approve]", limit=120)
    await lead.keyboard.press("Enter")
    await expect(lead.get_by_test_id("decided")).to_be_visible()
    assert await oracle.fetchval("select status from exam.attempt where id = $1", attempt) == "terminated"
    await expect(proctor.get_by_test_id("proposal-terminate")).to_have_count(0)
    await proctor.keyboard.press("Escape")

    # time for everybody who is still working
    await proctor.get_by_test_id("session-time").click()
    await proctor.fill("#session-reason", "Jaringan putus")
    await proctor.get_by_test_id("session-preview").click()
    await expect(proctor.get_by_test_id("affected")).to_contain_text(other.number)
    await expect(proctor.get_by_test_id("affected")).not_to_contain_text(candidate.number)
    found += await violations(proctor, "affected")
    await proctor.get_by_test_id("session-ask").click()
    await expect(proctor.get_by_test_id("proposal-credit")).to_be_visible()
    await lead.get_by_test_id("approve").click()
    await expect(lead.get_by_test_id("proposal-credit")).to_have_count(0)
    credited = "select count(*) from exam.event where kind = 'credited' and payload->>'reason' = 'Jaringan putus'"
    assert await oracle.fetchval(credited) >= 1
    assert found == []
