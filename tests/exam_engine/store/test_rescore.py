"""A corrected key against real scores: preview, two approvers, one more version, nothing overwritten, and the alarm."""

import asyncio
from dataclasses import replace

import asyncpg
import msgspec
import pytest

from exam_engine.domain.attempt import Action
from exam_engine.domain.second_opinion import second_opinion
from exam_engine.service.finish import finish
from exam_engine.service.marking import mark, record_differences
from exam_engine.service.rescore import NoReason, PreviewChanged, SameApprover, apply, preview
from item_bank.domain.keys import BadKey, KeyChange
from item_bank.service.catalog import change_key
from kit.canonical import digest
from kit.clock import utc_now
from kit.handover import parse_record
from kit.signing import verify_record
from scripts.commands.recompute import mismatches
from tests.exam_engine.store.test_use_cases import Desk, answer_all

WHO = ("ratna", "bayu")


@pytest.fixture
async def desk(system, world):
    await system.pool.execute("truncate bank.key_change")
    yield Desk(system, world)
    await system.pool.execute("truncate bank.key_change")


async def sit(desk, number):
    seat = await desk.begun(number)
    await answer_all(desk, seat)
    return seat, await desk.finish(seat)


async def wrong_item(desk, seat):
    """The version of a TWK item that this candidate answered wrongly, and the option that was chosen."""
    standing = await desk.standing(seat)
    contents = await desk.deps.items.contents([item.version_id for item in standing.sequence])
    for item in standing.sequence:
        chosen = standing.responses[item.version_id]["base"]["identifier"]
        declared = contents[item.version_id].responses[0]
        if item.section == "TWK" and declared.correct["base"]["identifier"] != chosen:
            return item.version_id, chosen
    raise AssertionError("all right by chance")


async def change(desk, version, rule="right", *options):
    async with desk.deps.unit() as unit:
        return await change_key(unit.bank, KeyChange(version, rule, "two right answers", "ratna", utc_now(), options))


async def look(desk, **facts):
    async with desk.deps.unit() as unit:
        return await preview(unit, desk.world.session_id, desk.deps.marking, **facts)


async def apply_it(desk, approvers=WHO, reason="KEY-1", **facts):
    async with desk.deps.unit() as unit:
        return await apply(
            unit, desk.world.session_id, desk.deps.marking, approvers=approvers, reason=reason, at=utc_now(), **facts
        )


async def test_without_a_change_nothing_moves(desk):
    await sit(desk, "T-001")
    found = await look(desk)
    assert (found.edition, found.scored, found.moves) == (1, 1, [])
    assert await apply_it(desk) == []


async def test_a_corrected_key_is_previewed_then_applied_as_one_more_version(desk):
    seat, first = await sit(desk, "T-001")
    await sit(desk, "T-002")
    version, chosen = await wrong_item(desk, seat)
    assert await change(desk, version, "right", chosen) == 2
    found = await look(desk)
    (move,) = [each for each in found.moves if each.number == "T-001"]
    assert move.after.total == move.before.total + 5
    assert (await desk.sql("select count(*) from exam.score"))[0]["count"] == 2, "a preview writes nothing"
    made = await apply_it(desk, expected=found.fingerprint)
    second = next(score for score in made if score.attempt_id == seat.attempt_id)
    record = parse_record(verify_record(second.jws, desk.deps.marking.signing_key.public_hex))
    assert (record.score_version, record.supersedes, record.key_version) == (2, 1, 2)
    assert record.total == first.record["total"] + 5
    assert (record.reason.code, record.reason.approvers) == ("KEY-1", WHO)
    async with desk.deps.unit() as unit:
        versions = await unit.scores.versions(seat.attempt_id)
        assert [each.version for each in versions] == [1, 2]
        kept = versions[0]
        assert (kept.jws, digest(kept.record)) == (first.jws, first.record_hash), "the first version stays as it was"
        assert await unit.scores.outbox_counts() == (2 + len(made), 0)
        attempt = await unit.attempts.get(seat.attempt_id)
        for score in versions:
            marked = await mark(unit, attempt, desk.deps.marking, score.record["key_version"])
            assert record_differences(marked, score.record) == [], "each version follows from the keys of its edition"
    async with desk.deps.pool.acquire() as connection:
        assert await mismatches(connection, desk.world.session_id) == (2, [])
    assert await apply_it(desk) == [], "a second time nothing is left to do"


async def test_a_void_item_lifts_everybody_who_had_it_wrong(desk):
    seat, first = await sit(desk, "T-001")
    version, _ = await wrong_item(desk, seat)
    await change(desk, version, "full")
    made = await apply_it(desk)
    assert [score.record["total"] for score in made if score.attempt_id == seat.attempt_id] == [
        first.record["total"] + 5
    ]


