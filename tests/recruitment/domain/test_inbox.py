"""The verdict table of the hand-over contract, and the contradictions that a signed delivery may carry."""

from datetime import UTC, datetime
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.handover import (
    EVENT_TYPE,
    Envelope,
    Evidence,
    ProctoringSummary,
    Reason,
    RulePackRef,
    ScoreRecord,
    SectionScore,
)
from recruitment.domain.inbox import ACCEPTED, Incoming, Received, Verdict, contradictions, decide

A, B = "a" * 64, "b" * 64


@pytest.mark.parametrize(
    ("existing", "latest", "incoming", "verdict"),
    [
        # nothing known
        (None, None, Incoming(A, 1), Verdict.APPLIED),
        (None, None, Incoming(A, 3), Verdict.APPLIED),  # versions order, they need not be without gaps
        (None, None, Incoming(A, 1, ("sum",)), Verdict.INCONSISTENT),
        # another event of the same sitting
        (None, 1, Incoming(A, 2), Verdict.APPLIED),
        (None, 1, Incoming(A, 1), Verdict.STALE),
        (None, 2, Incoming(A, 1), Verdict.STALE),
        # the same event again: the first verdict stands
        (Received(A, Verdict.APPLIED), 1, Incoming(A, 1), Verdict.DUPLICATE),
        (Received(A, Verdict.APPLIED), 5, Incoming(A, 1), Verdict.DUPLICATE),
        (Received(A, Verdict.STALE), 2, Incoming(A, 1), Verdict.STALE),
        (Received(A, Verdict.INCONSISTENT), None, Incoming(A, 1, ("sum",)), Verdict.INCONSISTENT),
        # the same id with other bytes, whatever they say
        (Received(B, Verdict.APPLIED), 1, Incoming(A, 1), Verdict.MISMATCH),
        (Received(B, Verdict.APPLIED), 1, Incoming(A, 2), Verdict.MISMATCH),
        (Received(B, Verdict.STALE), 2, Incoming(A, 3), Verdict.MISMATCH),
    ],
)
def test_verdicts(existing, latest, incoming, verdict):
    assert decide(existing, latest, incoming) is verdict


@given(st.lists(st.integers(0, 5), min_size=1, max_size=40))
def test_in_whatever_order_the_highest_version_that_came_is_held(order):
    """Six events of one sitting, version = number // 2 + 1, delivered in any order and any number of times."""
    inbox: dict[int, Received] = {}
    held: list[int] = []
    for event in order:
        incoming = Incoming(f"{event:064d}", event // 2 + 1)
        verdict = decide(inbox.get(event), max(held, default=None), incoming)
        if verdict is Verdict.APPLIED:
            held.append(incoming.score_version)
        if event not in inbox:
            inbox[event] = Received(incoming.sha256, verdict)
        else:
            first = inbox[event].verdict
            assert verdict is (Verdict.DUPLICATE if first is Verdict.APPLIED else first)
    assert held == sorted(set(held)), "applied in rising order, none twice"
    assert held[-1] == max(event // 2 + 1 for event in order)


def test_only_applied_and_duplicate_are_accepted():
    assert set(Verdict) - ACCEPTED == {Verdict.STALE, Verdict.MISMATCH, Verdict.INCONSISTENT}


EVENT, PERSON = UUID(int=1), UUID(int=2)
RECORD = ScoreRecord(
    schema_version=1,
    event_id=EVENT,
    exam_id="skd-tryout",
    session_id="S1",
    participant_id=PERSON,
    vacancy_id="PRW-01",
    attempt=1,
    status="final",
    sections=(
        SectionScore(code="TWK", points=90, max=150, threshold=65, passed=True),
        SectionScore(code="TIU", points=115, max=175, threshold=80, passed=True),
        SectionScore(code="TKP", points="185", max=225, threshold=166, passed=True),
    ),
    total=390,
    total_max=550,
    total_threshold=None,
    passed=True,
    rule_pack=RulePackRef(id="skd", version="2024.1", sha256=A),
    form_hash=A,
    key_version=1,
    started_at=datetime(2025, 8, 17, 1, 30, tzinfo=UTC),
    submitted_at=datetime(2025, 8, 17, 3, 10, tzinfo=UTC),
    minutes_allowed=100,
    proctoring=ProctoringSummary(flags=0, adjudication_ref=None),
    score_version=1,
    supersedes=None,
    reason=None,
    prev_hash="0" * 64,
)
ENVELOPE = Envelope(
    specversion="1.0",
    id=str(EVENT),
    source="urn:ombilin:exam",
    type=EVENT_TYPE,
    subject=str(PERSON),
    time=datetime(2025, 8, 17, 3, 10, tzinfo=UTC),
    datacontenttype="application/json",
    data=Evidence(jws="x.y.z"),
)
REASON = Reason(code="key-change", objection_id=None, approvers=("ani", "budi"))


def test_a_sound_delivery_contradicts_nothing():
    assert contradictions(ENVELOPE, RECORD, str(EVENT)) == ()
    corrected = msgspec.structs.replace(RECORD, score_version=2, supersedes=1, reason=REASON)
    assert contradictions(ENVELOPE, corrected, str(EVENT)) == ()
    absent = msgspec.structs.replace(RECORD, status="absent", sections=(), total=0)
    assert contradictions(ENVELOPE, absent, str(EVENT)) == ()


_one = RECORD.sections[0]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"total": 391}, "do not add up to the total"),
        ({"total_max": 500}, "do not add up to total_max"),
        ({"total": "many"}, "is not a number"),
        ({"total": "1e999999999"}, "is not a number"),
        ({"sections": ()}, "no sections"),
        ({"sections": (_one, _one), "total": 180, "total_max": 300}, "stands twice"),
        (
            {"sections": (msgspec.structs.replace(_one, points=155),), "total": 155, "total_max": 150},
            "outside its range",
        ),
        ({"event_id": UUID(int=9)}, "event_id"),
        ({"participant_id": UUID(int=9)}, "participant_id"),
        ({"score_version": 2, "reason": REASON}, "supersedes"),
        ({"score_version": 2, "supersedes": 2, "reason": REASON}, "earlier one"),
        ({"score_version": 2, "supersedes": 1}, "no reason"),
        (
            {"score_version": 2, "supersedes": 1, "reason": msgspec.structs.replace(REASON, approvers=("ani", "ani"))},
            "one person twice",
        ),
        ({"score_version": 0}, "count from 1"),
        ({"submitted_at": datetime(2025, 8, 17, 1, 0, tzinfo=UTC)}, "before it started"),
        ({"submitted_at": datetime(2025, 8, 17, 3, 10)}, "no zone"),  # noqa: DTZ001  # the naive time is the case
    ],
)
def test_contradictions_of_a_record(change, told):
    found = contradictions(ENVELOPE, msgspec.structs.replace(RECORD, **change), str(EVENT))
    assert any(told in each for each in found), found


@pytest.mark.parametrize(
    ("change", "message_id", "told"),
    [({"type": "id.ombilin.score.v2"}, str(EVENT), "type"), ({}, "other", "webhook-id")],
)
def test_contradictions_of_an_envelope(change, message_id, told):
    found = contradictions(msgspec.structs.replace(ENVELOPE, **change), RECORD, message_id)
    assert any(told in each for each in found), found
