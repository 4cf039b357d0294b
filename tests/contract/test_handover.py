"""The hand-over end to end: both products, the real dispatcher, a real connection between them.

The admin module is away while a candidate submits; when it comes, the score arrives once and the ranking shows it.
"""

import asyncio
import re
import socket
from contextlib import asynccontextmanager
from datetime import timedelta
from uuid import UUID, uuid4

import httpx
import msgspec
import pytest
from hypercorn.asyncio import serve as hypercorn_serve

from exam_engine.domain.log import fold
from exam_engine.service.hand_over import envelope
from exam_engine.service.rescore import apply
from item_bank.domain.keys import KeyChange
from item_bank.service.catalog import change_key
from kit.accounts.store import AccountStore, Staff
from kit.canonical import canonical
from kit.clock import utc_now
from kit.handover import parse_record
from kit.http.serving import hypercorn_config
from kit.signing import BadSignature, verify_record
from recruitment.app import create_app as create_recruitment
from recruitment.demo import load_demo
from recruitment.settings import Settings as RecruitmentSettings
from recruitment.wiring import SCHEMA
from recruitment.wiring import open_deps as open_recruitment
from web.app import create_app
from web.background import run_background
from web.wiring import open_deps

PATIENCE_S = 30


async def until(condition):
    """Wait for something that another process does."""
    async with asyncio.timeout(PATIENCE_S):
        while not await condition():
            await asyncio.sleep(0.02)


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
async def admin(recruitment_fresh_url, system, world, port, cheap_digest):
    """`async with admin() as address`: the admin module serves; its database stays when it is away."""
    people = [
        {
            "id": str(world.participant(number)),
            "number": number,
            "name": f"Name of {number}",
            "birth_date": "1995-03-01",
            "gpa": "3.50",
            "vacancy": "PRW-01",
            "track": "general",
        }
        for number in world.numbers[:5]
    ]
    settings = RecruitmentSettings(
        recruitment_database_url=recruitment_fresh_url,
        recruitment_secret_key="33" * 32,
        handover_public_key=system.marking.signing_key.public_hex,
        allow_unsafe_postgres=True,
    )
    deps = await open_recruitment(settings, utc_now)
    await load_demo(deps.pool, people)
    async with deps.pool.acquire() as connection:
        committee = Staff(uuid4(), "committee", "Committee", "committee")
        await AccountStore(connection, SCHEMA).save(committee, cheap_digest(world.password), utc_now())
    await deps.pool.close()

    @asynccontextmanager
    async def serve():
        deps = await open_recruitment(settings, utc_now)
        stop = asyncio.Event()
        config = hypercorn_config()
        config.bind = [f"127.0.0.1:{port}"]
        config.graceful_timeout = 0
        serving = asyncio.create_task(hypercorn_serve(create_recruitment(deps), config, shutdown_trigger=stop.wait))

        async def ready():
            async with httpx.AsyncClient(trust_env=False) as http:
                try:
                    return (await http.get(f"http://127.0.0.1:{port}/readyz")).status_code == 200
                except httpx.ConnectError:
                    return False

        try:
            await until(ready)
            yield f"http://127.0.0.1:{port}", deps
        finally:
            stop.set()
            await serving

    return serve


@pytest.fixture
async def exam(system, world, port):
    """The examination system with its background tasks, delivering to the admin module's address."""
    url = f"http://127.0.0.1:{port}/inbox/scores"
    deps = await open_deps(world.settings(system.settings.database_url, pool_size=5, handover_url=url), utc_now)
    app = create_app(deps)
    background = asyncio.create_task(run_background(deps, app._seats))
    yield app
    background.cancel()
    await asyncio.gather(background, return_exceptions=True)
    await deps.close()


