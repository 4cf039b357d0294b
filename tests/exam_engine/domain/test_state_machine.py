"""The use cases against a model of a few lines: whatever people do in whatever order, time and answers are as promised.

Hypothesis chooses what candidates, proctors, a lead proctor, the sweeper and the clock do; after every step the real
use cases (over the ports in memory) must agree with the model. CI runs a few hundred examples; for many:
`OMBILIN_EXAMPLES=10000 python -m pytest tests/exam_engine/domain/test_state_machine.py`.
"""

import os
from dataclasses import dataclass, field
from datetime import timedelta
from fractions import Fraction
from types import SimpleNamespace
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from exam_engine.domain.attempt import Action, IllegalMove, Status
from exam_engine.domain.deadline import EXTRA_LIMIT_MINUTES, clock_of
from exam_engine.domain.log import fold
from exam_engine.domain.operations import Operation, OperationBatch
from exam_engine.domain.proposal import AlreadyAsked, Person, ProposalClosed, SameProposer
from exam_engine.domain.records import Attempt, Exam, Participant, Session
from exam_engine.domain.rulepack import RulePack, SectionRule, Thresholds
from exam_engine.service.control import BadCredit, give_time, pause, resume
from exam_engine.service.finish import expire_next, finish
from exam_engine.service.item_points import legal_answers
from exam_engine.service.marking import Marking
from exam_engine.service.proposals import NobodyAffected, approve, ask_credit, ask_termination, decline
from exam_engine.service.save import LegalAnswers, save_operations
from exam_engine.service.seat import Superseded, pin_digest, take_seat
from exam_engine.service.start import start
from item_bank.domain.blueprint import Blueprint, Section
from item_bank.domain.draw import PoolItem
from item_bank.domain.item import ChoiceInteraction, ItemContent, Option
from item_bank.domain.response import BaseType, Cardinality, ResponseDeclaration
from kit.clock import milliseconds
from kit.errors import Fault
from kit.signing import SigningKey
from tests.exam_engine.memory import BEGINNING, MemoryUnit, run

EXAMPLES = int(os.environ.get("OMBILIN_EXAMPLES", "200"))
MINUTES, GRACE_S, PIN_KEY = 10, 30, bytes(32)
NUMBERS = ("1", "2", "3")
ITEMS = [UUID(int=n) for n in range(1, 4)]
STAFF = [Person("ani", False), Person("budi", False), Person("citra", True), Person("dewi", True)]
SESSION = Session(UUID(int=10), UUID(int=11), "S", BEGINNING, BEGINNING + timedelta(days=30))
EXAM = Exam(SESSION.exam_id, "X", {}, {}, "b", "tiny-1", MINUTES, False, {})
PACK = RulePack(
    "tiny", "1", {}, MINUTES, 15, (SectionRule("S", "key", 15, 5),), {"general": Thresholds({}, None, 2)}, GRACE_S
)
TRACK_EXTRA = 2
BLUEPRINT = Blueprint("b", "1", (Section("S", "s", "s", {"t": len(ITEMS)}),))
POOL = [PoolItem(each, str(each), "t", ("A", "B")) for each in ITEMS]
CONTENT = ItemContent(
    language="id",
    stem="?",
    interactions=(ChoiceInteraction("R", 1, True, (Option("A", "a"), Option("B", "b"))),),
    responses=(ResponseDeclaration("R", BaseType.IDENTIFIER, Cardinality.SINGLE, {"base": {"identifier": "A"}}),),
    scoring="match_correct",
)


async def contents(version_ids):
    return dict.fromkeys(version_ids, CONTENT)


async def load_legal(attempt_id):
    return legal_answers(await contents(ITEMS))


MARKING = Marking(SimpleNamespace(contents=contents), {"tiny-1": PACK}, SigningKey("11" * 32))


@dataclass
class Expected:
    """One candidate as the model sees them; seconds count from the beginning."""

    state: str = "preparing"
    attempt: UUID | None = None
    seat: UUID | None = None
    old_seat: UUID | None = None
    extra: int = 0
    start: float = 0
    budget: float = 0  # seconds of working time promised so far
    ran: float = 0  # seconds of working time that have passed
    paused: bool = False
    answers: dict = field(default_factory=dict)  # item -> (revision, letter)
    flags: dict = field(default_factory=dict)
    sent: dict = field(default_factory=dict)  # seq -> operation, of those stored
    next_seq: int = 1

    @property
    def running(self) -> bool:
        return self.state == "active"

    @property
    def left(self) -> float:
        return self.budget - self.ran


