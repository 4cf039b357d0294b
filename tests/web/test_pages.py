"""The pages that the server renders: who sees which, in both languages, and nothing in a template left unfilled."""

import re
from html import unescape
from uuid import UUID, uuid4, uuid5

import httpx
import pytest
from jinja2 import StrictUndefined

from exam_engine.domain.attempt import Action
from exam_engine.domain.receipt import read_receipt
from exam_engine.service.finish import finish
from exam_engine.service.verify import export_attempt, verify_receipt
from item_bank.domain.versions import Action as Step
from item_bank.service import catalog
from kit.clock import utc_now
from scripts.demo.bank import skd_items
from web.app import create_app
from web.wiring import open_deps

PUBLIC = ("/", "/boards", "/board/SKD-TEST", "/exam/login", "/staff/login")
BANK = ("/bank/", "/bank/?state=approved&topic=TIU.figural-serial", "/bank/?text=nothing-has-this", "/bank/blueprints/")
CSRF = re.compile(r'name="csrf_token" value="([^"]+)"')
PROBLEM = re.compile(r'id="problem">(.*?)</div>', re.DOTALL)
SEAT = {"X-Ombilin-Seat": "1"}
LEFT_OPEN = re.compile(r'%\(\w+\)s|\bstyle=|\son[a-z]+="|\{\{|Undefined')


def visitor_of(deps) -> httpx.AsyncClient:
    """A browser without JavaScript; a name that a template does not get is an error."""
    application = create_app(deps)
    application._inner.jinja_env.undefined = StrictUndefined
    return httpx.AsyncClient(transport=httpx.ASGITransport(application), base_url=deps.settings.base_url)


@pytest.fixture
async def visitor(system):
    async with visitor_of(system) as client:
        yield client


async def text_of(client, path, status=200) -> str:
    answer = await client.get(path)
    assert answer.status_code == status, (path, answer.status_code, answer.text[:2000])
    return unescape(answer.text)


async def send(client, path, form_page, **fields) -> httpx.Response:
    """Fill in the form of a page and send it."""
    token = CSRF.search((await client.get(form_page)).text)
    assert token, f"{form_page} has no form"
    return await client.post(path, data={"csrf_token": token[1], **fields})


async def log_in(client, world, role) -> None:
    answer = await send(client, "/staff/login", "/staff/login", username=role, password=world.password)
    assert answer.status_code == 303, answer.text


async def sit(client, world, number, answers=3) -> str:
    """Log in, start, answer the first items with their first option; returns the attempt's id."""
    answer = await send(client, "/exam/login", "/exam/login", number=number, pin=world.pin)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/exam/")
    started = (await client.post("/api/seat/start", json={}, headers=SEAT)).json()
    operations = [
        {
            "seq": place,
            "rev": place,
            "kind": "respond",
            "item": item["ref"],
            "value": {"base": {"identifier": item["interaction"]["options"][0]["id"]}},
            "at": started["state"]["now"],
        }
        for place, item in enumerate(started["items"][:answers], start=1)
    ]
    ack = await client.post("/api/seat/ops", json={"client": str(uuid4()), "ops": operations}, headers=SEAT)
    assert ack.json()["acked"] == answers
    return started["attempt"]["id"]


@pytest.mark.parametrize(("code", "words"), [("id", "Papan nilai"), ("en", "Live scores")])
async def test_public_pages_in_both_languages(visitor, code, words):
    await visitor.get(f"/locale/{code}?next=/")
    for path in PUBLIC:
        page = await text_of(visitor, path)
        assert f'<html lang="{code}"' in page
        assert words in page
        assert LEFT_OPEN.findall(page) == [], path


async def test_every_page_has_a_strict_policy(visitor):
    for path in (*PUBLIC, "/no-such-page"):
        policy = (await visitor.get(path)).headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy


async def test_the_only_inline_script_carries_the_nonce(visitor):
    answer = await visitor.get("/exam/login")
    nonce = re.search(r"'nonce-([^']+)'", answer.headers["Content-Security-Policy"])
    assert re.findall(r"<script nonce=\"([^\"]+)\">", answer.text) == [nonce[1]]
    assert answer.text.count("<script") == 1


async def test_the_front_door_leads_everywhere(visitor):
    page = await text_of(visitor, "/")
    for target in ("/exam/login", "/boards", "/board/SKD-TEST", "/staff/login"):
        assert f'href="{target}"' in page
    assert "Uji coba" in page


@pytest.mark.parametrize("path", ["/board/NO-SUCH-SESSION", "/no-such-page", "/bank/items/no-uuid"])
async def test_what_does_not_exist(visitor, path):
    assert "Halaman ini tidak ada" in await text_of(visitor, path, 404)


