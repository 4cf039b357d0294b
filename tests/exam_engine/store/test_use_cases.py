"""The use cases of an attempt against a real PostgreSQL: each as a story, the edges as tables."""

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

import asyncpg
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exam_engine.domain.attempt import Action, IllegalMove, Status
from exam_engine.domain.chain import head_of
from exam_engine.domain.deadline import Allowance, deadline_at
from exam_engine.domain.log import fold
from exam_engine.domain.operations import Operation, OperationBatch
from exam_engine.domain.records import Attempt
from exam_engine.service.control import pause, resume
from exam_engine.service.finish import CannotExpire, expire_next, finish
from exam_engine.service.hand_over import LONGEST_PAUSE_S, deliver_due, pause_before
from exam_engine.service.save import save_operations
from exam_engine.service.seat import Superseded, WrongPin, hold_seat, take_seat
from exam_engine.service.start import start
from kit.canonical import GENESIS, digest
from kit.clock import utc_now
from kit.errors import Invalid
from kit.handover import parse_record
from kit.signing import verify_record, verify_webhook
from scripts.commands.recompute import mismatches

CLIENT = UUID(int=7)


def fresh_attempt() -> Attempt:
    nobody, now = UUID(int=0), utc_now()
    nothing = dict.fromkeys(
        ("photo_at", "checked_at", "started_at", "deadline_at", "paused_at", "ended_at", "form_hash")
    )
    return Attempt(uuid4(), nobody, nobody, 1, Status.PREPARING, uuid4().int >> 65, uuid4(), now, last_seq=0, **nothing)


class Desk:
    """The use cases as a test says them, each in its own transaction."""

    def __init__(self, deps, world):
        self.deps, self.world = deps, world

    async def seat(self, number="T-001", pin=None, at=None):
        async with self.deps.unit() as unit:
            return await take_seat(
                unit,
                number=number,
                pin=pin or self.world.pin,
                key=self.deps.keys.pin,
                fresh=fresh_attempt(),
                now=at or utc_now(),
            )

    async def start(self, attempt_id):
        blueprint, pool = await self.deps.item_pool("skd", utc_now())
        async with self.deps.unit() as unit:
            return await start(unit, attempt_id, blueprint=blueprint, pool=pool, rule_packs=self.deps.rule_packs)

    async def begun(self, number="T-001"):
        seat = await self.seat(number)
        await self.start(seat.attempt_id)
        return seat

    async def save(self, seat, *ops):
        return await save_operations(
            self.deps.writer,
            self.deps.legal,
            attempt_id=seat.attempt_id,
            seat_id=seat.seat_id,
            batch=OperationBatch(CLIENT, ops),
        )

    async def finish(self, seat, action=Action.SUBMIT):
        async with self.deps.unit() as unit:
            return await finish(unit, seat.attempt_id, action, self.deps.marking)

    async def get(self, seat):
        async with self.deps.unit() as unit:
            return await unit.attempts.get(seat.attempt_id)

    async def standing(self, seat):
        async with self.deps.unit() as unit:
            return fold(await unit.attempts.events(seat.attempt_id))

    async def events(self, seat):
        async with self.deps.unit() as unit:
            return await unit.attempts.events(seat.attempt_id)

    async def sql(self, statement, *values):
        return await self.deps.pool.fetch(statement, *values)

    async def overdue(self, *seats):
        await self.sql(
            "update exam.attempt set deadline_at = clock_timestamp() - interval '1 ms' where id = any($1)",
            [seat.attempt_id for seat in seats],
        )


@pytest.fixture
def desk(system, world):
    return Desk(system, world)


def op(seq, item, letter="A", *, rev=None, kind="respond", flagged=False):
    value = {"base": {"identifier": letter} if letter else None} if kind == "respond" else None
    return Operation(seq, rev or seq, kind, item, utc_now().timestamp() * 1000, value, flagged)


# taking a seat


