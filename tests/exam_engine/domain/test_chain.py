"""The hash chain in Python: any edit, loss, addition or exchange changes the head; order of reading does not."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_engine.domain.chain import GENESIS, event_bytes, head_of, jsonb_text, links
from exam_engine.domain.log import Event

AT = datetime(2026, 11, 23, 1, 2, 3, 45, tzinfo=UTC)
ATTEMPT, CLIENT = UUID(int=1), UUID(int=99)


def responded(seq, item, letter):
    return Event(seq, "responded", AT, {"base": {"identifier": letter}}, UUID(int=item), seq, CLIENT, seq, AT)


def test_the_bytes_of_an_event():
    assert event_bytes(ATTEMPT, responded(3, 7, "B")).decode().split("\n") == [
        "00000000-0000-0000-0000-000000000001",
        "3",
        "responded",
        "1795395723.000045",
        "00000000-0000-0000-0000-000000000007",
        "3",
        "00000000-0000-0000-0000-000000000063",
        "3",
        "1795395723.000045",
        '{"base": {"identifier": "B"}}',
    ]
    assert event_bytes(ATTEMPT, Event(1, "started", AT)).endswith(b"\n\n\n\n\n\n")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"bb": 1, "a": [True, None], "c": {}}, '{"a": [true, null], "c": {}, "bb": 1}'),
        (1e21, "1000000000000000000000"),
        (1e-7, "0.0000001"),
        (-0.0, "0.0"),
        ('a"\\\n\x01é\U0001f600', '"a\\"\\\\\\n\\u0001é\U0001f600"'),
    ],
)
def test_jsonb_text(value, text):
    assert jsonb_text(value) == text


logs = st.lists(st.tuples(st.integers(1, 4), st.sampled_from("ABCDE")), min_size=1, max_size=12)


@given(logs, st.data())
def test_any_change_changes_the_head(chosen, data):
    log = [responded(n, item, letter) for n, (item, letter) in enumerate(chosen, start=1)]
    head = head_of(ATTEMPT, log)
    place = data.draw(st.integers(0, len(log) - 1))
    for change in (
        {"payload": {"base": {"identifier": "Z"}}},
        {"server_at": AT + timedelta(microseconds=1)},
        {"client_at": None},
        {"revision": 0},
        {"item_version_id": UUID(int=1000)},
        {"kind": "flagged"},
    ):
        edited = [*log[:place], msgspec.structs.replace(log[place], **change), *log[place + 1 :]]
        assert head_of(ATTEMPT, edited) != head
    assert head_of(ATTEMPT, log[:place] + log[place + 1 :]) != head
    assert head_of(ATTEMPT, [*log, responded(len(log) + 1, 1, "A")]) != head
    assert head_of(UUID(int=2), log) != head
    assert head_of(ATTEMPT, reversed(log)) == head
    assert [len(each) for _, each in links(ATTEMPT, log)] == [32] * len(log)


def test_an_empty_log_has_the_beginning_as_its_head():
    assert head_of(ATTEMPT, []) == GENESIS.hex() == "00" * 32