async def test_an_empty_board_says_so(visitor):
    assert "Belum ada peserta yang mulai" in await text_of(visitor, "/board/SKD-TEST")


async def test_the_board_is_complete_without_scripts(visitor, world):
    await sit(visitor, world, "T-002", answers=3)
    page = await text_of(visitor, "/board/SKD-TEST")
    row = re.search(r"<tr>(?:(?!</tr>).)*T-002.*?</tr>", page, re.DOTALL)
    assert row, "the candidate has a row"
    assert "Mengerjakan" in row[0]
    assert "3 dari 110 terjawab" in row[0]
    for told in ("TWK", "Tes Wawasan Kebangsaan", "ambang batas 65", "paling tinggi 550"):
        assert told in page
    assert "Name of T-002" not in page, "the public board knows numbers only"


@pytest.mark.parametrize(("number", "pin"), [("T-001", "WRONG"), ("T-999", "TEST-1234"), ("T-001", ""), ("", "x")])
async def test_a_refused_login_never_says_which_part_was_wrong(visitor, number, pin):
    told = set()
    for each in ({"number": number, "pin": pin}, {"number": "T-004", "pin": "WRONG TOO"}):
        answer = await send(visitor, "/exam/login", "/exam/login", **each)
        assert answer.status_code == 401
        assert LEFT_OPEN.findall(answer.text) == []
        told.add(PROBLEM.search(answer.text)[1].strip())
    assert len(told) == 1
    assert "seat" not in "".join(visitor.cookies.keys())


async def test_a_form_without_its_token_is_refused(visitor, world):
    answer = await visitor.post("/exam/login", data={"number": "T-001", "pin": world.pin})
    assert answer.status_code == 403


@pytest.mark.parametrize("path", ["/exam/", "/exam/receipt"])
async def test_without_a_seat_there_is_the_login(visitor, path):
    answer = await visitor.get(path)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/exam/login")


async def test_the_runner_has_a_bare_shell(visitor, world):
    await sit(visitor, world, "T-001")
    page = await text_of(visitor, "/exam/")
    assert '<div id="app">' in page
    assert "<noscript>" in page
    assert "<header" not in page, "the runner brings its own"
    assert LEFT_OPEN.findall(page) == []
    assert (await visitor.get("/exam/receipt")).headers["Location"] == "/exam/"


@pytest.mark.parametrize(
    ("action", "status", "told", "hidden"),
    [
        (Action.SUBMIT, "submitted", "Ujian Anda selesai", "Nilai ditangguhkan"),
        (Action.EXPIRE, "expired", "Waktu ujian habis", "Nilai ditangguhkan"),
        (Action.TERMINATE, "terminated", "Nilai ditangguhkan", 'data-testid="total"'),
    ],
)
async def test_receipts(visitor, system, world, action, status, told, hidden):
    attempt_id = await sit(visitor, world, "T-003", answers=5)
    async with system.unit() as unit:
        score = await finish(unit, attempt_id, action, system.marking)
    assert (await visitor.get("/exam/")).headers["Location"] == "/exam/receipt"
    for code in ("en", "id"):
        await visitor.get(f"/locale/{code}?next=/")
        page = await text_of(visitor, "/exam/receipt")
        assert LEFT_OPEN.findall(page) == []
    assert f'data-status="{status}"' in page
    assert told in page
    assert hidden not in page
    for fact in ("Name of T-003", "T-003", "Uji coba", "5 dari 110 soal"):
        assert fact in page
    for hashed in (score.record_hash, score.log_hash):
        assert "".join(f"<span>{hashed[at : at + 4]}</span>" for at in range(0, 64, 4)) in page
    receipt = read_receipt(re.search(r'data-testid="receipt-text">([^<]+)<', page).group(1))
    receipt.verify(system.marking.signing_key.public_hex)
    async with system.unit() as unit:
        export = await export_attempt(unit, UUID(attempt_id), "")
    assert verify_receipt(receipt, export, system.marking.signing_key.public_hex).holds
    if action is not Action.TERMINATE:
        assert f'data-testid="total">{score.record["total"]}<' in page
        assert [str(section["threshold"]) in page for section in score.record["sections"]] == [True] * 3
    assert (await send(visitor, "/exam/logout", "/exam/receipt")).headers["Location"] == "/exam/login"
    assert (await visitor.get("/exam/receipt")).headers["Location"] == "/exam/login"


@pytest.mark.parametrize("path", BANK)
async def test_the_bank_is_not_public(visitor, path):
    answer = await visitor.get(path)
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/staff/login?next=/bank/")