@pytest.mark.parametrize(
    ("number", "pin"),
    [
        ("T-001", "TEST-1235"),
        ("T-002", ""),
        ("T-999", "TEST-1234"),
        ("", "TEST-1234"),
        ("T-001\x00", "TEST-1234"),
        ("T" * 65, "TEST-1234"),
        ("T-001", "TEST-1234" * 10),
    ],
)
async def test_a_wrong_number_or_pin_is_one_refusal(desk, number, pin):
    with pytest.raises(WrongPin):
        await desk.seat(number, pin or " ")
    assert await desk.sql("select 1 from exam.attempt") == []


@pytest.mark.parametrize("pin", ["test1234", " TEST 1234 ", "TEST-1234"])
async def test_a_pin_is_read_from_paper(desk, pin):
    assert not (await desk.seat(pin=pin)).taken_over


@pytest.mark.parametrize(("hours", "opens"), [(-2, False), (0, True), (8.9, True), (9.1, False)])
async def test_a_seat_is_taken_while_the_session_is_open(desk, hours, opens):
    taking = desk.seat(at=utc_now() + timedelta(hours=hours))
    if opens:
        await taking
    else:
        with pytest.raises(WrongPin):
            await taking


async def test_a_takeover_leaves_one_seat_and_one_attempt(desk):
    first = await desk.begun()
    second = await desk.seat()
    assert (second.attempt_id, second.taken_over) == (first.attempt_id, True)
    async with desk.deps.unit() as unit:
        assert (await hold_seat(unit, second.attempt_id, second.seat_id)).id == first.attempt_id
        with pytest.raises(Superseded):
            await hold_seat(unit, first.attempt_id, first.seat_id)
    assert [event.kind for event in await desk.events(first)][-1] == "taken_over"


async def test_the_log_has_the_databases_time_whatever_clock_the_server_has(desk):
    seat = await desk.begun()
    await desk.seat(at=utc_now() + timedelta(hours=5))
    events = await desk.events(seat)
    assert [event.server_at for event in events] == sorted(event.server_at for event in events)
    assert events[-1].server_at < utc_now() + timedelta(hours=1)


async def test_ten_log_ins_at_once_are_one_attempt_with_one_seat(desk):
    seats = await asyncio.gather(*(desk.seat() for _ in range(10)))
    assert len({seat.attempt_id for seat in seats}) == 1
    assert sum(not seat.taken_over for seat in seats) == 1
    assert (await desk.get(seats[0])).seat_id in {seat.seat_id for seat in seats}


async def test_the_superseded_device_saves_nothing(desk):
    first = await desk.begun()
    item = (await desk.standing(first)).sequence[0].version_id
    await desk.seat()
    with pytest.raises(Superseded):
        await desk.save(first, op(1, item))
    assert (await desk.standing(first)).responses == {}


# starting


async def test_starting_twice_is_harmless(desk):
    seat = await desk.seat()
    first, second = await asyncio.gather(desk.start(seat.attempt_id), desk.start(seat.attempt_id))
    assert first == second
    assert [event.kind for event in await desk.events(seat)] == ["items_appended", "started"]


@pytest.mark.parametrize(("number", "minutes"), [("T-001", 100), ("T-020", 130)])
async def test_the_deadline_is_the_start_and_the_allowance(desk, number, minutes):
    attempt = await desk.get(await desk.begun(number))
    assert attempt.deadline_at == attempt.started_at + timedelta(minutes=minutes)


async def test_a_start_after_the_end_is_refused(desk):
    seat = await desk.begun()
    await desk.finish(seat)
    with pytest.raises(IllegalMove):
        await desk.start(seat.attempt_id)


async def test_the_form_is_that_of_the_seed(desk):
    seat = await desk.begun()
    events = await desk.events(seat)
    attempt = await desk.get(seat)
    assert len(fold(events).sequence) == 110
    assert events[0].payload["form_hash"] == attempt.form_hash
    assert events[1].payload["seed"] == str(attempt.seed)


# saving


