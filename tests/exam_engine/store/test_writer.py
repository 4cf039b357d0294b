"""The group-commit writer against a real PostgreSQL: in time, once, by the right seat, and never lost."""

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

import asyncpg
import pytest

from exam_engine.domain.log import fold
from exam_engine.domain.operations import Row
from exam_engine.store.attempts import AttemptStore
from exam_engine.store.writer import QUEUE_LIMIT, AnswerWriter
from kit.clock import utc_now
from kit.errors import Unavailable
from kit.postgres import open_connection

NOW = utc_now()
SESSION = UUID(int=0x5E55)  # of the fixture `connection`
CLIENT, ITEM = UUID(int=7), UUID(int=1)


async def seat(connection, *, status="active", left_s=60.0) -> tuple[UUID, UUID]:
    """An attempt of a new participant; returns (attempt, seat)."""
    person, attempt, seat_id = uuid4(), uuid4(), uuid4()
    await connection.execute(
        "insert into exam.participant values ($1, $2, $3, 'N', '\\x00', 'general', 'V', 0)",
        person,
        SESSION,
        str(person),
    )
    ended = NOW if status in ("submitted", "expired") else None
    paused = NOW if status == "paused" else None
    started = None if status == "preparing" else NOW
    await connection.execute(
        "insert into exam.attempt (id, participant_id, session_id, status, seed, seat_id, created_at, started_at,"
        " deadline_at, paused_at, ended_at, form_hash)"
        " values ($1, $2, $3, $4, 1, $5, now(), $6, clock_timestamp() + $7::interval, $8, $9, 'f')",
        attempt,
        person,
        SESSION,
        status,
        seat_id,
        started,
        timedelta(seconds=left_s),
        paused,
        ended,
    )
    return attempt, seat_id


def row(held, seq, letter="A", *, item=ITEM, revision=None, kind="responded", client=CLIENT, seat_id=None) -> Row:
    payload = {"base": {"identifier": letter}} if kind == "responded" else letter
    return Row(held[0], seat_id or held[1], client, seq, kind, item, revision or seq, payload, NOW)


async def stored(connection, attempt):
    return {
        item: value["base"]["identifier"]
        for item, value in (await AttemptStore(connection).responses([attempt]))[attempt].items()
    }


@pytest.mark.parametrize(
    ("status", "left_s", "verdict"),
    [
        ("active", 60, "stored"),
        ("active", -0.001, "late"),
        ("submitted", 60, "late"),
        ("expired", -5, "late"),
        ("paused", 60, "hold"),
        ("preparing", 60, "hold"),
    ],
)
async def test_verdict_by_state_and_database_time(connection, writer, status, left_s, verdict):
    held = await seat(connection, status=status, left_s=left_s)
    assert (await writer.save([row(held, 1)])).verdicts == [verdict]
    assert bool(await stored(connection, held[0])) is (verdict == "stored")


async def test_another_device_is_told(connection, writer):
    held = await seat(connection)
    assert (await writer.save([row(held, 1, seat_id=uuid4())])).verdicts == ["superseded"]


async def test_an_unknown_attempt_is_refused(connection, writer):
    assert (await writer.save([row((uuid4(), uuid4()), 1)])).verdicts == ["rejected"]


async def test_ten_times_the_same_is_once(connection, writer):
    held = await seat(connection)
    batch = [row(held, 1, "A"), row(held, 2, "B", item=UUID(int=2))]
    verdicts = await asyncio.gather(*(writer.save(batch) for _ in range(10)))
    assert [each.verdicts for each in verdicts] == [["stored", "stored"]] * 10
    assert len(await AttemptStore(connection).events(held[0])) == 2


async def test_a_replay_after_the_end_is_still_acknowledged(connection, writer):
    held = await seat(connection)
    await writer.save([row(held, 1)])
    await connection.execute("update exam.attempt set status = 'expired', ended_at = now() where id = $1", held[0])
    assert (await writer.save([row(held, 1), row(held, 2, "B")])).verdicts == ["stored", "late"]


