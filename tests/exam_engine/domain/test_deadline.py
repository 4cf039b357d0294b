"""The deadline as a day on a line: start 08.00, 100 minutes, pauses, extra time."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_engine.domain.deadline import deadline_at, remaining_s

START = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


def minute(value: float) -> datetime:
    return START + timedelta(minutes=value)


@pytest.mark.parametrize(
    ("extra", "pauses", "ends"),
    [
        (0, [], 100),
        (30, [], 130),
        (0, [(10, 15)], 105),
        (0, [(10, 15), (50, 50.5)], 105.5),
        (30, [(0, 10)], 140),
    ],
)
def test_deadline(extra, pauses, ends):
    spans = [(minute(begin), minute(end)) for begin, end in pauses]
    assert deadline_at(START, 100, extra, spans) == minute(ends)


@given(
    st.integers(1, 300),
    st.integers(0, 120),
    st.lists(st.tuples(st.floats(0, 500), st.floats(0, 500)).map(sorted), max_size=6),
)
def test_never_early(minutes, extra, pauses):
    spans = [(minute(begin), minute(end)) for begin, end in pauses]
    assert deadline_at(START, minutes, extra, spans) >= START + timedelta(minutes=minutes + extra)


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