async def test_saving_flags_and_revisions(desk):
    seat = await desk.begun()
    one, two = (each.version_id for each in (await desk.standing(seat)).sequence[:2])
    answered = await desk.save(
        seat,
        op(1, one, "A"),
        op(2, two, "B"),
        op(3, one, "C", rev=9),
        op(4, one, "D", rev=5),
        op(5, two, kind="flag", flagged=True),
    )
    assert (answered.acked, answered.verdicts, answered.hold) == (5, [], False)
    standing = await desk.standing(seat)
    assert {item: value["base"]["identifier"] for item, value in standing.responses.items()} == {one: "C", two: "B"}
    assert (standing.flags, standing.last_revision) == ({two}, 9)
    await desk.save(seat, op(6, two, None, rev=10), op(7, two, kind="flag", rev=11))
    standing = await desk.standing(seat)
    assert standing.responses[two] == {"base": None}
    assert standing.flags == frozenset()


@pytest.mark.parametrize(
    ("state", "verdict", "held"), [("paused", "hold", True), ("submitted", "late", False), ("overdue", "late", False)]
)
async def test_what_cannot_be_stored_now_is_told(desk, state, verdict, held):
    seat = await desk.begun()
    item = (await desk.standing(seat)).sequence[0].version_id
    if state == "paused":
        async with desk.deps.unit() as unit:
            await pause(unit, seat.attempt_id, actor="p", reason="r")
    elif state == "submitted":
        await desk.finish(seat)
    else:
        await desk.overdue(seat)
    answered = await desk.save(seat, op(1, item), op(2, item, "Z"))
    assert answered.hold is held
    assert answered.acked == (0 if held else 2)
    assert ("late" in [each[1] for each in answered.verdicts]) is (verdict == "late")
    assert (2, "rejected", "the option does not exist") in answered.verdicts
    assert (await desk.standing(seat)).responses == {}


async def test_another_candidates_item_is_rejected(desk):
    mine, other = await desk.begun("T-001"), await desk.begun("T-002")
    own = {each.version_id for each in (await desk.standing(mine)).sequence}
    strange = next(e.version_id for e in (await desk.standing(other)).sequence if e.version_id not in own)
    answered = await desk.save(mine, op(1, strange))
    assert answered.verdicts == [(1, "rejected", "the item is not in this attempt")]


async def test_a_heap_over_the_limit_is_refused_whole(desk):
    seat = await desk.begun()
    item = (await desk.standing(seat)).sequence[0].version_id
    with pytest.raises(Invalid):
        await desk.save(seat, *(op(n, item) for n in range(1, 502)))
    assert (await desk.save(seat, *(op(n, item) for n in range(1, 501)))).acked == 500


async def test_copies_leave_no_gap_and_the_first_one_counts(desk):
    """Within one batch and between two that race: the log is numbered 1, 2, 3 and says what the projection says."""
    seat = await desk.begun()
    one, two = (each.version_id for each in (await desk.standing(seat)).sequence[:2])
    await desk.save(seat, op(1, one, "A", rev=1), op(1, one, "B", rev=2), op(2, two, "C", rev=3))
    rows = [op(n, one, "ABCDE"[n % 5]) for n in range(3, 40)]
    await asyncio.gather(*(desk.save(seat, *rows) for _ in range(6)))
    events, attempt = await desk.events(seat), await desk.get(seat)
    assert [event.seq for event in events] == list(range(1, attempt.last_seq + 1))
    async with desk.deps.unit() as unit:
        assert (await unit.attempts.responses([seat.attempt_id]))[seat.attempt_id] == fold(events).responses


async def test_a_race_of_two_servers_is_seen_after_the_lock(desk, world):
    """The statement that waited for the lock must see what was stored meanwhile."""
    from web.wiring import open_deps

    other = await open_deps(world.settings(desk.deps.settings.database_url, pool_size=3), utc_now)
    try:
        seat = await desk.begun()
        item = (await desk.standing(seat)).sequence[0].version_id
        batch = [op(n, item, "ABCDE"[n % 5]) for n in range(1, 30)]
        await asyncio.gather(*(each.save(seat, *batch) for each in (desk, Desk(other, world)) for _ in range(8)))
        assert [event.seq for event in await desk.events(seat)] == list(range(1, 32))
    finally:
        await other.close()


