"""The inbox over HTTP: each row is a delivery, its answer, and what of the state it may change."""

import asyncio
import base64
import hashlib
import hmac
from datetime import timedelta
from uuid import uuid4

import msgspec
import pytest

from kit.canonical import canonical
from kit.handover import Evidence, Reason
from kit.handover import to_plain as plain
from kit.signing import b64url

REASON = Reason(code="key-change", objection_id=None, approvers=("ani", "budi"))


@pytest.fixture
def state(demo_pool):
    """(inbox, applied scores, quarantine) as numbers."""

    async def read() -> tuple[int, int, int]:
        async with demo_pool.acquire() as connection:
            row = await connection.fetchrow(
                "select (select count(*) from recruitment.inbox), (select count(*) from recruitment.score),"
                " (select count(*) from recruitment.quarantine)"
            )
        return tuple(row)

    return read


@pytest.fixture
def record(sender, participants):
    return sender.record(participants[0]["id"])


async def test_applied_once_however_often_it_comes(deliver, state, record):
    assert await deliver(record) == (200, {"id": str(record.event_id), "verdict": "applied"})
    for _ in range(3):
        assert await deliver(record) == (200, {"id": str(record.event_id), "verdict": "duplicate"})
    assert await state() == (1, 1, 0)


async def test_a_retry_days_later_is_signed_anew_and_still_a_duplicate(client, deliver, sender, state, record, deps):
    await deliver(record)
    body = sender.body(record)
    later = deps.clock() + timedelta(minutes=4)
    assert (await deliver(record, body, sender.headers(record, body, later)))[1]["verdict"] == "duplicate"
    assert await state() == (1, 1, 0)


async def test_two_copies_at_once_are_applied_once(deliver, state, record):
    answers = await asyncio.gather(*(deliver(record) for _ in range(5)))
    assert sorted(told["verdict"] for _, told in answers) == ["applied"] + ["duplicate"] * 4
    assert await state() == (1, 1, 0)


async def test_two_events_of_one_version_at_once_one_is_stale(deliver, state, record):
    other = msgspec.structs.replace(record, event_id=uuid4())
    answers = await asyncio.gather(deliver(record), deliver(other))
    assert sorted(status for status, _ in answers) == [200, 409]
    assert await state() == (2, 1, 0)


async def test_same_id_with_other_content_is_quarantined(deliver, sender, state, record):
    await deliver(record)
    changed = msgspec.structs.replace(record, total=395, sections=sender.record(uuid4(), (95, 115, 185)).sections)
    for _ in range(2):  # a retry of it is the same quarantined delivery
        status, told = await deliver(changed)
        assert (status, told["error"]["key"]) == (409, "other-content")
        assert await state() == (1, 1, 1)
    assert (await deliver(record))[1]["verdict"] == "duplicate"


@pytest.mark.parametrize(
    ("before", "change", "status", "key"),
    [
        (1, {"score_version": 2, "supersedes": 1, "reason": REASON}, 200, None),
        (1, {"score_version": 7, "supersedes": 1, "reason": REASON}, 200, None),
        (1, {}, 409, "stale-score"),
        (3, {"score_version": 2, "supersedes": 1, "reason": REASON}, 409, "stale-score"),
        (1, {"attempt": 2}, 200, None),
    ],
)
async def test_versions_order_never_clocks(deliver, state, record, *, before, change, status, key):
    first = record
    if before > 1:
        first = msgspec.structs.replace(record, score_version=before, supersedes=1, reason=REASON)
    assert (await deliver(first))[0] == 200
    again = msgspec.structs.replace(record, event_id=uuid4(), **change)
    for _ in range(2):  # the answer to a repetition is the same
        found, told = await deliver(again)
        assert found == status
        assert key is None or told["error"]["key"] == key
    assert await state() == (2, 2 if status == 200 else 1, 0)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"total": 391}, "add up"),
        ({"total_max": 500}, "total_max"),
        ({"score_version": 2}, "supersedes"),
        ({"score_version": 2, "supersedes": 1}, "no reason"),
        (
            {"score_version": 2, "supersedes": 1, "reason": Reason(code="x", objection_id=None, approvers=("a", "a"))},
            "one",
        ),
    ],
)
async def test_a_signed_contradiction_is_kept_and_refused(deliver, state, record, *, change, told):
    status, answer = await deliver(msgspec.structs.replace(record, **change))
    assert (status, answer["error"]["key"]) == (422, "unsound-score")
    assert told in answer["error"]["title"]
    assert await state() == (1, 0, 0)