@pytest.fixture
async def taken(exam, world):
    """A candidate has taken the exam; returns the browser's client."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(exam), base_url="http://exam.test") as http:
        page = (await http.get("/exam/login")).text
        token = re.search(r'name="csrf_token" value="([^"]+)"', page).group(1)
        form = {"csrf_token": token, "number": world.numbers[0], "pin": world.pin}
        assert (await http.post("/exam/login", data=form)).status_code == 303
        seat = {"X-Ombilin-Seat": "1"}
        items = (await http.post("/api/seat/start", headers=seat)).json()["items"]
        ops = [
            {
                "seq": n,
                "rev": n,
                "kind": "respond",
                "item": item["ref"],
                "value": {"base": {"identifier": item["interaction"]["options"][0]["id"]}},
                "at": 1.7e12,
            }
            for n, item in enumerate(items, start=1)
        ]
        batch = {"client": str(UUID(int=7)), "ops": ops}
        assert (await http.post("/api/seat/ops", json=batch, headers=seat)).json()["acked"] == 110
        assert (await http.post("/api/seat/submit", headers=seat)).status_code == 200
        yield http


async def test_a_score_waits_for_the_admin_module_and_arrives_once(admin, taken, system, world):
    async def tried():
        return await system.pool.fetchval("select tries > 0 and last_error is not null from exam.outbox")

    async def sent():
        return await system.pool.fetchval("select sent_at is not null from exam.outbox")

    await until(tried)
    assert not await sent()
    async with admin() as (address, deps):
        await until(sent)
        record = await system.pool.fetchval("select record from exam.score")
        counted = "select count(*) from recruitment.inbox"
        assert await deps.pool.fetchval(counted) == 1
        # the receiver had it, but the sender never learnt: it is sent again and changes nothing
        await system.pool.execute("update exam.outbox set sent_at = null, next_at = now()")
        await until(sent)
        assert await deps.pool.fetchval(counted) == 1
        async with httpx.AsyncClient(base_url=address, trust_env=False) as http:
            page = (await http.get("/staff/login")).text
            token = re.search(r'name="csrf_token" value="([^"]+)"', page).group(1)
            form = {"csrf_token": token, "username": "committee", "password": world.password, "next": ""}
            assert (await http.post("/staff/login", data=form)).status_code == 303
            ranking = (await http.get("/vacancies/PRW-01")).text
        assert world.numbers[0] in ranking
        assert f">{record['total']}<" in re.sub(r"\s+", "", ranking)


async def test_the_signed_record_verifies_offline_and_is_what_the_receipt_shows(taken, system):
    row = await system.pool.fetchrow("select record, jws, log_hash from exam.score")
    raw = verify_record(row["jws"], system.marking.signing_key.public_hex)
    assert raw == canonical(row["record"])
    record = parse_record(raw)
    assert sum(section.points for section in record.sections) == record.total
    assert record.submitted_at - record.started_at < timedelta(minutes=record.minutes_allowed)
    receipt = (await taken.get("/exam/receipt")).text
    assert str(record.total) in receipt
    assert row["log_hash"][:8] in receipt.replace(" ", "")


async def test_an_edited_byte_is_refused_everywhere(admin, taken, system):
    key = system.marking.signing_key
    async with system.unit() as unit:
        (outgoing,) = await unit.scores.take_outgoing(utc_now() + timedelta(days=1), 5)
    head, payload, tail = outgoing.jws.split(".")
    for place in (0, len(payload) // 2, len(payload) - 1):
        letter = "A" if payload[place] != "A" else "B"
        edited = ".".join((head, payload[:place] + letter + payload[place + 1 :], tail))
        with pytest.raises(BadSignature):
            verify_record(edited, key.public_hex)
    forged = msgspec.structs.replace(outgoing, jws=edited, event_id=uuid4())
    body = envelope(forged, "http://exam.test")
    async with admin() as (address, deps), httpx.AsyncClient(base_url=address, trust_env=False) as http:
        signed = key.sign_webhook(str(forged.event_id), utc_now(), body)
        async with asyncio.timeout(PATIENCE_S):
            answer = await http.post("/inbox/scores", content=body, headers=signed)
        assert answer.status_code == 401
        answer = await http.post("/inbox/scores", content=body.replace(b"1.0", b"1.1"), headers=signed)
        assert answer.status_code == 401
        held = "select count(*) from recruitment.inbox where event_id = $1"
        assert await deps.pool.fetchval(held, str(forged.event_id)) == 0


async def test_a_corrected_key_goes_out_as_a_second_version_and_the_newest_is_shown(admin, taken, system, world):
    """Rescored by two people: the admin module keeps both versions and ranks with the newer one."""
    first = await system.pool.fetchval("select record from exam.score")
    async with system.unit() as unit:
        (attempt_id,) = [each.attempt_id for each in await unit.scores.latest_of_session(world.session_id)]
        standing = fold(await unit.attempts.events(attempt_id))
        contents = await system.items.contents([item.version_id for item in standing.sequence])
        version_id, chosen = next(
            (item.version_id, standing.responses[item.version_id]["base"]["identifier"])
            for item in standing.sequence
            if item.section == "TIU"
            and contents[item.version_id].responses[0].correct != standing.responses[item.version_id]
        )
        await change_key(unit.bank, KeyChange(version_id, "right", "wrong key", "ratna", utc_now(), (chosen,)))
    try:
        async with system.unit() as unit:
            made = await apply(
                unit, world.session_id, system.marking, approvers=("ratna", "bayu"), reason="KEY-1", at=utc_now()
            )
    finally:
        await system.pool.execute("truncate bank.key_change")
    assert [score.record["total"] for score in made] == [first["total"] + 5]

    async def sent():
        return await system.pool.fetchval("select count(*) = 2 from exam.outbox where sent_at is not null")

    async with admin() as (address, deps):
        await system.pool.execute("update exam.outbox set next_at = now()")
        await until(sent)
        versions = await deps.pool.fetch("select score_version, record from recruitment.score order by score_version")
        assert [(row["score_version"], row["record"]["total"]) for row in versions] == [
            (1, first["total"]),
            (2, first["total"] + 5),
        ]
        async with httpx.AsyncClient(base_url=address, trust_env=False) as http:
            page = (await http.get("/staff/login")).text
            token = re.search(r'name="csrf_token" value="([^"]+)"', page).group(1)
            form = {"csrf_token": token, "username": "committee", "password": world.password, "next": ""}
            assert (await http.post("/staff/login", data=form)).status_code == 303
            ranking = re.sub(r"\s+", "", (await http.get("/vacancies/PRW-01")).text)
        assert f">{first['total'] + 5}<" in ranking
        assert f">{first['total']}<" not in ranking