async def test_a_copy_that_waited_through_the_end_is_still_stored(desk):
    """The first is stored, then the attempt ends while its copy waits for the lock: the copy is told 'stored'."""
    seat = await desk.begun()
    item = (await desk.standing(seat)).sequence[0].version_id
    async with desk.deps.pool.acquire() as other:
        transaction = other.transaction()
        await transaction.start()
        await other.fetch("select 1 from exam.attempt where id = $1 for no key update", seat.attempt_id)
        waiting = asyncio.create_task(desk.save(seat, op(1, item)))
        while not await desk.sql("select 1 from pg_stat_activity where wait_event_type = 'Lock'"):
            await asyncio.sleep(0)
        await other.execute(
            "insert into exam.event (attempt_id, seq, kind, server_at, payload, item_version_id, revision, client_id,"
            " client_seq, hash) values ($1, 3, 'responded', now(), $4, $2, 1, $3, 1, sha256(''))",
            seat.attempt_id,
            item,
            CLIENT,
            {"base": {"identifier": "A"}},
        )
        await other.execute(
            "update exam.attempt set status = 'submitted', ended_at = now(), last_seq = 3 where id = $1",
            seat.attempt_id,
        )
        await transaction.commit()
    answered = await waiting
    assert (answered.acked, answered.verdicts) == (1, [])


# pausing


async def test_a_pause_moves_the_deadline_exactly(desk):
    seat = await desk.begun()
    before = await desk.get(seat)
    spans = []
    for _ in range(3):
        async with desk.deps.unit() as unit:
            stopped = await pause(unit, seat.attempt_id, actor="p", reason="r")
        async with desk.deps.unit() as unit:
            after = await resume(unit, seat.attempt_id, actor="p")
        at = [event.server_at for event in await desk.events(seat) if event.kind == "resumed"][-1]
        spans.append((stopped.paused_at, at))
    assert after.deadline_at == deadline_at(before.started_at, Allowance(100), spans)
    assert after == await desk.get(seat)


@pytest.mark.parametrize("moves", [["resume"], ["pause", "pause"], ["pause", "submit"]])
async def test_illegal_moves_change_nothing(desk, moves):
    seat = await desk.begun()
    *before, last = moves

    async def make(name):
        async with desk.deps.unit() as unit:
            if name == "pause":
                await pause(unit, seat.attempt_id, actor="p", reason="r")
            elif name == "resume":
                await resume(unit, seat.attempt_id, actor="p")
            else:
                await finish(unit, seat.attempt_id, Action.SUBMIT, desk.deps.marking)

    for name in before:
        await make(name)
    held = await desk.get(seat)
    with pytest.raises(IllegalMove):
        await make(last)
    assert await desk.get(seat) == held


async def test_nobody_runs_out_of_time_during_a_pause(desk):
    seat = await desk.begun()
    async with desk.deps.unit() as unit:
        await pause(unit, seat.attempt_id, actor="p", reason="r")
    await desk.overdue(seat)
    async with desk.deps.unit() as unit:
        assert await expire_next(unit, desk.deps.marking) is None


# ending


async def test_submitting_twice_gives_the_same_score(desk):
    seat = await desk.begun()
    first, second = await asyncio.gather(desk.finish(seat), desk.finish(seat))
    assert (first.event_id, first.jws) == (second.event_id, second.jws)
    assert len(await desk.sql("select 1 from exam.outbox")) == 1


async def test_a_submit_after_the_deadline_is_an_expiry(desk):
    seat = await desk.begun()
    await desk.overdue(seat)
    await desk.finish(seat)
    assert (await desk.get(seat)).status is Status.EXPIRED
    assert [event.kind for event in await desk.events(seat)][-1] == "expired"


