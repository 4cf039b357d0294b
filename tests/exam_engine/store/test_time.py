"""Time decided inside PostgreSQL: the saving statement judges as the model does, the column is what the log says."""

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

import msgspec
import pytest

from exam_engine.domain.attempt import Action, IllegalMove, Status
from exam_engine.domain.deadline import Allowance, clock_of
from exam_engine.domain.operations import Operation, OperationBatch
from exam_engine.domain.proposal import AlreadyAsked, Person
from exam_engine.domain.records import Attempt
from exam_engine.service.control import credit, pause, resume
from exam_engine.service.finish import expire_next, finish
from exam_engine.service.proposals import approve, ask_credit, ask_termination
from exam_engine.service.save import save_operations
from exam_engine.service.seat import Superseded, take_seat
from exam_engine.service.start import start
from kit.clock import milliseconds, utc_now
from kit.errors import Fault
from tests.exam_engine.memory import judge

ANI, CITRA = Person("ani", False), Person("citra", True)


class Hall:
    """The use cases, each in its own transaction."""

    def __init__(self, deps, world):
        self.deps, self.world = deps, world

    async def do(self, use_case, *args, **facts):
        async with self.deps.unit() as unit:
            return await use_case(unit, *args, **facts)

    async def begun(self, number="T-001"):
        nothing = dict.fromkeys(
            ("photo_at", "checked_at", "started_at", "deadline_at", "paused_at", "ended_at", "form_hash")
        )
        nobody = UUID(int=0)
        fresh = Attempt(uuid4(), nobody, nobody, 1, Status.PREPARING, 7, uuid4(), utc_now(), last_seq=0, **nothing)
        seat = await self.do(
            take_seat, number=number, pin=self.world.pin, key=self.deps.keys.pin, fresh=fresh, now=utc_now()
        )
        blueprint, pool = await self.deps.item_pool("skd", utc_now())
        await self.do(start, seat.attempt_id, blueprint=blueprint, pool=pool, rule_packs=self.deps.rule_packs)
        return seat

    async def get(self, seat):
        return await self.do(lambda unit: unit.attempts.get(seat.attempt_id))

    async def events(self, seat):
        return await self.do(lambda unit: unit.attempts.events(seat.attempt_id))

    async def save(self, seat, seat_id, made_at):
        sequence = (await self.do(lambda unit: unit.attempts.sequences([seat.attempt_id])))[seat.attempt_id]
        value = {"base": {"identifier": sequence[0].options[0]}}
        operation = Operation(1, 1, "respond", sequence[0].version_id, milliseconds(made_at), value)
        try:
            told = await save_operations(
                self.deps.writer,
                self.deps.legal,
                attempt_id=seat.attempt_id,
                seat_id=seat_id,
                batch=OperationBatch(UUID(int=5), (operation,)),
            )
        except Superseded:
            return "superseded"
        return "hold" if told.hold else told.verdicts[0][1] if told.verdicts else "stored"

    async def sql(self, statement, *values):
        return await self.deps.pool.fetchval(statement, *values)


@pytest.fixture
def hall(system, world):
    return Hall(system, world)


@pytest.mark.parametrize("status", ["active", "paused", "ended"])
@pytest.mark.parametrize("own_seat", [True, False])
@pytest.mark.parametrize(
    ("left_s", "grace_s", "made_s"),  # of the deadline: seconds until it, and when it was made
    [
        (100, 0, -200),
        (100, 0, 500),  # a wrong clock takes nothing while there is time
        (-10, 0, -60),
        (-10, 30, -60),
        (-10, 30, 5),
        (-10, 30, -7200),
        (-40, 30, -60),
    ],
)
async def test_the_statement_judges_as_the_model(hall, status, own_seat, left_s, grace_s, made_s):
    seat = await hall.begun()
    if status == "paused":
        await hall.do(pause, seat.attempt_id, actor="a", reason="r")
    if status == "ended":
        await hall.do(finish, seat.attempt_id, Action.SUBMIT, hall.deps.marking)
    await hall.sql(
        "update exam.attempt set grace_s = $2, deadline_at = clock_timestamp() + make_interval(secs => $3)"
        " where id = $1",
        seat.attempt_id,
        grace_s,
        left_s,
    )
    attempt = await hall.get(seat)
    made_at = attempt.deadline_at + timedelta(seconds=made_s)
    seat_id = seat.seat_id if own_seat else uuid4()
    row = msgspec.structs.replace(ROW, attempt_id=attempt.id, seat_id=seat_id, client_at=made_at)
    assert await hall.save(seat, seat_id, made_at) == judge(attempt, row, utc_now())


