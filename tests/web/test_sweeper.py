"""Attempts end by themselves: never before the grace has run out, and soon after, whoever sweeps."""

import asyncio
from contextlib import suppress

from web.background import run_background
from web.seat import Seats

WITHIN_S = 30  # a limit for a lost test, no measure


async def test_never_early_and_how_late(system, world, browser, capsys):
    """Sixteen attempts end within a second, two sweepers look for them; the database's clock says when."""
    for number in world.numbers[:16]:
        await (await browser(number)).start()
    attempts = [row["id"] for row in await system.pool.fetch("select id from exam.attempt")]
    await system.pool.execute(
        "update exam.attempt a set grace_s = n.place % 2,"
        " deadline_at = clock_timestamp() + make_interval(secs => 0.3 + 0.05 * n.place)"
        " from unnest($1::uuid[]) with ordinality as n (id, place) where n.id = a.id",
        attempts,
    )
    waiting = {str(each) for each in attempts}
    async with system.bus.subscribe(f"proctor.{world.session_id}") as told:
        sweepers = [asyncio.create_task(run_background(system, Seats(system))) for _ in range(2)]
        try:
            async with asyncio.timeout(WITHIN_S):
                async for _, payload in told:
                    waiting.discard(payload.get("attempt"))
                    if not waiting:
                        break
        finally:
            for each in sweepers:
                each.cancel()
                with suppress(asyncio.CancelledError):
                    await each
    rows = await system.pool.fetch(
        "select status, extract(epoch from ended_at - deadline_at) - grace_s as late_s from exam.attempt"
    )
    assert {row["status"] for row in rows} == {"expired"}
    late = sorted(float(row["late_s"]) for row in rows)
    assert late[0] >= 0, "never early"
    with capsys.disabled():
        print(f"\nended after the grace: median {late[len(late) // 2]:.3f} s, latest {late[-1]:.3f} s")
