"""The public board never answers the question which option is right."""

from datetime import UTC, datetime
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from exam_engine.domain.board import START, STEP, checkpoint, may_have_moved, tie_order
from exam_engine.domain.log import Event, fold
from exam_engine.service.board import BoardRow, by_points
from tests.exam_engine.domain.test_scoring import PACK

AT = datetime(2026, 11, 23, tzinfo=UTC)
ITEMS = [UUID(int=n) for n in range(35)]

answers = st.lists(st.tuples(st.sampled_from(ITEMS), st.sampled_from(["A", "B", "C", None])), max_size=120)


def log_of(chosen, after=0):
    return [
        Event(
            after + n,
            "responded",
            AT,
            {"base": {"identifier": letter} if letter else None},
            item,
            after + n,
            UUID(int=99),
            after + n,
            AT,
        )
        for n, (item, letter) in enumerate(chosen, start=1)
    ]


def ever_answered(log):
    return len({event.item_version_id for event in log if event.payload != {"base": None}})


def test_nothing_counts_before_the_first_multiple():
    log = log_of([(item, "A") for item in ITEMS[: STEP - 1]])
    assert checkpoint(log) == START
    assert checkpoint([]) == START


def test_what_stood_at_the_tenth_counts_and_not_what_was_changed_later():
    tenth = [(ITEMS[0], "B"), (ITEMS[0], "A"), *[(item, "A") for item in ITEMS[1:STEP]]]
    later = [(ITEMS[0], "C"), (ITEMS[1], None), *[(item, "B") for item in ITEMS[STEP : 2 * STEP - 1]]]
    found = checkpoint(log_of(tenth + later))
    assert found.answered == STEP
    assert found.responses == {item: {"base": {"identifier": "A"}} for item in ITEMS[:STEP]}
    after = checkpoint(log_of([*tenth, *later, (ITEMS[2 * STEP], "A")]))
    assert after.answered == 2 * STEP
    assert after.responses[ITEMS[0]] == {"base": {"identifier": "C"}}
    assert after.responses[ITEMS[1]] == {"base": None}


@given(answers, st.lists(st.tuples(st.integers(0, 200), st.sampled_from(["A", "B", "C", None])), max_size=30))
def test_probing_never_moves_the_points(chosen, probes):
    """Whatever is done to items that were answered already: the checkpoint stays, and so does every point."""
    log = log_of(chosen)
    met = sorted({event.item_version_id for event in log if event.payload != {"base": None}})
    probing = [(met[n % len(met)], letter) for n, letter in probes] if met else []
    assert checkpoint(log + log_of(probing, after=len(log))) == checkpoint(log)


@given(answers, answers)
def test_only_the_next_multiple_moves_the_points(chosen, more):
    before = log_of(chosen)
    after = before + log_of(more, after=len(before))
    old, new = checkpoint(before), checkpoint(after)
    assert (old == new) is (ever_answered(before) // STEP == ever_answered(after) // STEP)
    assert new.answered == ever_answered(after) // STEP * STEP
    if old != new:
        assert may_have_moved(old, len({event.item_version_id for event in after})), "the log would have been read"


@given(answers, st.randoms(use_true_random=False))
def test_it_is_what_the_log_said_at_one_event_in_whatever_order_it_is_read(chosen, shuffled):
    log = log_of(chosen)
    found = checkpoint(log)
    assert found.responses in [fold(log[:n]).responses for n in range(len(log) + 1)]
    mixed = log.copy()
    shuffled.shuffle(mixed)
    assert checkpoint(mixed) == found


def row(number, total, **sections):
    return BoardRow(number, sections, total, "active", None, 0, 110)


def test_equal_totals_are_ordered_as_the_ranking_orders_them():
    ties = tie_order(PACK)
    assert ties == ["TKP", "TIU", "TWK"]
    rows = [
        row("A-1", None),
        row("A-2", 300, TWK=100, TIU=100, TKP=100),
        row("A-3", 300, TWK=90, TIU=110, TKP=100),
        row("A-4", 300, TWK=100, TIU=90, TKP=110),
        row("A-6", 300, TWK=100, TIU=100, TKP=100),
        row("A-5", "300.5", TWK=100, TIU=100, TKP="100.5"),
    ]
    assert [each.number for each in by_points(rows, ties)] == ["A-5", "A-4", "A-3", "A-2", "A-6", "A-1"]
