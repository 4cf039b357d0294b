"""The pages of the item bank: steps that need a note or a confirmation, and a history that names who did what."""

import re
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from item_bank.domain.records import HistoryLine
from kit.accounts.store import Staff
from kit.clock import utc_now
from tests.web.test_pages import LEFT_OPEN, in_review, log_in, send, text_of, visitor_of
from web.bank_view import People, history_steps
from web.wiring import open_deps

ANN, BEN, NOW = UUID(int=1), UUID(int=2), datetime(2026, 11, 23, tzinfo=UTC)
PEOPLE = People([Staff(ANN, "ann", "Ann Author", "author"), Staff(BEN, "ben", "Ben Reviewer", "reviewer")])
STEP = re.compile(r"<li><b>([^<]+)</b>(.*?)</li>", re.DOTALL)


@pytest.fixture
async def own_system(demo_url, world):
    """A system whose bank this test may change."""
    deps = await open_deps(world.settings(demo_url, pool_size=4), utc_now)
    yield deps
    await deps.close()


@pytest.mark.parametrize("note", ["", "  ", "\x00"])
async def test_sending_back_needs_a_note(own_system, world, note):
    page = await in_review(own_system, world, "author")
    async with visitor_of(own_system) as client:
        await log_in(client, world, "reviewer")
        refused = await send(client, f"{page}/send_back", page, note=note)
        assert refused.status_code == 422
        assert "Catatan belum diisi" in refused.text
        assert (await send(client, f"{page}/send_back", page, note="Pilihan B dan C sama.")).status_code == 303
        shown = await text_of(client, page)
        assert "Pilihan B dan C sama." in shown


async def test_retiring_needs_a_note_and_a_confirmation_without_scripts(own_system, world):
    page = await in_review(own_system, world, "author")
    async with visitor_of(own_system) as client:
        await log_in(client, world, "reviewer")
        assert (await send(client, f"{page}/approve", page, note="")).status_code == 303
        form = await text_of(client, page)
        assert "Soal ini tidak akan muncul lagi pada naskah baru." in form
        for fields, told in (
            ({"note": "Sudah bocor."}, "Penarikan soal belum dikonfirmasi"),
            ({"note": "Sudah bocor.", "confirmed": "no"}, "Penarikan soal belum dikonfirmasi"),
            ({"note": " ", "confirmed": "yes"}, "Catatan belum diisi"),
        ):
            refused = await send(client, f"{page}/retire", page, **fields)
            assert (refused.status_code, told in refused.text) == (422, True)
        assert 'formaction="' + page + '/retire"' in await text_of(client, page), "it is still in use"
        assert (await send(client, f"{page}/retire", page, note="Sudah bocor.", confirmed="yes")).status_code == 303
        shown = await text_of(client, page)
    assert LEFT_OPEN.findall(shown) == []
    steps = [(what, "Name of reviewer" in rest or "reviewer" in rest) for what, rest in STEP.findall(shown)]
    assert [what for what, _ in steps] == ["Ditarik", "Disetujui", "Ditulis"]
    assert [by_reviewer for _, by_reviewer in steps] == [True, True, False]


def line(version=1, state="draft", decided=None, reviewer=None, note=""):
    at = None if decided is None else NOW + timedelta(minutes=decided)
    created = NOW + timedelta(days=version - 1)
    return HistoryLine(UUID(int=version), "X-1", version, state, "T", 0.0, "?", ANN, created, reviewer, at, note)


def audit(minutes, actor, action, note=""):
    return {
        "at": NOW + timedelta(minutes=minutes),
        "actor": actor,
        "action": f"item-{action}",
        "detail": {"note": note},
    }


def told(history, **trails):
    found = history_steps(history, {UUID(int=int(key[1:])): value for key, value in trails.items()}, PEOPLE)
    return [(each.version, each.step.removeprefix("item-"), each.who, each.note) for each in found]


def test_every_step_has_its_own_time_and_person():
    trail = [audit(9, "gone", "retire", "leaked"), audit(5, "ben", "approve"), audit(2, "ann", "submit")]
    assert told([line(state="retired", decided=9, reviewer=BEN)], v1=trail) == [
        (1, "retire", "gone", "leaked"),
        (1, "approve", "Ben Reviewer", ""),
        (1, "submit", "Ann Author", ""),
        (1, "written", "Ann Author", ""),
    ]


def test_what_no_audit_line_tells_follows_from_the_version():
    history = [line(2, "approved", 1440, BEN), line(1, "retired", 1440, BEN)]
    assert told(history) == [
        (2, "approve", "Ben Reviewer", ""),
        (2, "written", "Ann Author", ""),
        (1, "replaced", "", ""),
        (1, "written", "Ann Author", ""),
    ]
    assert told([line(1, "draft", 5, BEN, "again")]) == [
        (1, "send_back", "Ben Reviewer", "again"),
        (1, "written", "Ann Author", ""),
    ]
    assert told([line(1, "review", 5)]) == [(1, "submit", "Ann Author", ""), (1, "written", "Ann Author", "")]
    assert told([line()]) == [(1, "written", "Ann Author", "")]
