"""The last resort: the network does not come back, the candidate saves a file, staff take it."""

import json
import subprocess
import sys

import pytest
from playwright.async_api import expect

from kit.embedded import EmbeddedPostgres

pytestmark = pytest.mark.browser


async def test_an_emergency_file_brings_the_answers(seat, staff, portrait, line, oracle, system, tmp_path):
    own = await seat(url=line.url)
    await own.begin(portrait)
    sent = dict([await own.choose(1)])
    await own.unsent(0)
    await line.cut()
    sent |= dict([await own.choose(place) for place in (2, 3)])
    await own.unsent(2)
    await own.page.locator(".settings summary").click()
    async with own.page.expect_download() as saving:
        await own.page.locator(".device > [data-testid=emergency-file]").click()
    path = tmp_path / (await saving.value).suggested_filename
    await (await saving.value).save_as(path)
    assert path.name.startswith(own.candidate.number)
    assert path.suffix == ".ombilin"
    assert next(iter(sent)) not in path.read_text(), "the file is sealed"

    lead = await staff("administrator")
    session = await oracle.fetchval("select id from exam.session where code = 'SKD-DEMO'")
    await lead.goto(f"{system.exam_url}/proctor/sessions/{session}")
    await lead.locator("a[href$='/emergency']").click()
    await lead.set_input_files("#file", str(path))
    await lead.fill("#reason", "Jaringan ruang 2 terputus")
    await lead.click("main form button")
    await expect(lead.get_by_test_id("imported")).to_have_attribute("data-accepted", "2")
    assert await own.stored() == sent
    await line.mend()
    await own.unsent(0)
    assert await own.stored() == sent
    again = import_by_command(system, path)
    assert (again["accepted"], again["known"]) == (0, 2)


def import_by_command(system, path):
    """The same file by the command line."""
    secrets = json.loads((system.data / "secrets.json").read_text())
    environ = {
        "OMBILIN_DATABASE_URL": EmbeddedPostgres(system.data).url_for("postgres"),
        "OMBILIN_SECRET_KEY": secrets["secret_key"],
        "OMBILIN_SIGNING_KEY": secrets["signing_key"],
    }
    command = [sys.executable, "-m", "scripts.cli", "attempt", "import", str(path)]
    words = ["--actor", "operator", "--reason", "the same file again", "--json"]
    done = subprocess.run([*command, *words], env=environ, capture_output=True, text=True, check=True, timeout=60)
    return json.loads(done.stdout)


async def test_when_the_time_is_over_the_file_is_offered(seat, portrait, line):
    """By the device's own time, without network: the page does not leave with answers that nobody has."""
    own = await seat(url=line.url)
    await own.page.clock.install()
    await own.begin(portrait)
    await line.cut()
    sent = dict([await own.choose(1)])
    await own.unsent(1)
    await own.page.clock.fast_forward("02:00:00")
    over = own.page.get_by_test_id("time-over")
    await expect(over).to_be_visible()
    await own.page.clock.fast_forward(10_000)
    await expect(over.get_by_test_id("emergency-file")).to_be_visible()
    await expect(over.get_by_test_id("to-receipt")).to_be_disabled()
    async with own.page.expect_download() as saving:
        await over.get_by_test_id("emergency-file").click()
    assert (await saving.value).suggested_filename.endswith(".ombilin")
    await line.mend()
    await own.page.clock.fast_forward(30_000)
    await expect(over).to_be_hidden()
    await own.unsent(0)
    assert await own.stored() == sent, "for the server the time was not over"
