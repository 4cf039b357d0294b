"""The background tasks of a server: overdue attempts end by themselves, and one that cannot stops nobody."""

import asyncio

import pytest

from web.background import run_background

PATIENCE_S = 30


@pytest.fixture
async def background(app, system):
    task = asyncio.create_task(run_background(system, app._seats))
    yield
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_overdue_attempts_end_and_a_broken_one_is_left_aside(browser, sql, background):
    for number in ("T-001", "T-002", "T-003"):
        await (await browser(number)).start()
    await sql("update exam.participant set track = 'astronaut' where number = 'T-001'")
    await sql(
        "update exam.attempt a set deadline_at = now() - case p.number when 'T-001' then interval '9 s' else '1 s' end"
        " from exam.participant p where p.id = a.participant_id and p.number <> 'T-003'"
    )

    async def phases():
        rows = await sql(
            "select a.status from exam.attempt a join exam.participant p on p.id = a.participant_id order by p.number"
        )
        return [row["status"] for row in rows]

    async with asyncio.timeout(PATIENCE_S):
        while await phases() != ["active", "expired", "active"]:
            await asyncio.sleep(0.02)
    assert len(await sql("select 1 from exam.outbox")) == 1


async def test_the_candidate_is_told_on_the_socket(browser, sql, background):
    someone = await browser()
    await someone.start()
    socket = someone.socket()
    assert (await socket.heard())["state"]["phase"] == "active"
    await sql("update exam.attempt set deadline_at = clock_timestamp()")
    async with asyncio.timeout(PATIENCE_S):
        while (await socket.heard()).get("state", {}).get("phase") != "expired":
            pass
