"""Reconciliation of a session: counts by status, and what the chain of records tells of those that have not arrived."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.canonical import GENESIS, sha256_hex
from recruitment.domain.points import NotANumber, exact
from recruitment.domain.reconcile import reconcile
from recruitment.domain.records import SessionRecord
from recruitment.domain.sitting import sitting_of


def link(number: int) -> str:
    return GENESIS if number == 0 else sha256_hex(str(number).encode())


def record(number, *, previous=None, status="final", version=1, matched=True, current=True, session="S1"):
    """Record `number` of a chain 1, 2, 3 ..."""
    before = number - 1 if previous is None else previous
    return SessionRecord("SKD", session, version, status, link(number), link(before), matched, current)


@pytest.mark.parametrize(
    ("records", "gaps", "forks", "unmatched", "explained"),
    [
        ([record(1), record(2), record(3)], 0, 0, 0, True),
        ([record(3), record(1), record(2)], 0, 0, 0, True),
        ([record(1), record(3)], 1, 0, 0, False),
        ([record(2), record(5)], 2, 0, 0, False),
        ([record(1), record(2), record(3, previous=1)], 0, 1, 0, False),
        ([record(1), record(2, matched=False)], 0, 0, 1, False),
    ],
    ids=["complete", "out of order", "one missing", "two missing", "forked", "nobody applied"],
)
def test_chain(records, gaps, forks, unmatched, *, explained):
    (found,) = reconcile(records)
    assert (found.gaps, found.forks, found.unmatched, found.explained) == (gaps, forks, unmatched, explained)


def test_counts_take_the_current_version_of_each_sitting():
    found = reconcile(
        [
            record(1, status="withheld", current=False),
            record(2, version=2),
            record(3, status="absent"),
            record(4, status="void"),
            record(5, status="pending_manual"),
            record(6, status="withheld"),
            record(1, session="S2"),
        ]
    )
    assert [(each.session_id, each.records, each.sittings) for each in found] == [("S1", 6, 5), ("S2", 1, 1)]
    first = found[0]
    assert (first.final, first.void, first.withheld, first.pending, first.absent) == (1, 1, 1, 1, 1)
    assert (first.present, first.corrections) == (4, 1)


def test_nothing_arrived():
    assert reconcile([]) == []


@given(st.integers(1, 30).flatmap(lambda n: st.tuples(st.just(n), st.sets(st.integers(1, n), min_size=1))))
def test_a_gap_shows_wherever_a_known_record_names_a_missing_one(sample):
    _, arrived = sample
    (found,) = reconcile([record(number) for number in arrived])
    assert found.gaps == sum(number > 1 and number - 1 not in arrived for number in arrived)


@pytest.mark.parametrize("text", ["", "1e9", "1/3", " 1", "1.", ".5", "0x10", "nan", "1234567890", "1.1234567", "１"])
def test_what_is_no_number(text):
    with pytest.raises(NotANumber):
        exact(text)


@pytest.mark.parametrize(("text", "value"), [(5, 5), ("5", 5), ("-2", -2), ("0.000001", exact("1") / 10**6)])
def test_exact_numbers(text, value):
    assert exact(text) == value


def test_without_a_record_an_applicant_is_waited_for():
    assert sitting_of(UUID(int=1), "1", "Name", "general", None).status is None
