"""Receipts against a stored log: the sound one, and the ways in which a log, a score or a receipt can be forged."""

import re
from datetime import timedelta
from uuid import UUID, uuid4

import msgspec
import pytest
from typer.testing import CliRunner

from exam_engine.domain.chain import head_of, links
from exam_engine.domain.operations import Operation, OperationBatch
from exam_engine.domain.receipt import AckReceipt, FinalReceipt, ScoreReceipt
from exam_engine.service.marking import mark, record_differences
from exam_engine.service.save import save_operations
from exam_engine.service.verify import export_attempt, read_export, verify_receipt
from kit.canonical import digest
from kit.clock import utc_now
from kit.signing import SigningKey
from scripts.cli import app
from tests.conftest import SECRET_KEY, SIGNING_KEY
from tests.exam_engine.store.test_use_cases import Desk
from web.views import final_receipt

KEY = SigningKey(SIGNING_KEY)


@pytest.fixture
async def sat(system, world):
    """A finished attempt: (export, final receipt, the receipt of each acknowledgement)."""
    desk = Desk(system, world)
    seat = await desk.begun()
    items = (await desk.standing(seat)).sequence[:5]
    acknowledged = []
    for n, item in enumerate(items, start=1):
        value = {"base": {"identifier": item.options[0]}}
        ops = (Operation(n, n, "respond", item.version_id, utc_now().timestamp() * 1000, value),)
        answered = await save_operations(
            system.writer,
            system.legal,
            attempt_id=seat.attempt_id,
            seat_id=seat.seat_id,
            batch=OperationBatch(UUID(int=7), ops),
        )
        acknowledged.append(AckReceipt(seat.attempt_id, answered.receipt.seq, answered.receipt.head))
    score = await desk.finish(seat)
    final = final_receipt(score, (await desk.get(seat)).last_seq, KEY)
    async with system.unit() as unit:
        export = await export_attempt(unit, seat.attempt_id, KEY.public_hex)
    return read_export(msgspec.json.encode(export)), final, acknowledged


def check(receipt, export):
    return verify_receipt(receipt, export, KEY.public_hex)


def with_events(export, change):
    return msgspec.structs.replace(export, events=tuple(change(list(export.events))))


def relinked(export):
    """A forger who can write everything computes the whole chain anew."""
    events = [msgspec.structs.replace(event, hash=head) for event, head in links(export.attempt, export.events)]
    scores = [msgspec.structs.replace(one, log_hash=head_of(export.attempt, events)) for one in export.scores]
    return msgspec.structs.replace(export, events=tuple(events), scores=tuple(scores))


def another_answer(events):
    events[3] = msgspec.structs.replace(events[3], payload={"base": {"identifier": "Z"}})
    return events


async def test_every_receipt_that_was_given_fits(sat):
    export, final, acknowledged = sat
    for receipt in (final, *acknowledged, ScoreReceipt(export.scores[0].jws)):
        finding = check(receipt, export)
        assert (finding.holds, finding.wrong, finding.first_difference) == (True, [], None)
    assert "the receipt was signed by the examination system" in check(final, export).checked


async def test_a_changed_answer_is_named(sat):
    export, final, acknowledged = sat
    forged = with_events(export, another_answer)
    finding = check(final, forged)
    assert (finding.holds, finding.first_difference) == (False, 4)
    assert "event 4 (responded" in finding.wrong[0]
    assert check(acknowledged[0], forged).holds, "what came before the change still fits"
    assert not check(acknowledged[1], forged).holds


async def test_a_log_rewritten_whole_fits_no_receipt_that_covers_it(sat):
    export, final, acknowledged = sat
    forged = relinked(with_events(export, another_answer))
    for receipt in (final, *acknowledged[1:], ScoreReceipt(export.scores[0].jws)):
        finding = check(receipt, forged)
        if not isinstance(receipt, ScoreReceipt):
            assert not finding.holds
            assert "rewritten" in finding.wrong[0]
    assert check(acknowledged[0], forged).holds


@pytest.mark.parametrize(
    ("change", "first", "words"),
    [
        (lambda events: events[:4] + events[5:], 5, "event 5 is missing"),
        (lambda events: events[:-1], 8, "is gone"),
        (lambda events: [*events, msgspec.structs.replace(events[-1], seq=9)], 9, "added after the end"),
        (
            lambda events: [msgspec.structs.replace(e, server_at=e.server_at + timedelta(seconds=1)) for e in events],
            1,
            "event 1 (items_appended",
        ),
    ],
    ids=["one lost", "the end lost", "one added", "other times"],
)
async def test_losses_and_additions_are_named(sat, change, first, words):
    export, final, _ = sat
    finding = check(final, with_events(export, change))
    assert (finding.holds, finding.first_difference) == (False, first)
    assert any(words in line for line in finding.wrong)