async def test_two_sweepers_end_each_attempt_once(desk):
    seats = [await desk.begun(number) for number in desk.world.numbers[:6]]
    await desk.overdue(*seats[:5])

    async def sweep():
        found = []
        while True:
            async with desk.deps.unit() as unit:
                over = await expire_next(unit, desk.deps.marking)
            if over is None:
                return found
            found.append(over)

    both = await asyncio.gather(sweep(), sweep())
    over = [each for found in both for each in found]
    assert sorted(over) == sorted((seat.attempt_id, desk.world.session_id) for seat in seats[:5])
    kinds = [event.kind for seat in seats for event in await desk.events(seat)]
    assert kinds.count("expired") == 5


async def test_an_attempt_that_cannot_be_scored_stops_nobody_else(desk):
    broken, sound = await desk.begun("T-001"), await desk.begun("T-002")
    await desk.sql("update exam.participant set track = 'astronaut' where number = 'T-001'")
    await desk.overdue(broken, sound)
    await desk.sql(
        "update exam.attempt set deadline_at = deadline_at - interval '1 s' where id = $1", broken.attempt_id
    )
    with pytest.raises(CannotExpire) as refused:
        async with desk.deps.unit() as unit:
            await expire_next(unit, desk.deps.marking)
    assert refused.value.attempt_id == broken.attempt_id
    assert (await desk.get(broken)).status is Status.ACTIVE
    async with desk.deps.unit() as unit:
        over = await expire_next(unit, desk.deps.marking, [broken.attempt_id])
    assert over == (sound.attempt_id, desk.world.session_id)


async def test_a_failure_leaves_neither_score_nor_end(desk):
    """The score, its outbox row and the end of the attempt are one transaction."""
    seat = await desk.begun()
    await desk.sql("alter table exam.outbox add constraint none check (false) not valid")
    try:
        with pytest.raises(asyncpg.CheckViolationError):
            await desk.finish(seat)
    finally:
        await desk.sql("alter table exam.outbox drop constraint none")
    assert (await desk.get(seat)).status is Status.ACTIVE
    assert await desk.sql("select 1 from exam.score union all select 1 from exam.outbox") == []
    head = await desk.sql("select chain_head from exam.session where id = $1", desk.world.session_id)
    assert head[0]["chain_head"] == GENESIS
    assert [event.kind for event in await desk.events(seat)] == ["items_appended", "started"]


# the score


async def answer_all(desk, seat):
    """Answer every item with its first option shown."""
    sequence = (await desk.standing(seat)).sequence
    await desk.save(seat, *(op(n + 1, item.version_id, item.options[0]) for n, item in enumerate(sequence)))


async def test_scores_are_signed_chained_and_recomputable(desk, world):
    seats = [await desk.begun(number) for number in world.numbers[:4]]
    for seat in seats:
        await answer_all(desk, seat)
    scores = await asyncio.gather(*(desk.finish(seat) for seat in seats))
    rows = await desk.sql("select record, record_hash, jws from exam.score")
    by_previous = {row["record"]["prev_hash"]: row for row in rows}
    head, chained = GENESIS, 0
    while head in by_previous:
        row = by_previous.pop(head)
        assert digest(row["record"]) == row["record_hash"]
        signed = parse_record(verify_record(row["jws"], desk.deps.marking.signing_key.public_hex))
        assert msgspec.json.decode(msgspec.json.encode(signed)) == row["record"]
        head, chained = row["record_hash"], chained + 1
    assert chained == 4
    async with desk.deps.pool.acquire() as connection:
        assert await mismatches(connection, world.session_id) == (4, [])
    for seat, score in zip(seats, scores, strict=True):
        assert score.log_hash == head_of(seat.attempt_id, await desk.events(seat))


@pytest.mark.parametrize("table", ["event", "score"])
async def test_logs_and_scores_are_append_only(desk, table):
    await desk.finish(await desk.begun())
    for statement in (f"update exam.{table} set attempt_id = attempt_id", f"delete from exam.{table}"):
        with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="append-only"):
            await desk.sql(statement)


# delivery


