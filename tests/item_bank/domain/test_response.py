"""Typed values: what fits a declaration, what is refused, and that the wire form survives a round trip."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from item_bank.domain.response import (
    BaseType,
    Cardinality,
    InvalidResponse,
    Mapping,
    ResponseDeclaration,
    Value,
    mapped,
    matches,
    parse_value,
    to_pci,
)

SINGLE, MULTIPLE, ORDERED = Cardinality.SINGLE, Cardinality.MULTIPLE, Cardinality.ORDERED
word = st.text("ABCxyz_1", min_size=1, max_size=5)
ATOMS = {
    BaseType.IDENTIFIER: word,
    BaseType.STRING: st.text(max_size=10),
    BaseType.BOOLEAN: st.booleans(),
    BaseType.INTEGER: st.integers(-(2**40), 2**40),
    BaseType.FLOAT: st.floats(allow_nan=False, allow_infinity=False),
    BaseType.POINT: st.tuples(st.integers(0, 999), st.integers(0, 999)),
    BaseType.PAIR: st.tuples(word, word),
    BaseType.DIRECTED_PAIR: st.tuples(word, word),
    BaseType.DURATION: st.text(max_size=8),
    BaseType.URI: word,
    BaseType.FILE: word,
}


@given(st.data())
def test_round_trip(data):
    base_type = data.draw(st.sampled_from(BaseType))
    cardinality = data.draw(st.sampled_from(Cardinality))
    most = 1 if cardinality is SINGLE else 4
    atoms = tuple(data.draw(st.lists(ATOMS[base_type], max_size=most)))
    value = Value(base_type, cardinality, atoms)
    assert parse_value(ResponseDeclaration("R", base_type, cardinality), to_pci(value)) == value


@pytest.mark.parametrize(
    ("base_type", "cardinality", "pci"),
    [
        ("identifier", SINGLE, "B"),
        ("identifier", SINGLE, {}),
        ("identifier", SINGLE, {"base": {"string": "B"}}),
        ("identifier", SINGLE, {"base": {"identifier": ""}}),
        ("identifier", SINGLE, {"list": {"identifier": ["B"]}}),
        ("identifier", MULTIPLE, {"base": {"identifier": "B"}}),
        ("identifier", MULTIPLE, {"list": {"identifier": "B"}}),
        ("integer", SINGLE, {"base": {"integer": 1.0}}),
        ("integer", SINGLE, {"base": {"integer": True}}),
        ("float", SINGLE, {"base": {"float": float("nan")}}),
        ("float", SINGLE, {"base": {"float": float("inf")}}),
        ("boolean", SINGLE, {"base": {"boolean": 1}}),
        ("point", SINGLE, {"base": {"point": [1, 2, 3]}}),
        ("pair", SINGLE, {"base": {"pair": ["A"]}}),
        ("identifier", SINGLE, {"base": {"identifier": "B"}, "extra": 1}),
    ],
)
def test_what_does_not_fit_is_refused_with_what_would(base_type, cardinality, pci):
    declaration = ResponseDeclaration("R", BaseType(base_type), cardinality)
    with pytest.raises(InvalidResponse) as refused:
        parse_value(declaration, pci)
    assert base_type in refused.value.expected


@pytest.mark.parametrize(
    ("base_type", "cardinality", "given_atoms", "correct", "same"),
    [
        ("identifier", SINGLE, ("A",), ("A",), True),
        ("identifier", SINGLE, ("B",), ("A",), False),
        ("identifier", MULTIPLE, ("B", "A"), ("A", "B"), True),
        ("identifier", MULTIPLE, ("A",), ("A", "B"), False),
        ("identifier", ORDERED, ("B", "A"), ("A", "B"), False),
        ("pair", MULTIPLE, (("B", "A"),), (("A", "B"),), True),
        ("directedPair", MULTIPLE, (("B", "A"),), (("A", "B"),), False),
    ],
)
def test_match(base_type, cardinality, given_atoms, correct, same):
    kind = BaseType(base_type)
    assert matches(Value(kind, cardinality, given_atoms), Value(kind, cardinality, correct)) is same


@pytest.mark.parametrize(
    ("atoms", "mapping", "points"),
    [
        (("A",), Mapping({"A": "2", "B": "-1"}), Fraction(2)),
        (("A", "B"), Mapping({"A": "2", "B": "-1"}), Fraction(1)),
        (("A", "A"), Mapping({"A": "2"}), Fraction(2)),
        (("Z",), Mapping({"A": "2"}, default="-0.5"), Fraction(-1, 2)),
        (("B",), Mapping({"B": "-3"}, lower="-1"), Fraction(-1)),
        (("A",), Mapping({"A": "9"}, upper="2.5"), Fraction(5, 2)),
        (("a",), Mapping({"A": "2"}, case_sensitive=False), Fraction(2)),
        ((), Mapping({"A": "2"}), Fraction(0)),
    ],
)
def test_mapping(atoms, mapping, points):
    assert mapped(Value(BaseType.IDENTIFIER, MULTIPLE, atoms), mapping) == points