async def test_a_changed_score_is_found(sat):
    export, final, _ = sat
    record = export.scores[0].record | {"total": 550}
    changed = msgspec.structs.replace(export.scores[0], record=record)
    assert not check(final, msgspec.structs.replace(export, scores=(changed,))).holds
    rehashed = msgspec.structs.replace(changed, record_hash=digest(record))
    finding = check(final, msgspec.structs.replace(export, scores=(rehashed,)))
    assert finding.wrong == ["the score that the receipt names is not among the stored ones"]


async def test_a_forged_or_foreign_receipt_is_refused(sat):
    export, final, _ = sat
    forged = FinalReceipt(final.attempt, final.seq, final.head, final.record_hash).signed(SigningKey("22" * 32))
    assert "not signed with this key" in check(forged, export).wrong[0]
    foreign = msgspec.structs.replace(final, attempt=uuid4()).signed(KEY)
    assert "the receipt is of attempt" in check(foreign, export).wrong[0]


async def test_the_command_line_verifies_offline(sat, tmp_path, monkeypatch):
    export, final, acknowledged = sat
    for name, value in (("good", export), ("bad", with_events(export, another_answer))):
        (tmp_path / name).write_bytes(msgspec.json.encode(value))
    (tmp_path / "receipt.txt").write_text(final.text()[:100] + "\n" + final.text()[100:])

    def verify(receipt, log, *more):
        words = ["attempt", "verify", receipt, "--log", str(tmp_path / log), "--key", KEY.public_hex, *more]
        return CliRunner().invoke(app, words)

    for receipt in (final.text(), str(tmp_path / "receipt.txt"), acknowledged[2].text(), export.scores[0].jws):
        assert (await in_thread(verify, receipt, "good")).exit_code == 0
    told = await in_thread(verify, final.text(), "bad")
    assert told.exit_code == 1
    assert "The first event that differs is number 4" in told.stdout
    as_json = await in_thread(verify, final.text(), "bad", "--json")
    assert msgspec.json.decode(as_json.stdout)["first_difference"] == 4
    assert (await in_thread(verify, "nonsense", "good")).exit_code == 1


async def in_thread(call, *words):
    import asyncio

    return await asyncio.to_thread(call, *words)


async def test_the_command_line_verifies_what_is_stored(sat, system, tmp_path, monkeypatch):
    _, final, acknowledged = sat
    settings = {
        "OMBILIN_DATABASE_URL": system.settings.database_url,
        "OMBILIN_SECRET_KEY": SECRET_KEY,
        "OMBILIN_SIGNING_KEY": SIGNING_KEY,
    }

    def ombilin(*words):
        return CliRunner().invoke(app, list(words), env=settings)

    for receipt in (final, acknowledged[0]):
        told = await in_thread(ombilin, "attempt", "verify", receipt.text())
        assert told.exit_code == 0, told.output
    out = tmp_path / "attempt.json"
    told = await in_thread(ombilin, "attempt", "export", str(final.attempt), "-o", str(out))
    assert re.search(r"8 events, 1 score versions", told.stdout.replace("\n", " "))
    assert check(final, read_export(out.read_bytes())).holds
    unknown = AckReceipt(uuid4(), 1, "00" * 32)
    assert (await in_thread(ombilin, "attempt", "verify", unknown.text())).exit_code == 1


async def test_an_emergency_import_after_the_end_is_told_and_breaks_no_receipt(sat, system):
    """The old receipt still fits its score; the page gives a receipt of the scored log, not of the longer one."""
    export, final, _ = sat
    async with system.unit() as unit:
        attempt, at = await unit.attempts.lock(final.attempt)
        await unit.attempts.append(attempt, "imported", {"actor": "ratna", "reason": "cable"}, at)
        longer = await export_attempt(unit, final.attempt, KEY.public_hex)
        assert await unit.attempts.seq_of(final.attempt, final.head) == final.seq
        (score,) = longer.scores
        marked = await mark(unit, attempt, system.marking, 1, score.log_hash)
        assert record_differences(marked, score.record) == []
    for receipt in (final, ScoreReceipt(score.jws)):
        finding = check(receipt, longer)
        assert (finding.holds, finding.wrong) == (True, [])
        assert any("decided by ratna: cable" in line for line in finding.checked)
    assert check(final, export).holds