async def test_a_fresh_browser_profile_starts_at_one_again(connection, writer):
    held = await seat(connection)
    await writer.save([row(held, 1, "A")])
    assert (await writer.save([row(held, 1, "B", revision=2, client=UUID(int=8))])).verdicts == ["stored"]
    assert await stored(connection, held[0]) == {UUID(int=1): "B"}


async def test_flags_do_not_touch_answers(connection, writer):
    held = await seat(connection)
    await writer.save([row(held, 1, "C"), row(held, 2, True, kind="flagged"), row(held, 3, False, kind="flagged")])
    assert await stored(connection, held[0]) == {UUID(int=1): "C"}
    assert await connection.fetchval("select flagged from exam.flag where attempt_id = $1", held[0]) is False


async def test_shuffled_arrival_ends_with_the_highest_revision(connection, writer):
    held = await seat(connection)
    rows = [row(held, seq, "ABCDE"[seq % 5], item=UUID(int=seq % 3 + 1)) for seq in range(1, 16)]
    expected = {UUID(int=seq % 3 + 1): "ABCDE"[seq % 5] for seq in range(1, 16)}
    order = [7, 2, 14, 0, 9, 4, 11, 6, 1, 13, 8, 3, 12, 10, 5]
    await asyncio.gather(*(writer.save([rows[n] for n in order[k : k + 3]]) for k in range(0, 15, 3)))
    assert await stored(connection, held[0]) == expected
    standing = fold(await AttemptStore(connection).events(held[0]))
    assert {item: value["base"]["identifier"] for item, value in standing.responses.items()} == expected


async def test_submit_waits_for_a_save_and_a_save_sees_the_submit(connection, writer, pool):
    held = await seat(connection)
    async with pool.acquire() as other:
        transaction = other.transaction()
        await transaction.start()
        await AttemptStore(other).lock(held[0])
        saving = asyncio.create_task(writer.save([row(held, 1)]))
        while not await connection.fetchval("select count(*) from pg_stat_activity where wait_event_type = 'Lock'"):
            await asyncio.sleep(0)
        await other.execute("update exam.attempt set status = 'submitted', ended_at = now() where id = $1", held[0])
        await transaction.commit()
    assert (await saving).verdicts == ["late"]
    assert await AttemptStore(connection).events(held[0]) == []


async def test_a_full_queue_is_refused_not_acknowledged(connection, database_url):
    writer = AnswerWriter(lambda: open_connection(database_url))  # never started: nothing is taken
    held = await seat(connection)
    with pytest.raises(Unavailable):
        await writer.save([row(held, n + 1) for n in range(QUEUE_LIMIT + 1)])


async def test_one_bad_row_fails_alone(connection, writer):
    good, bad = await seat(connection), await seat(connection)
    broken = Row(bad[0], bad[1], CLIENT, 1, "nonsense", UUID(int=1), 1, None, NOW)
    results = await asyncio.gather(
        writer.save([row(good, 1)]), writer.save([broken]), writer.save([row(good, 2, "B")]), return_exceptions=True
    )
    assert [results[0].verdicts, results[2].verdicts] == [["stored"], ["stored"]]
    assert isinstance(results[1], Unavailable)


async def test_a_lost_connection_refuses_and_recovers(connection, writer):
    held = await seat(connection)
    await writer.save([row(held, 1)])
    await connection.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity where query like '%insert into exam.event%'"
        " and pid <> pg_backend_pid()"
    )
    verdicts = None
    while verdicts is None:
        try:
            verdicts = (await writer.save([row(held, 2, "B")])).verdicts
        except Unavailable:
            continue
    assert verdicts == ["stored"]


async def test_the_log_cannot_be_changed(connection, writer):
    held = await seat(connection)
    await writer.save([row(held, 1)])
    for statement in ("update exam.event set payload = 'null'", "delete from exam.event"):
        with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="append-only"):
            await connection.execute(statement)