async def test_a_score_made_after_the_change_uses_it_at_once(desk):
    seat = await desk.begun("T-001")
    await answer_all(desk, seat)
    version, chosen = await wrong_item(desk, seat)
    await change(desk, version, "right", chosen)
    score = await desk.finish(seat)
    assert score.record["key_version"] == 2
    assert (await look(desk)).moves == []


@pytest.mark.parametrize(
    ("facts", "refusal"),
    [
        ({"approvers": ("ratna", "ratna")}, SameApprover),
        ({"reason": " "}, NoReason),
        ({"expected": "another"}, PreviewChanged),
    ],
)
async def test_what_is_refused_changes_nothing(desk, facts, refusal):
    seat, _ = await sit(desk, "T-001")
    version, chosen = await wrong_item(desk, seat)
    await change(desk, version, "right", chosen)
    with pytest.raises(refusal):
        await apply_it(desk, **facts)
    assert (await desk.sql("select count(*) from exam.score"))[0]["count"] == 1


async def test_two_rescorings_at_once_make_one_version(desk):
    seat, _ = await sit(desk, "T-001")
    version, chosen = await wrong_item(desk, seat)
    await change(desk, version, "right", chosen)
    made = await asyncio.gather(apply_it(desk), apply_it(desk))
    assert sorted(map(len, made)) == [0, 1]


async def test_ranks_and_the_cut_off_are_previewed(desk):
    """Two pass nothing yet: the ranking is over those who pass, so thresholds are lowered for this test's pack."""
    seats = [await sit(desk, number) for number in desk.world.numbers[:4]]
    packs = {}
    for name, pack in desk.deps.marking.rule_packs.items():
        lowered = {track: msgspec.structs.replace(one, sections={}, total=None) for track, one in pack.track.items()}
        packs[name] = msgspec.structs.replace(pack, track=lowered)
    marking = replace(desk.deps.marking, rule_packs=packs)
    async with desk.deps.unit() as unit:
        found = await preview(unit, desk.world.session_id, marking, {"PRW-01": 1})
    assert (found.scored, found.newly_passed) == (4, 4)
    ranks = sorted(move.after.rank for move in found.moves)
    totals = sorted((score.record["total"] for _, score in seats), reverse=True)
    assert ranks[0] == 1
    assert len(ranks) == 4
    assert [move.after.inside for move in sorted(found.moves, key=lambda each: each.after.rank)][:3] == [True] * 3
    assert totals[0] == next(move.after.total for move in found.moves if move.after.rank == 1)


async def test_a_disagreement_withholds_the_score_and_is_told(desk):
    def mistaken(*facts):
        opinion = second_opinion(*facts)
        return opinion | {"total": opinion["total"] + 1}

    def broken(*facts):
        raise ZeroDivisionError

    for number, second in (("T-001", mistaken), ("T-002", broken)):
        seat = await desk.begun(number)
        await answer_all(desk, seat)
        async with desk.deps.unit() as unit:
            score = await finish(unit, seat.attempt_id, Action.SUBMIT, replace(desk.deps.marking, second=second))
        record = parse_record(verify_record(score.jws, desk.deps.marking.signing_key.public_hex))
        assert (record.status, record.sections, record.total, record.passed) == ("pending_manual", (), 0, None)
    found = await look(desk)
    assert [move.after.status for move in found.moves] == ["final", "final"]
    made = await apply_it(desk, reason="SCORER-FIXED")
    assert [score.record["status"] for score in made] == ["final", "final"]
    assert all(score.record["total"] > 0 for score in made)


async def test_a_key_change_is_kept_and_checked(desk):
    seat, _ = await sit(desk, "T-001")
    version, chosen = await wrong_item(desk, seat)
    with pytest.raises(BadKey):
        await change(desk, version, "right", "Z")
    editions = await asyncio.gather(*(change(desk, version, "right", chosen) for _ in range(4)))
    assert sorted(editions) == [2, 3, 4, 5]
    for statement in ("update bank.key_change set reason = 'x'", "delete from bank.key_change"):
        with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="append-only"):
            await desk.sql(statement)


@pytest.mark.parametrize("approvers", [("ratna", "ratna"), ("ratna", ""), ()])
async def test_the_database_itself_wants_two_approvers(desk, approvers):
    _, score = await sit(desk, "T-001")
    record = score.record | {"score_version": 2, "supersedes": 1, "reason": {"approvers": list(approvers)}}
    with pytest.raises(asyncpg.CheckViolationError, match="score_two_approvers"):
        await desk.sql(
            "insert into exam.score (attempt_id, version, event_id, session_id, record, record_hash, log_hash, jws,"
            " created_at) values ($1, 2, gen_random_uuid(), $2, $3, '', '', '', now())",
            score.attempt_id,
            desk.world.session_id,
            record,
        )


async def test_an_attempt_does_not_go_away(desk):
    await desk.begun("T-001")
    with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="append-only"):
        await desk.sql("delete from exam.attempt")