class Hall(RuleBasedStateMachine):
    """Three candidates, four members of staff, one sweeper, one clock."""

    def __init__(self) -> None:
        super().__init__()
        people = [
            Participant(UUID(int=100 + n), SESSION.id, number, "N", pin_digest(PIN_KEY, number, "P"), "general", "v", 0)
            for n, number in enumerate(NUMBERS)
        ]
        self.unit = MemoryUnit(EXAM, SESSION, people)
        self.legal = LegalAnswers(load_legal)
        self.model = {number: Expected() for number in NUMBERS}
        self.open: dict[UUID, dict] = {}  # proposals of the model
        self.ids = iter(range(10_000, 10**9))

    def id(self) -> UUID:
        return UUID(int=next(self.ids))

    def do(self, use_case, *args, **facts):
        """One transaction: the result, or the refusal."""
        try:
            with self.unit.transaction() as unit:
                return run(use_case(unit, *args, **facts))
        except Fault as refusal:
            return refusal

    # what candidates do

    @initialize()
    def somebody_arrives(self):
        self.log_in("1")
        self.begin("1")

    @rule(number=st.sampled_from(NUMBERS))
    def log_in(self, number):
        model = self.model[number]
        nothing = dict.fromkeys(
            ("photo_at", "checked_at", "started_at", "deadline_at", "paused_at", "ended_at", "form_hash")
        )
        nobody = UUID(int=0)
        fresh = Attempt(
            self.id(), nobody, nobody, 1, Status.PREPARING, 7, self.id(), self.unit.now, last_seq=0, **nothing
        )
        seat = self.do(take_seat, number=number, pin="P", key=PIN_KEY, fresh=fresh, now=self.unit.now)
        assert seat.taken_over is (model.attempt is not None)
        model.attempt = model.attempt or seat.attempt_id
        assert seat.attempt_id == model.attempt
        model.old_seat, model.seat = model.seat, seat.seat_id

    def here(self):
        return [number for number, each in self.model.items() if each.attempt]

    @rule(number=st.sampled_from(NUMBERS))
    def begin(self, number):
        model = self.model[number]
        if not model.attempt:
            return
        told = self.do(start, model.attempt, blueprint=BLUEPRINT, pool=POOL, rule_packs={"tiny-1": PACK})
        if model.state == "preparing":
            model.state = "active"
            model.budget = 60 * (MINUTES + TRACK_EXTRA + model.extra)
        assert isinstance(told, IllegalMove) is (model.state not in ("active", "paused"))

    def send(self, model, operation, seat):
        batch = OperationBatch(UUID(int=5), (operation,))
        return self.do(
            lambda unit: save_operations(unit, self.legal, attempt_id=model.attempt, seat_id=seat, batch=batch)
        )

    @rule(
        number=st.sampled_from(NUMBERS),
        item=st.sampled_from(ITEMS),
        letter=st.sampled_from(["A", "B", None]),
        revision=st.integers(1, 9),
        made=st.sampled_from([-45, -20, -1, 0, 1, 20, 7200, -7200]),
        flag=st.booleans(),
        stale=st.booleans(),
    )
    def answer(self, number, item, letter, revision, made, flag, stale):
        model = self.model[number]
        seat = model.old_seat if stale and model.old_seat else model.seat
        if not model.attempt or model.state == "preparing":
            return
        seq, model.next_seq = model.next_seq, model.next_seq + 1
        at = milliseconds(self.unit.now + timedelta(seconds=made))
        value = {"base": {"identifier": letter} if letter else None}
        operation = Operation(seq, revision, "flag" if flag else "respond", item, at, value, letter == "A")
        told = self.send(model, operation, seat)
        if seat != model.seat:
            assert isinstance(told, Superseded)
        elif model.state == "paused":
            assert told.hold
            assert not told.verdicts
        elif model.running and (model.left >= 0 or (model.left >= -GRACE_S and made <= model.left)):
            assert (told.hold, told.verdicts, told.acked) == (False, [], seq)
            model.sent[seq] = operation
            known = model.flags if flag else model.answers
            if known.get(item, (0,))[0] <= revision:
                known[item] = (revision, letter)
        else:
            assert [(verdict[0], verdict[1]) for verdict in told.verdicts] == [(seq, "late")]

    @rule(number=st.sampled_from(NUMBERS), data=st.data())
    def send_again(self, number, data):
        model = self.model[number]
        if not model.sent:
            return
        operation = data.draw(st.sampled_from(list(model.sent.values())))
        told = self.send(model, operation, model.seat)
        assert (told.verdicts, told.acked) == ([], operation.seq), "what was stored stays stored, whatever has happened"

    @rule(number=st.sampled_from(NUMBERS))
    def submit(self, number):
        model = self.model[number]
        if not model.attempt:
            return
        told = self.do(finish, model.attempt, Action.SUBMIT, MARKING)
        if model.running:
            model.state = "submitted" if model.left >= 0 else "expired"
        assert isinstance(told, IllegalMove) is (model.state in ("preparing", "paused"))

    # what staff do

    @rule(number=st.sampled_from(NUMBERS), who=st.sampled_from(STAFF))
    def pause(self, number, who):
        model = self.model[number]
        if not model.attempt:
            return
        told = self.do(pause, model.attempt, actor=who.name, reason="r")
        assert isinstance(told, IllegalMove) is not model.running
        if model.running:
            model.state = "paused"

    @rule(number=st.sampled_from(NUMBERS), who=st.sampled_from(STAFF))
    def resume(self, number, who):
        model = self.model[number]
        if not model.attempt:
            return
        told = self.do(resume, model.attempt, actor=who.name)
        assert isinstance(told, IllegalMove) is (model.state != "paused")
        if model.state == "paused":
            model.state = "active"

    @rule(number=st.sampled_from(NUMBERS), minutes=st.sampled_from([-5, 0, 1, 7, 240, 241]))
    def more_time(self, number, minutes):
        model = self.model[number]
        if not model.attempt:
            return
        told = self.do(give_time, model.attempt, minutes=minutes, actor="ani", reason="r")
        preparing = model.state == "preparing"
        if not 0 < minutes <= 240 or (preparing and model.extra + minutes > EXTRA_LIMIT_MINUTES):
            assert isinstance(told, BadCredit)
        elif preparing:
            model.extra += minutes
        elif model.state in ("active", "paused"):
            model.budget += 60 * minutes
        else:
            assert isinstance(told, IllegalMove)

    @rule(number=st.sampled_from(NUMBERS), who=st.sampled_from(STAFF))
    def ask_to_end(self, number, who):
        model = self.model[number]
        if not model.attempt:
            return
        proposal = self.id()
        told = self.do(ask_termination, proposal, model.attempt, person=who, reason="r")
        if model.state not in ("active", "paused"):
            assert isinstance(told, IllegalMove)
        elif any(each["kind"] == "terminate" and each["of"] == [number] for each in self.open.values()):
            assert isinstance(told, AlreadyAsked)
        else:
            self.open[proposal] = {"kind": "terminate", "of": [number], "who": {who}}

    @rule(who=st.sampled_from(STAFF), minutes=st.integers(1, 20), ago=st.sampled_from([None, 0, 300]))
    def ask_time_for_all(self, who, minutes, ago):
        proposal = self.id()
        until = None if ago is None else self.unit.now - timedelta(seconds=ago)
        told = self.do(
            ask_credit,
            proposal,
            SESSION.id,
            seconds=60 * minutes,
            reason="r",
            person=who,
            at=self.unit.now,
            until=until,
        )
        since = self.seconds - (ago or 0)
        of = [
            number
            for number, each in self.model.items()
            if each.state in ("active", "paused") and (ago is None or self.started(each) < since)
        ]
        if of:
            self.open[proposal] = {"kind": "credit", "of": of, "who": {who}, "seconds": 60 * minutes}
        else:
            assert isinstance(told, NobodyAffected)

    @property
    def seconds(self):
        return (self.unit.now - BEGINNING).total_seconds()

    def started(self, model):
        return (run(self.unit.attempts.get(model.attempt)).started_at - BEGINNING).total_seconds()

    @precondition(lambda self: self.open)
    @rule(data=st.data(), who=st.sampled_from(STAFF))
    def agree(self, data, who):
        proposal = data.draw(st.sampled_from(sorted(self.open)))
        known = self.open[proposal]
        told = self.do(approve, proposal, person=who, marking=MARKING, now=self.unit.now)
        if who in known["who"]:
            assert isinstance(told, SameProposer)
            return
        known["who"].add(who)
        if len(known["who"]) < 2 or not any(each.lead for each in known["who"]):
            assert told.state == "open"
            return
        del self.open[proposal]
        ongoing = [self.model[each] for each in known["of"] if self.model[each].state in ("active", "paused")]
        assert told.state == ("applied" if ongoing else "lapsed")
        for model in ongoing:
            if known["kind"] == "terminate":
                model.state = "terminated"
            else:
                model.budget += known["seconds"]
        late = self.do(approve, proposal, person=Person("eko", True), marking=MARKING, now=self.unit.now)
        assert isinstance(late, ProposalClosed)

    @precondition(lambda self: self.open)
    @rule(data=st.data(), who=st.sampled_from(STAFF))
    def refuse(self, data, who):
        proposal = data.draw(st.sampled_from(sorted(self.open)))
        del self.open[proposal]
        assert self.do(decline, proposal, person=who, now=self.unit.now).state == "declined"

    # what time does

    def pass_time(self, seconds):
        self.unit.advance(seconds)
        for model in self.model.values():
            if model.running:
                model.ran += seconds

    @rule(seconds=st.sampled_from([1, 29, 30, 60, 299, 600]))
    def time_passes(self, seconds):
        self.pass_time(seconds)

    @rule(number=st.sampled_from(NUMBERS), edge=st.sampled_from([-1, 0, 1, GRACE_S - 1, GRACE_S, GRACE_S + 1]))
    def an_edge_comes(self, number, edge):
        model = self.model[number]
        if model.running and model.left + edge > 0:
            self.pass_time(model.left + edge)

    @rule()
    def sweep(self):
        swept = set()
        while over := self.do(expire_next, MARKING):
            assert over not in swept
            swept.add(over)
        due = {(each.attempt, SESSION.id) for each in self.model.values() if each.running and each.left < -GRACE_S}
        assert swept == due, "never early, nobody forgotten"
        for model in self.model.values():
            if (model.attempt, SESSION.id) in due:
                model.state = "expired"

    # what is true after every step

    @invariant()
    def as_the_model_says(self):
        for number in self.here():
            model = self.model[number]
            attempt = run(self.unit.attempts.get(model.attempt))
            events = run(self.unit.attempts.events(model.attempt))
            assert attempt.status.value == model.state
            assert [each.seq for each in events] == list(range(1, attempt.last_seq + 1))
            assert attempt.seat_id == model.seat
            self.clock_is_right(model, attempt, events)
            standing = fold(events)
            said = {item: value["base"] and value["base"]["identifier"] for item, value in standing.responses.items()}
            assert said == {item: letter for item, (_, letter) in model.answers.items()}
            assert standing.flags == {item for item, (_, letter) in model.flags.items() if letter == "A"}
            self.score_is_right(model, attempt)

    def clock_is_right(self, model, attempt, events):
        clock = clock_of(events)
        if model.state == "preparing":
            assert clock is None
            return
        assert (attempt.started_at, attempt.grace_s) == (clock.started_at, GRACE_S)
        assert attempt.deadline_at == clock.deadline_at, "the column is a projection of the log"
        if model.state == "active":
            assert clock.deadline_at == self.unit.now + timedelta(seconds=model.left)
        if model.state in ("active", "paused"):
            assert attempt.paused_at == clock.paused_at
            assert clock.allowance.total_minutes * 60 + clock.credited_s == model.budget
        last = clock.deadline_at + timedelta(seconds=GRACE_S)
        assert all(each.server_at <= last for each in events if each.kind in ("responded", "flagged"))

    def score_is_right(self, model, attempt):
        scores = self.unit._scores.get(attempt.id, ())
        ended = model.state in ("submitted", "expired", "terminated")
        assert len(scores) == int(ended)
        if ended:
            record = scores[0].record
            assert record["total"] == sum(5 for _, letter in model.answers.values() if letter == "A")
            assert record["status"] == ("withheld" if model.state == "terminated" else "final")
            assert record["minutes_allowed"] == Fraction(model.budget) / 60


TestHall = Hall.TestCase
TestHall.settings = settings(max_examples=EXAMPLES, stateful_step_count=40, deadline=None)