def _edited_payload(record, sender):
    head, _, tail = sender.key.sign_record(plain(record)).split(".")
    better = {**plain(record), "total": 391}
    return f"{head}.{b64url(canonical(better))}.{tail}"


def _no_algorithm(record, _sender):
    return f"{b64url(canonical({'alg': 'none'}))}.{b64url(canonical(plain(record)))}."


def _symmetric_with_the_public_key(record, sender):
    text = f"{b64url(canonical({'alg': 'HS256'}))}.{b64url(canonical(plain(record)))}"
    return f"{text}.{b64url(hmac.new(sender.key.public, text.encode(), hashlib.sha256).digest())}"


@pytest.mark.parametrize(
    "forge",
    [
        _edited_payload,
        _no_algorithm,
        _symmetric_with_the_public_key,
        lambda record, sender: sender.with_key("33" * 32).key.sign_record(plain(record)),
        lambda record, sender: "not.a.jws",
        lambda record, sender: "",
    ],
    ids=["edited payload", "alg none", "alg HS256", "another key", "no JWS", "empty"],
)
async def test_a_forged_record_in_an_authentic_delivery(deliver, sender, state, record, *, forge):
    body = sender.body(record, data=Evidence(jws=forge(record, sender)))
    status, told = await deliver(record, body)
    assert (status, told["error"]["key"]) == (401, "bad-signature")
    assert await state() == (0, 0, 0)


def _flip(body: bytes) -> bytes:
    return body.replace(b'"specversion":"1.0"', b'"specversion":"1.1"')


@pytest.mark.parametrize(
    "headers",
    [
        lambda sender, record, body, now: {},
        lambda sender, record, body, now: sender.headers(record, _flip(body), now),
        lambda sender, record, body, now: sender.with_key("33" * 32).headers(record, body, now),
        lambda sender, record, body, now: sender.headers(record, body, now - timedelta(minutes=6)),
        lambda sender, record, body, now: sender.headers(record, body, now + timedelta(minutes=6)),
        lambda sender, record, body, now: {**sender.headers(record, body, now), "webhook-id": str(uuid4())},
        lambda sender, record, body, now: {**sender.headers(record, body, now), "webhook-timestamp": "soon"},
        lambda sender, record, body, now: {
            **sender.headers(record, body, now),
            "webhook-signature": "v1," + base64.b64encode(b"0" * 64).decode(),
        },
    ],
    ids=["none", "edited byte", "another key", "expired", "future", "other id", "no number", "other version"],
)
async def test_an_unauthentic_delivery_leaves_no_trace(deliver, sender, state, record, now, *, headers):
    body = sender.body(record)
    made = headers(sender, record, body, now) or {"x-nothing": "1"}
    status, told = await deliver(record, body, made)
    assert (status, told["error"]["key"]) == (401, "bad-signature")
    assert await state() == (0, 0, 0)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'{"specversion":"1.0"}',
        b"\xff\xfe",
    ],
)
async def test_an_authentic_delivery_without_a_record_waits_for_a_human(deliver, state, record, body):
    for _ in range(2):
        status, told = await deliver(record, body)
        assert (status, told["error"]["key"]) == (422, "unsound-score")
    assert await state() == (0, 0, 1)


@pytest.mark.parametrize(
    "change",
    [{"exam_id": "A\0B"}, {"attempt": 0}, {"attempt": 2**40}, {"score_version": 2**40}],
)
async def test_what_no_column_can_hold_is_quarantined(deliver, state, record, change):
    assert (await deliver(msgspec.structs.replace(record, **change)))[0] == 422
    assert await state() == (0, 0, 1)


async def test_a_huge_delivery_is_refused_unread(deliver, sender, state, record):
    body = sender.body(record) + b" " * 70_000
    status, told = await deliver(record, body)
    assert (status, told["error"]["key"]) == (422, "too-large")
    assert await state() == (0, 0, 0)


async def test_unknown_fields_are_refused(deliver, sender, state, record):
    extended = {**plain(record), "bonus": 50}
    status, _ = await deliver(record, sender.body(record, jws=sender.key.sign_record(extended)))
    assert status == 422
    assert await state() == (0, 0, 1)


async def test_unknown_applicants_are_kept_and_told(deliver, client, log_in, sender, state):
    assert (await deliver(sender.record(uuid4())))[0] == 200
    assert await state() == (1, 1, 0)
