"""The deadline as a day on a line: start 08.00, 100 minutes, pauses, extra time, credits; and the fold of a log."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_engine.domain.deadline import (
    CREDIT_LIMIT_S,
    EXTRA_LIMIT_MINUTES,
    Allowance,
    allowance_of,
    clock_of,
    deadline_at,
    in_time,
    is_over,
    remaining_s,
)
from exam_engine.domain.log import Event
from exam_engine.domain.records import Exam, Participant
from exam_engine.domain.rulepack import BadRulePack, RulePack, Thresholds

START = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


def minute(value: float) -> datetime:
    return START + timedelta(minutes=value)


def second(value: float) -> datetime:
    return START + timedelta(seconds=value)


@pytest.mark.parametrize(
    ("allowance", "pauses", "credits_s", "ends"),
    [
        (Allowance(100), [], [], 100),
        (Allowance(100, 30), [], [], 130),
        (Allowance(100), [(10, 15)], [], 105),
        (Allowance(100), [(10, 15), (50, 50.5)], [], 105.5),
        (Allowance(100, 30), [(0, 10)], [], 140),
        (Allowance(100), [(15, 10)], [], 100),  # a clock that went back takes nothing away
        (Allowance(100), [], [300], 105),
        (Allowance(100, 30), [(10, 15)], [60, 90], 137.5),
        (Allowance(100, 0, 30), [], [], 100),  # the grace is not working time
        (Allowance(100, 0, 0, (35, 40, 30)), [], [], 105),  # sections with a time of their own
        (Allowance(100, 10, 0, (35, 40, 30), (5, 5)), [], [], 125),
        (Allowance(100, 0, 0, (), (15,)), [], [], 115),
    ],
)
def test_deadline(allowance, pauses, credits_s, ends):
    spans = [(minute(begin), minute(end)) for begin, end in pauses]
    assert deadline_at(START, allowance, spans, credits_s) == minute(ends)


minutes = st.integers(0, 240)
allowances = st.builds(
    Allowance,
    st.integers(1, 300),
    minutes,
    st.integers(0, 600),
    st.lists(st.integers(1, 90), max_size=4).map(tuple),
    st.lists(st.integers(1, 30), max_size=3).map(tuple),
)
spans = st.lists(st.tuples(st.floats(0, 500), st.floats(0, 500)).map(sorted), max_size=6)
given_s = st.lists(st.integers(1, 4 * 3600), max_size=6)


def promised(allowance: Allowance, pauses, credits_s) -> timedelta:
    work = sum(allowance.section_minutes) if allowance.section_minutes else allowance.minutes
    stood = sum((minute(end) - minute(begin) for begin, end in pauses), timedelta())
    whole = work + allowance.extra_minutes + sum(allowance.break_minutes)
    return timedelta(minutes=whole, seconds=sum(credits_s)) + stood


@given(allowances, spans, given_s)
def test_never_earlier_than_the_parts_promise(allowance, pauses, credits_s):
    moments = [(minute(begin), minute(end)) for begin, end in pauses]
    assert deadline_at(START, allowance, moments, credits_s) - START >= promised(allowance, pauses, credits_s)


@given(allowances, spans, given_s, st.integers(0, 4 * 3600))
def test_a_credit_moves_it_by_exactly_that(allowance, pauses, credits_s, more):
    moments = [(minute(begin), minute(end)) for begin, end in pauses]
    before = deadline_at(START, allowance, moments, credits_s)
    assert deadline_at(START, allowance, moments, [*credits_s, more]) - before == timedelta(seconds=more)


# the fold of a log


def log(allowance: Allowance, *steps: tuple[str, float, object]) -> list[Event]:
    """A log that starts at 0 s; each step is a kind, its second, and its payload."""
    first = Event(1, "started", START, {"seed": "1", "allowance": msgspec.to_builtins(allowance)})
    return [first, *(Event(n, kind, second(at), payload) for n, (kind, at, payload) in enumerate(steps, start=2))]


@pytest.mark.parametrize(
    ("steps", "ends_s", "paused_s", "credited_s"),
    [
        ([], 6000, None, 0),
        ([("paused", 10, {}), ("resumed", 40, {})], 6030, None, 0),
        ([("paused", 10, {}), ("resumed", 40, {}), ("paused", 50, {})], 6030, 50, 0),
        ([("credited", 10, {"seconds": 90})], 6090, None, 90),
        ([("paused", 10, {}), ("credited", 20, {"seconds": 90}), ("resumed", 40, {})], 6120, None, 90),
        ([("credited", 1, {"seconds": 1}), ("credited", 2, {"seconds": 2})], 6003, None, 3),
        ([("resumed", 40, {})], 6000, None, 0),  # nothing stood still
        ([("paused", 10, {}), ("resumed", 20, {}), ("resumed", 90, {})], 6010, None, 0),
        ([("paused", 10, {}), ("taken_over", 20, {}), ("terminated", 30, {})], 6000, 10, 0),
        ([("responded", 5, {"base": None}), ("taken_over", 6, {}), ("submitted", 7, {})], 6000, None, 0),
    ],
)
def test_clock_of_a_log(steps, ends_s, paused_s, credited_s):
    clock = clock_of(log(Allowance(100, 0, 30), *steps))
    assert clock.started_at == START
    assert clock.deadline_at == second(ends_s)
    assert clock.paused_at == (None if paused_s is None else second(paused_s))
    assert clock.credited_s == credited_s
    assert clock.allowance == Allowance(100, 0, 30)


def test_allowance_and_clock_are_values():
    clock = clock_of(log(Allowance(100)))
    for value, name in ((clock, "credited_s"), (clock.allowance, "minutes")):
        with pytest.raises(AttributeError):
            setattr(value, name, 0)


def test_no_clock_before_the_start():
    assert clock_of([]) is None
    assert clock_of([Event(1, "items_appended", START, {"items": []})]) is None


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(1, 900), st.integers(1, 3600)), max_size=12),
    st.randoms(use_true_random=False),
)
def test_the_order_in_which_the_events_are_given_does_not_matter(steps, shuffled):
    at, told = 0, []
    for kind, later, seconds in steps:
        at += later
        told.append((("paused", "resumed", "credited", "taken_over")[kind], at, {"seconds": seconds}))
    events = log(Allowance(100), *told)
    mixed = events.copy()
    shuffled.shuffle(mixed)
    assert clock_of(mixed) == clock_of(events)
    assert clock_of(events).deadline_at >= minute(100) + timedelta(seconds=clock_of(events).credited_s)


@pytest.mark.parametrize(
    ("allowance", "credited_s", "allowed"),
    [(Allowance(100), 0, 100), (Allowance(100, 30, 60), 0, 130), (Allowance(100), 60, 101), (Allowance(100), 61, 102)],
)
def test_minutes_allowed(allowance, credited_s, allowed):
    steps = [("credited", 1, {"seconds": credited_s})] if credited_s else []
    assert clock_of(log(allowance, *steps)).minutes_allowed == allowed


def test_allowance_of_a_person():
    pack = RulePack("x", "1", {}, 90, 0, (), {"general": Thresholds({}), "slow": Thresholds({}, None, 15)}, 30)
    exam = Exam(UUID(int=1), "X", {}, {}, "b", "x-1", 90, False, {})

    def person(track, extra):
        return Participant(UUID(int=2), UUID(int=3), "1", "N", b"", track, "v", extra)

    assert allowance_of(exam, person("general", 0), pack) == Allowance(90, 0, 30)
    assert allowance_of(exam, person("general", 20), pack) == Allowance(90, 20, 30)
    assert allowance_of(exam, person("slow", 20), pack) == Allowance(90, 35, 30)
    with pytest.raises(BadRulePack):
        allowance_of(exam, person("vip", 0), pack)


def test_the_limits():
    assert Allowance(100) == Allowance(100, 0, 0, (), ())
    assert (CREDIT_LIMIT_S, EXTRA_LIMIT_MINUTES) == (14_400, 480)


# grace


@pytest.mark.parametrize(
    ("grace_s", "at", "over"),
    [(0, 99, False), (0, 100, False), (0, 100.001, True), (30, 99, False), (30, 130, False), (30, 130.001, True)],
)
def test_over_only_after_the_grace(grace_s, at, over):
    assert is_over(second(100), grace_s, second(at)) is over


@pytest.mark.parametrize(
    ("grace_s", "made", "at", "taken"),
    [
        (0, 99, 99.5, True),
        (0, 99, 100, True),
        (0, 99, 100.001, False),
        (0, 101, 100, True),  # the database's clock says that it came in time
        (0, 500, 99, True),  # a wrong clock takes nothing while there is time
        (30, 99, 130, True),
        (30, 100, 130, True),
        (30, 100.001, 100.001, False),
        (30, 99, 130.001, False),
        (30, -5000, 131, False),  # a client's time alone decides nothing
    ],
)
def test_what_arrives_late(grace_s, made, at, taken):
    assert in_time(second(100), grace_s, second(made), second(at)) is taken


@pytest.mark.parametrize(
    ("deadline", "paused", "now", "left"),
    [
        (None, None, 0, None),
        (100, None, 0, 6000),
        (100, None, 99.5, 30),
        (100, None, 100, 0),
        (100, None, 120, 0),
        (100, 40, 90, 3600),
    ],
)
def test_remaining(deadline, paused, now, left):
    ends = None if deadline is None else minute(deadline)
    assert remaining_s(ends, None if paused is None else minute(paused), minute(now)) == left
