"""The pages: who may see which, in both languages, and what the ranking shows of real hand-overs."""

import re
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import msgspec
import pytest

from recruitment.app import create_app

INSIDE = "Provisionally inside the quota"
PUBLIC = ["/", "/announcements/PRW-01", "/staff/login"]
STAFF = ["/staff/home", "/vacancies", "/vacancies/PRW-01", "/applicants", "/handovers"]


async def text_of(client, path, status=200) -> str:
    answer = await client.get(path)
    text = await answer.get_data(as_text=True)
    assert answer.status_code == status, (path, answer.status_code, text[:2000])
    return text


@pytest.fixture
def nurses(participants):
    return [row for row in participants if row["vacancy"] == "PRW-01" and row["track"] == "general"]


@pytest.fixture
async def scored(deliver, sender, nurses):
    """Formasi 2: nine nurses of whom seven go on, one is below a passing grade, one is absent; numbers by key."""
    points = [
        (110, 130, 200),
        (110, 130, 195),
        (100, 130, 195),
        (100, 125, 195),
        (100, 120, 190),
        (90, 120, 190),  # 400, equal in everything to the next
        (90, 120, 190),
        (95, 115, 190),  # 400, decided by TIU
        (60, 150, 225),  # below: TWK
    ]
    for nurse, own in zip(nurses, points, strict=False):
        assert (await deliver(sender.record(nurse["id"], own)))[0] == 200
    absent = sender.record(nurses[9]["id"], (0, 0, 0), status="absent", passed=None)
    assert (await deliver(absent))[0] == 200
    return [nurse["number"] for nurse in nurses[:10]]


@pytest.mark.parametrize("path", PUBLIC)
async def test_public_pages_need_no_login(client, path):
    assert "Sawahlunto" in await text_of(client, path)


@pytest.mark.parametrize("path", STAFF)
async def test_staff_pages_lead_to_the_login(client, path):
    answer = await client.get(path)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/staff/login?next={path}")


@pytest.mark.parametrize("path", STAFF)
@pytest.mark.parametrize(
    ("role", "status"), [("committee", 200), ("auditor", 200), ("administrator", 200), ("assessor", 403)]
)
async def test_roles(client, log_in, *, path, role, status):
    await log_in(role)
    await text_of(client, path, status)


@pytest.mark.parametrize(("code", "told"), [("id", "Pelamar"), ("en", "Applicants")])
async def test_every_page_in_both_languages(client, log_in, scored, *, code, told):
    await client.get(f"/locale/{code}?next=/")
    await log_in()
    for path in (*PUBLIC, *STAFF):
        page = await text_of(client, path)
        assert f'<html lang="{code}"' in page
        assert "style=" not in page, "the content policy allows no inline style"
        assert not re.search(r"%\(\w+\)s", page), "a message was not filled"
    assert told in await text_of(client, "/applicants")


async def test_one_worker_serves_both_languages(client, log_in, scored):
    await log_in()
    for code, own, other in (("id", "Sementara dalam kuota", INSIDE), ("en", INSIDE, "Sementara dalam kuota")):
        await client.get(f"/locale/{code}?next=/")
        page = await text_of(client, "/vacancies/PRW-01")
        assert own in page
        assert other not in page


@pytest.mark.parametrize(
    ("code", "texts"),
    [
        ("id", ["Perawat Ahli Pertama", "20 Juli 2025", "11.00 WIB", "166", "0,40", "TKP, TIU, TWK"]),
        ("en", ["Nurse, first level", "20 July 2025", "0.40", "the older applicant"]),
    ],
)
async def test_an_announcement_states_every_rule(client, code, texts):
    await client.get(f"/locale/{code}?next=/")
    page = await text_of(client, "/announcements/PRW-01")
    assert [text for text in texts if text not in page] == []


async def test_ranking_of_real_hand_overs(client, log_in, scored):
    await client.get("/locale/en?next=/")
    await log_in()
    page = await text_of(client, "/vacancies/PRW-01")
    assert [number for number in re.findall(r"24-1373-\d{6}", page) if number in scored]
    ranked = page.split("r-cut-row")
    assert len(ranked) == 2
    for number in scored[:7]:
        assert number in ranked[0]
    assert scored[7] in ranked[1]
    assert "3 × 2 posts = 6" in page
    assert "1 more is inside" in page
    assert f"Equal to {scored[5]} in every key" in page
    assert f"Same total as {scored[6]}; TIU decided: 115 against 120" in page
    assert page.count('class="r-tag r-tag-goes-on"') == 7
    assert page.count('class="r-tag r-tag-below-threshold"') == 1
    assert page.count('class="r-tag r-tag-absent"') == 1
    assert page.count('class="r-tag r-tag-waiting"') == 50
    assert page.count('class="r-mark-in"') - 1 == 7  # and one in the legend