async def test_a_delivery_is_tried_until_it_is_taken_with_the_same_id_and_body(desk):
    score = await desk.finish(await desk.begun())
    now, sent = utc_now(), []

    def answering(*answers):
        told = list(answers)

        async def post(body, headers):
            sent.append((body, headers))
            return told.pop(0)

        return post

    async def deliver(at, post):
        async with desk.deps.unit() as unit:
            return await deliver_due(
                unit, post=post, key=desk.deps.marking.signing_key, source="http://exam.test", now=at, jitter=0.0
            )

    assert await deliver(now, answering("ConnectError")) == (0, 1)
    assert await deliver(now, answering()) == (0, 0), "it waits before the next try"
    later = now + timedelta(seconds=2)
    assert await deliver(later, answering("503 busy")) == (0, 1)
    last = later + timedelta(seconds=LONGEST_PAUSE_S)
    assert await deliver(last, answering(None)) == (1, 0)
    assert await deliver(last + timedelta(days=1), answering()) == (0, 0)
    assert len({body for body, _ in sent}) == 1
    assert {headers["webhook-id"] for _, headers in sent} == {str(score.event_id)}
    body, headers = sent[-1]
    assert verify_webhook(headers, body, desk.deps.marking.signing_key.public_hex, last) == str(score.event_id)
    row = (await desk.sql("select tries, last_error, sent_at from exam.outbox"))[0]
    assert (row["tries"], row["last_error"], row["sent_at"]) == (3, None, last)


async def test_two_dispatchers_do_not_send_the_same(desk):
    for number in desk.world.numbers[:3]:
        await desk.finish(await desk.begun(number))
    now, sent, both = utc_now() + timedelta(seconds=1), [], asyncio.Barrier(2)

    async def run():
        async def post(body, headers):
            sent.append(headers["webhook-id"])

        async with desk.deps.unit() as unit:
            await both.wait()
            await deliver_due(unit, post=post, key=desk.deps.marking.signing_key, source="x", now=now, jitter=0.5)
            await both.wait()

    await asyncio.gather(run(), run())
    assert len(sent) == len(set(sent)) == 3


@pytest.mark.parametrize(("tries", "jitter", "seconds"), [(0, 0, 0.5), (0, 0.5, 0.75), (3, 0, 4), (50, 0, 450)])
def test_pauses_grow_to_a_limit(tries, jitter, seconds):
    assert pause_before(tries, jitter) == timedelta(seconds=seconds)


# any order, any repetition


scripts = st.lists(
    st.tuples(st.integers(0, 3), st.sampled_from("ABCDE"), st.booleans(), st.integers(1, 3)), min_size=1, max_size=12
)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(script=scripts, chance=st.randoms(use_true_random=False))
async def test_any_order_and_repetition_gives_the_same_answers(desk, script, chance):
    """`script`: what a candidate does in order; each operation is sent one to three times, in any order and batches."""
    await desk.sql("truncate exam.attempt, exam.event, exam.response, exam.flag, exam.score, exam.outbox cascade")
    seat = await desk.begun()
    items = [each.version_id for each in (await desk.standing(seat)).sequence[:4]]
    ops, expected, flags = [], {}, {}
    for n, (item, letter, flag, _) in enumerate(script, start=1):
        if flag:
            flags[items[item]] = letter < "C"
            ops.append(op(n, items[item], kind="flag", flagged=letter < "C"))
        else:
            expected[items[item]] = {"base": {"identifier": letter}}
            ops.append(op(n, items[item], letter))
    sent = [one for one, (*_, times) in zip(ops, script, strict=True) for _ in range(times)]
    chance.shuffle(sent)
    cut = chance.randrange(len(sent) + 1)
    await asyncio.gather(*(desk.save(seat, *part) for part in (sent[:cut], sent[cut:]) if part))
    standing, attempt = await desk.standing(seat), await desk.get(seat)
    assert standing.responses == expected
    assert standing.flags == {item for item, on in flags.items() if on}
    assert attempt.last_seq == 2 + len(ops)
    async with desk.deps.unit() as unit:
        assert await unit.attempts.head(seat.attempt_id) == head_of(seat.attempt_id, await desk.events(seat))
    async with desk.deps.unit() as unit:
        assert (await unit.attempts.responses([seat.attempt_id]))[seat.attempt_id] == expected
