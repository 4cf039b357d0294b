"""The start of a session with T0: waiting, the sealed package, the small start, its key; many at once."""

import asyncio
import zlib
from base64 import urlsafe_b64decode
from datetime import timedelta
from uuid import UUID

import asyncpg
import msgspec
import pytest

from exam_engine.service.package import package_key
from exam_engine.service.start import Drawn, Wanted
from kit.clock import milliseconds, utc_now
from kit.errors import Unavailable
from kit.signing import b64url, open_bytes

HOUR = timedelta(hours=1)


@pytest.fixture
async def t0(system, sql, world):
    """`await t0(timedelta)`: the session starts so much after now."""

    async def set_to(after):
        at = utc_now() + after if after is not None else None
        await sql("update exam.session set starts_at = $2 where id = $1", world.session_id, at)
        system._sittings.clear()
        return at

    yield set_to
    await set_to(None)


def opened(package: bytes, key: str, attempt: str):
    raw = urlsafe_b64decode(key + "=")
    return msgspec.json.decode(zlib.decompress(open_bytes(raw, package, attempt.encode())))


async def test_before_t0_the_form_can_be_fetched_but_not_read(browser, t0, sql):
    at = await t0(HOUR)
    someone = await browser()
    told = (await someone.get("bootstrap")).json()
    assert told["opens"]["at"] == milliseconds(at)
    assert told["items"] == []
    assert (await someone.get("package")).headers["content-type"] == "application/octet-stream"
    for refused in (
        await someone.post("start?sealed=1"),
        await someone.get("key"),
        await someone.post("start"),
    ):
        assert refused.status_code == 425
        assert refused.json()["error"]["key"] == "too-early"
        assert 1 <= int(refused.headers["retry-after"]) <= 3600
    sealed = (await someone.post("start?sealed=1")).json()
    wait = sealed["opens"]["at"] - sealed["opens"]["now"]
    assert wait <= sealed["retry_after_ms"] < wait + 2000
    ((status, started_at),) = await sql("select status, started_at from exam.attempt")
    assert (status, started_at) == ("preparing", None)


async def test_the_key_comes_with_the_start_and_opens_the_form_that_was_pinned(browser, t0, app):
    await t0(timedelta(seconds=-1))
    someone = await browser()
    package = (await someone.get("package")).content
    locked = await someone.get("key")
    assert (locked.status_code, locked.json()["error"]["key"]) == (423, "locked")
    answer = await someone.post("start?sealed=1")
    assert answer.status_code == 200, answer.text
    started = answer.json()
    assert started["state"]["phase"] == "active"
    assert len(answer.content) < 400
    told = (await someone.get("bootstrap")).json()
    form = opened(package, started["key"], told["attempt"]["id"])
    assert form == {"form_hash": started["form_hash"], "sections": told["sections"], "items": told["items"]}
    kept = await someone.get("key")
    assert kept.json() == {"key": started["key"]}
    assert kept.headers["cache-control"].startswith("private")
    assert (await someone.post("start?sealed=1")).json()["key"] == started["key"]
    ops = someone.batch(someone.op(form["items"][0]["ref"], form["items"][0]["interaction"]["options"][0]["id"]))
    assert (await someone.post("ops", ops)).json()["acked"] == 1
    await app._starting.settled()


async def test_a_start_without_a_package_draws_the_same_form(browser, t0, sql, app):
    await t0(None)
    someone, other = await browser("T-001"), await browser("T-002")
    assert (await someone.post("start?sealed=1")).status_code == 200
    items = await other.start()
    for each in (someone, other):
        package = (await each.get("package")).content
        key = (await each.get("key")).json()["key"]
        told = (await each.get("bootstrap")).json()
        assert opened(package, key, told["attempt"]["id"])["items"] == told["items"]
    assert len(items) == 110
    kinds = await sql("select kind, count(*) from exam.event group by kind")
    assert {row["kind"]: row["count"] for row in kinds} == {"items_appended": 2, "started": 2}
    await app._starting.settled()


def test_the_key_of_an_attempt_is_its_own(world):
    one, two = (package_key("22" * 32, world.session_id, UUID(int=n)) for n in (1, 2))
    assert one != two
    assert package_key("22" * 32, UUID(int=9), UUID(int=1)) != one
    assert len(b64url(one)) == 43


async def test_many_start_at_once_and_the_log_of_each_holds(browser, t0, sql, app, world):
    await t0(None)
    people = [await browser(number) for number in world.numbers[:12]]
    for each in people[:6]:
        await each.get("package")
    answers = await asyncio.gather(*(each.post("start?sealed=1") for each in people for _ in range(2)))
    assert {answer.status_code for answer in answers} == {200}
    await app._starting.settled()
    rows = await sql(
        "select a.id, a.last_seq, a.head, array_agg(e.kind order by e.seq) as kinds, array_agg(e.seq order by e.seq)"
        " as seqs, (array_agg(e.hash order by e.seq desc))[1] as last from exam.attempt a join exam.event e"
        " on e.attempt_id = a.id group by a.id"
    )
    assert len(rows) == 12
    for row in rows:
        assert row["kinds"] == ["items_appended", "started"]
        assert row["seqs"] == [1, 2]
        assert (row["last_seq"], row["head"]) == (2, row["last"])


async def test_an_older_seat_cannot_start(browser, t0):
    await t0(None)
    older = await browser()
    await browser()
    for path in ("start?sealed=1", "start"):
        answer = await older.post(path)
        assert (answer.status_code, answer.json()["error"]["key"]) == (409, "superseded")


async def test_one_bad_start_of_a_batch_fails_alone(browser, t0, system, world):
    await t0(None)
    people = [await browser(number) for number in world.numbers[:3]]
    ids = [UUID((await each.get("bootstrap")).json()["attempt"]["id"]) for each in people]

    def draw(seed):
        return Drawn("00", {"items": []})

    wanted = [Wanted(ids[0], None, draw), Wanted(ids[1], None, lambda seed: 1 / 0), Wanted(ids[2], None, draw)]
    answers = await asyncio.gather(*map(system.starts.start, wanted), return_exceptions=True)
    assert [type(answer) for answer in answers] == [tuple, Unavailable, tuple]


async def test_t0_lies_within_the_session(sql, world):
    with pytest.raises(asyncpg.CheckViolationError):
        await sql("update exam.session set starts_at = closes_at where id = $1", world.session_id)
