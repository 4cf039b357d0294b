"""Which operations make sense: the verdict before anything is stored."""

from uuid import UUID

import pytest

from exam_engine.domain.operations import Operation, objection

ITEM = UUID(int=1)
LEGAL = {ITEM: ("identifier", frozenset("ABCDE"), 1), UUID(int=2): ("identifier", frozenset("ABC"), 2)}


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, None),
        ({"value": {"base": None}}, None),
        ({"kind": "flag", "value": None}, None),
        ({"item": UUID(int=2), "value": {"list": {"identifier": ["A", "C"]}}}, None),
        ({"item": UUID(int=9)}, "not in this attempt"),
        ({"item": UUID(int=9), "kind": "flag"}, "not in this attempt"),
        ({"value": {"base": {"identifier": "F"}}}, "does not exist"),
        ({"value": {"base": {"string": "A"}}}, "not identifier"),
        ({"value": {"base": {"identifier": 1}}}, "not identifier"),
        ({"value": {"base": {"identifier": "A"}, "list": {}}}, "not identifier"),
        ({"value": "A"}, "not identifier"),
        ({"value": None}, "not identifier"),
        ({"value": {"list": {"identifier": "A"}}}, "not identifier"),
        ({"value": {"list": {"identifier": ["A", "B"]}}}, "at most 1"),
        ({"item": UUID(int=2), "value": {"list": {"identifier": ["A", "B", "C"]}}}, "at most 2"),
        ({"seq": 0}, "out of range"),
        ({"rev": 2**53}, "out of range"),
    ],
)
def test_objection(changes, told):
    fields = {"seq": 1, "rev": 1, "kind": "respond", "item": ITEM, "at": 0.0, "value": {"base": {"identifier": "A"}}}
    found = objection(Operation(**(fields | changes)), LEGAL)
    assert found is None if told is None else told in (found or "")
