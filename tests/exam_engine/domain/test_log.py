"""Folding the log: the highest revision stands whatever the order of arrival."""

from datetime import UTC, datetime
from uuid import UUID

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from exam_engine.domain.log import Event, fold

AT = datetime(2026, 11, 23, tzinfo=UTC)
ITEMS = [UUID(int=n) for n in range(4)]


def responded(seq, item, revision, letter, kind="responded"):
    payload = {"base": {"identifier": letter}} if kind == "responded" else letter
    return Event(seq, kind, AT, payload, item, revision, UUID(int=99), seq, AT)


def test_highest_revision_wins_over_later_arrival():
    log = [responded(1, ITEMS[0], 7, "B"), responded(2, ITEMS[0], 3, "A")]
    assert fold(log).responses == {ITEMS[0]: {"base": {"identifier": "B"}}}


def test_flags_and_sequence():
    items = [{"position": 2, "section": "TIU", "version_id": str(ITEMS[1]), "options": ["B", "A"]}]
    more = [{"position": 1, "section": "TWK", "version_id": str(ITEMS[0]), "options": ["A", "B"]}]
    log = [
        Event(1, "items_appended", AT, {"items": items}),
        Event(2, "items_appended", AT, {"items": more}),
        responded(3, ITEMS[0], 1, True, "flagged"),
        responded(4, ITEMS[1], 2, True, "flagged"),
        responded(5, ITEMS[0], 3, False, "flagged"),
    ]
    standing = fold(log)
    assert [each.position for each in standing.sequence] == [1, 2]
    assert standing.flags == {ITEMS[1]}
    assert standing.last_revision == 3


operations = st.lists(st.tuples(st.sampled_from(ITEMS), st.sampled_from("ABCDE")), max_size=20)


@given(operations, st.randoms(use_true_random=False))
def test_any_order_of_arrival_gives_the_same_standing(chosen, shuffled):
    in_order = [responded(n + 1, item, n + 1, letter) for n, (item, letter) in enumerate(chosen)]
    arrived = in_order.copy()
    shuffled.shuffle(arrived)
    renumbered = [msgspec.structs.replace(event, seq=n + 1) for n, event in enumerate(arrived)]
    assert fold(renumbered).responses == {item: {"base": {"identifier": letter}} for item, letter in chosen}