async def test_a_correction_moves_the_ranking(client, deliver, log_in, sender, nurses, scored):
    await log_in()
    reason = {"code": "key-change", "objection_id": None, "approvers": ("ani", "budi")}
    better = sender.record(nurses[7]["id"], (150, 150, 200), score_version=2, supersedes=1)
    better = msgspec.convert({**msgspec.to_builtins(better), "reason": reason}, type(better))
    assert (await deliver(better))[0] == 200
    page = await text_of(client, "/vacancies/PRW-01")
    assert page.index(scored[7]) < page.index(scored[0])


async def test_the_overview_counts(client, log_in, scored):
    await log_in()
    page = await text_of(client, "/staff/home")
    tiles = re.findall(r'class="stat r-tile"><dt>[^<]*</dt><dd>(?:<a[^>]*>)?([\d.]+)', page)
    assert tiles == ["4", "240", "10", "230"]


async def test_the_log_tells_verdicts_and_verifies_anew(client, deliver, log_in, sender, nurses, deps):
    await client.get("/locale/en?next=/")
    record = sender.record(nurses[0]["id"])
    await deliver(record)
    await deliver(msgspec.structs.replace(record, total=1))
    await deliver(msgspec.structs.replace(record, event_id=uuid4()))
    await deliver(msgspec.structs.replace(record, event_id=uuid4(), total=1))
    await deliver(sender.record(uuid4()))
    await log_in()
    page = await text_of(client, "/handovers")
    for told in (
        "Applied",
        "Refused: older version",
        "Refused: contradicts itself",
        "Other content under a known id",
        "the sections do not add up to the total",
        "1 sitting of nobody who applied",
        "1 fork in the chain",
        nurses[0]["number"],
    ):
        assert told in page
    assert page.count("holds</span>") == 4
    assert "1 delivery is in quarantine" in await text_of(client, "/staff/home")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/vacancies/NONE", 404),
        ("/announcements/NONE", 404),
        ("/announcements/%00", 404),
        ("/applicants?page=0", 200),
        ("/applicants?page=-7", 200),
        ("/applicants?page=99999999999999999999", 200),
        ("/applicants?page=x&q=%25&vacancy='--", 200),
        ("/applicants?q=%00", 200),
        ("/handovers?page=3", 200),
    ],
)
async def test_odd_addresses(client, log_in, path, status):
    await log_in()
    await text_of(client, path, status)


async def test_names_are_escaped(client, log_in, demo_pool):
    async with demo_pool.acquire() as connection:
        await connection.execute("update recruitment.applicant set name = '<b>x</b>' where number = '24-1373-000001'")
    await log_in()
    for path in ("/applicants", "/vacancies/PRW-01"):
        page = await text_of(client, path)
        assert "<b>x" not in page
        assert "&lt;b&gt;x" in page


async def test_an_unannounced_vacancy_does_not_exist_for_the_public(client, demo_pool, now):
    async with demo_pool.acquire() as connection:
        await connection.execute("update recruitment.vacancy set announced_at = $1", now + timedelta(days=1))
    await text_of(client, "/announcements/PRW-01", 404)
    assert "PRW-01" not in await text_of(client, "/")


async def test_health(client):
    for path in ("/livez", "/readyz"):
        assert (await client.get(path)).status_code == 200


async def test_the_ranking_sounds_like_a_decision_only_when_every_result_is_there(
    client, log_in, deliver, sender, scored, participants
):
    await client.get("/locale/en?next=/")
    await log_in()
    page = await text_of(client, "/vacancies/PRW-01")
    assert INSIDE in page
    assert "SKB" not in page
    assert "Meets the passing grades, outside the quota" in page
    assert "Quota: 3 × 2 posts = 6" in page
    for row in participants:
        if row["vacancy"] == "PRW-01" and row["number"] not in scored:
            await deliver(sender.record(row["id"], (0, 0, 0), status="absent", passed=None))
    page = await text_of(client, "/vacancies/PRW-01")
    assert INSIDE not in page
    assert "Goes on to SKB" in page
    assert "examination system. Published" not in page, "this is the admin module"


@pytest.mark.parametrize("url", ["https://exam.example", "https://exam.example/"])
async def test_the_public_page_leads_to_the_examination_where_it_is_known(deps, client, url):
    assert "/exam/login" not in await text_of(client, "/")
    known = replace(deps, settings=replace(deps.settings, examination_url=url))
    page = await text_of(create_app(known).test_client(), "/")
    assert 'href="https://exam.example/exam/login"' in page
    assert 'href="https://exam.example/boards"' in page


async def test_the_list_of_applicants_shows_totals_that_lead_to_the_ranking(client, log_in, scored):
    await log_in()
    page = await text_of(client, f"/applicants?q={scored[0]}")
    assert '<a href="/vacancies/PRW-01"><strong class="r-points">440</strong></a>' in page
    assert "r-points" not in await text_of(client, f"/applicants?q={scored[9]}"), "absent: no total"