class Row(msgspec.Struct, frozen=True):
    """What the model looks at."""

    attempt_id: UUID
    seat_id: UUID
    client_at: object


ROW = Row(UUID(int=0), UUID(int=0), None)


async def test_the_column_is_what_the_log_says(hall):
    seat = await hall.begun("T-020")
    steps = [
        (pause, {"actor": "a", "reason": "r"}),
        (credit, {"seconds": 61, "facts": {"actor": "a", "reason": "r"}}),
        (resume, {"actor": "a"}),
        (credit, {"seconds": 3600, "facts": {"actor": "b", "reason": "r"}}),
    ]
    for use_case, facts in steps:
        attempt = await hall.do(use_case, seat.attempt_id, **facts)
        clock = clock_of(await hall.events(seat))
        assert (attempt.deadline_at, attempt.paused_at) == (clock.deadline_at, clock.paused_at)
        assert await hall.get(seat) == attempt
    assert clock.allowance == Allowance(100, 30)
    assert clock.minutes_allowed == 130 + 60 + 2
    score = await hall.do(finish, seat.attempt_id, Action.SUBMIT, hall.deps.marking)
    assert score.record["minutes_allowed"] == 192


async def test_credits_race_with_submit_and_sweep_but_never_lose_a_log(hall):
    seats = [await hall.begun(number) for number in hall.world.numbers[:4]]
    await hall.sql("update exam.attempt set deadline_at = clock_timestamp() where ordinal = 1")
    wanted = [hall.do(expire_next, hall.deps.marking) for _ in seats]
    wanted += [hall.do(credit, each.attempt_id, seconds=60, facts={"reason": "r"}) for each in seats]
    wanted += [hall.do(finish, each.attempt_id, Action.SUBMIT, hall.deps.marking) for each in seats]
    told = await asyncio.gather(*wanted, return_exceptions=True)
    assert [each for each in told if isinstance(each, BaseException) and not isinstance(each, Fault)] == []
    for seat in seats:
        kinds = [each.kind for each in await hall.events(seat)]
        assert len([each for each in kinds if each in ("submitted", "expired")]) == 1
        assert kinds[-1] in ("submitted", "expired"), "nothing follows the end"
        assert await hall.sql("select count(*) from exam.score where attempt_id = $1", seat.attempt_id) == 1


async def test_a_second_request_waits_and_a_declined_one_does_not_block(hall):
    seat = await hall.begun()
    first = await hall.do(ask_termination, uuid4(), seat.attempt_id, person=ANI, reason="r")
    with pytest.raises(AlreadyAsked):
        await hall.do(ask_termination, uuid4(), seat.attempt_id, person=CITRA, reason="r")
    told = await hall.do(approve, first.id, person=CITRA, marking=hall.deps.marking, now=utc_now())
    assert (told.state, told.outcome) == ("applied", {"done": [str(seat.attempt_id)], "ended": []})
    assert (await hall.events(seat))[-1].payload == {"reason": "r", "by": ["ani", "citra"]}
    with pytest.raises(IllegalMove):
        await hall.do(ask_termination, uuid4(), seat.attempt_id, person=ANI, reason="r")


async def test_what_the_system_proposes_needs_two_people(hall):
    seat = await hall.begun()
    asked = await hall.do(
        ask_credit,
        uuid4(),
        hall.world.session_id,
        seconds=300,
        reason="outage",
        person=Person("system", False),
        at=utc_now(),
    )
    before = (await hall.get(seat)).deadline_at
    first = await hall.do(approve, asked.id, person=CITRA, marking=hall.deps.marking, now=utc_now())
    assert (first.state, (await hall.get(seat)).deadline_at) == ("open", before)
    second = await hall.do(approve, asked.id, person=ANI, marking=hall.deps.marking, now=utc_now())
    assert (second.state, (await hall.get(seat)).deadline_at - before) == ("applied", timedelta(seconds=300))