@pytest.mark.parametrize(
    ("role", "status"),
    [
        ("author", 200),
        ("reviewer", 200),
        ("releaser", 200),
        ("auditor", 200),
        ("administrator", 200),
        ("proctor", 403),
        ("lead_proctor", 403),
    ],
)
async def test_the_bank_by_role(visitor, world, role, status):
    await log_in(visitor, world, role)
    for path in BANK:
        page = await text_of(visitor, path, status)
        assert LEFT_OPEN.findall(page) == [], path


@pytest.mark.parametrize(
    ("role", "home"), [("author", "/bank/"), ("proctor", "/proctor/"), ("administrator", "/proctor/")]
)
async def test_staff_land_where_they_work(visitor, world, role, home):
    await log_in(visitor, world, role)
    assert (await visitor.get("/staff/home")).headers["Location"] == home


async def test_finding_and_reading_an_item(visitor, world):
    await log_in(visitor, world, "reviewer")
    page = await text_of(visitor, "/bank/?topic=TIU.figural-serial&state=approved")
    links = re.findall(r'href="(/bank/items/[^"]+)"', page)
    assert links
    for code in ("id", "en"):
        await visitor.get(f"/locale/{code}?next=/")
        page = await text_of(visitor, links[0])
        assert LEFT_OPEN.findall(page) == []
    assert page.count('class="is-key"') == 1
    assert page.count("data:image/svg+xml;base64,") >= 5, "the figures of the options"
    assert 'formaction="' + links[0] + '/retire"' in page
    assert "/approve" not in page
    assert "Figure series" in page, "topics in words"


async def test_paging_holds_at_both_ends(visitor, world):
    await log_in(visitor, world, "author")
    first = await text_of(visitor, "/bank/")
    assert 'rel="next"' in first
    assert 'rel="prev"' not in first
    for odd in ("-3", "0", "x", "9" * 30):
        await text_of(visitor, f"/bank/?page={odd}")
    await text_of(visitor, "/bank/?text=%00%25&state=none")


async def test_blueprints_show_need_against_stock(visitor, world):
    await log_in(visitor, world, "auditor")
    page = await text_of(visitor, "/bank/blueprints/")
    assert "Setiap materi memiliki cukup soal yang disetujui." in page
    assert page.count('class="tag tag-good"') == 21, "one for each topic"


@pytest.fixture
async def own_system(demo_url, world):
    """A system whose bank this test may change."""
    deps = await open_deps(world.settings(demo_url, pool_size=4), utc_now)
    yield deps
    await deps.close()


async def in_review(deps, world, role) -> str:
    """An item that the person of this role wrote and submitted; returns the address of its page."""
    item = next(each for each in skd_items() if each.topic == "TWK.bahasa")
    author_id = uuid5(world.session_id, role)
    async with deps.unit() as unit:
        await catalog.import_items(
            unit.bank, bank_code="OWN", bank_name="Own", items=[item], author_id=author_id, now=utc_now()
        )
        _, found = await unit.bank.items("draft", None, None, 1, 0)
        await catalog.judge(unit.bank, found[0].id, Step.SUBMIT, actor_id=author_id, now=utc_now())
    return f"/bank/items/{found[0].id}"


async def test_nobody_judges_an_item_of_their_own(own_system, world):
    page = await in_review(own_system, world, "reviewer")
    async with visitor_of(own_system) as client:
        await log_in(client, world, "reviewer")
        shown = await text_of(client, page)
        assert "Anda menulis soal ini" in shown
        assert "/approve" not in shown
        for step in ("approve", "send_back"):
            answer = await send(client, f"{page}/{step}", "/exam/login", note="")
            assert answer.status_code == 403
            assert "Kedua langkah tidak boleh dilakukan oleh orang yang sama" in answer.text


@pytest.mark.parametrize(
    ("role", "step", "status"),
    [
        ("author", "approve", 403),
        ("auditor", "approve", 403),
        ("releaser", "send_back", 403),
        ("reviewer", "retire", 409),
        ("reviewer", "invent", 422),
        ("proctor", "approve", 403),
    ],
)
async def test_steps_that_are_refused(own_system, world, role, step, status):
    page = await in_review(own_system, world, "author")
    async with visitor_of(own_system) as client:
        await log_in(client, world, role)
        answer = await send(client, f"{page}/{step}", "/exam/login", note="", confirmed="yes")
        assert answer.status_code == status


async def test_a_reviewer_approves_with_a_note(own_system, world):
    page = await in_review(own_system, world, "author")
    async with visitor_of(own_system) as client:
        await log_in(client, world, "reviewer")
        answer = await send(client, f"{page}/approve", page, note="Bahasa sudah <baku>.")
        assert (answer.status_code, answer.headers["Location"]) == (303, page)
        raw = (await client.get(page)).text
    assert "Bahasa sudah &lt;baku&gt;." in raw
    assert "Disetujui" in raw
    assert LEFT_OPEN.findall(raw) == []
