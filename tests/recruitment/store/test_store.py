"""The store on a real PostgreSQL: unique stays unique, append-only cannot be changed, filters filter."""

from datetime import timedelta
from uuid import UUID, uuid4

import asyncpg
import pytest

from recruitment.demo import load_demo
from recruitment.domain.inbox import Received, Verdict
from recruitment.domain.records import Delivery
from recruitment.service.receive_score import receive_score
from recruitment.store.store import NoSuchVacancy, RecruitmentStore
from recruitment.wiring import open_unit


async def counts(pool) -> tuple[int, int, int]:
    async with pool.acquire() as connection:
        found = await RecruitmentStore(connection).counts()
    return found.vacancies, found.applicants, found.waiting


async def receive(pool, sender, record, now, body=None):
    body = body or sender.body(record)
    async with open_unit(pool) as unit:
        return await receive_score(unit, sender.headers(record, body, now), body, sender.key.public_hex, now)


async def test_demo_is_idempotent(recruitment_pool, participants, now):
    for later in (timedelta(0), timedelta(days=3)):
        await load_demo(recruitment_pool, participants, now=now + later)
        assert await counts(recruitment_pool) == (4, 240, 240)


async def test_vacancy_round_trip(demo_pool):
    async with open_unit(demo_pool) as unit:
        vacancy = await unit.vacancy("PRW-01")
        assert vacancy.title == {"id": "Perawat Ahli Pertama", "en": "Nurse, first level"}
        assert (vacancy.formasi, vacancy.tracks) == (2, ("general", "cumlaude", "disability"))
        assert [each.weight for each in vacancy.assessments] == ["40", "60"]
        assert vacancy.schedule[0].starts_on.isoformat() == "2025-07-20"
        assert sorted((line.vacancy.code, line.applicants) for line in await unit.vacancies()) == [
            ("AKB-01", 40),
            ("GRU-01", 90),
            ("PKM-01", 50),
            ("PRW-01", 60),
        ]
        with pytest.raises(NoSuchVacancy):
            await unit.vacancy("NONE")


async def test_unannounced_vacancies_are_not_public(demo_pool, now):
    async with open_unit(demo_pool) as unit:
        assert len(await unit.announced(now)) == 4
        assert await unit.announced(now - timedelta(days=29)) == []


@pytest.mark.parametrize(
    ("vacancy", "text", "number"),
    [
        (None, None, 240),
        ("PRW-01", None, 60),
        (None, "24-1373-00001", 10),
        ("PRW-01", "24-1373-000001", 1),
        ("GRU-01", "24-1373-000001", 0),
        (None, "yuliana da", 2),
        (None, "da 24-1373 YULIANA", 2),  # words in any order, over name and number
        (None, "%", 0),  # the wildcards of LIKE are letters here
        (None, "_", 0),
        (None, "\\", 0),
        ("NONE", None, 0),
    ],
)
async def test_filters_of_applicants(demo_pool, vacancy, text, number):
    async with open_unit(demo_pool) as unit:
        assert await unit.count_applicants(vacancy, text) == number
        assert len(await unit.applicants(vacancy, text, 300, 0)) == number
        assert len(await unit.applicants(vacancy, text, 50, 200)) == max(0, min(50, number - 200))


async def test_a_delivery_is_kept_as_it_came(demo_pool, sender, participants, now):
    record = sender.record(participants[0]["id"])
    body = sender.body(record)
    assert (await receive(demo_pool, sender, record, now)).verdict is Verdict.APPLIED
    async with open_unit(demo_pool) as unit:
        (line,) = await unit.deliveries(10, 0)
        assert (bytes(line.raw), line.verdict, line.number) == (body, "applied", participants[0]["number"])
        found = await unit.delivery(sender.source, str(record.event_id))
        assert isinstance(found, Received)
        assert await unit.latest_version(record.participant_id, record.exam_id, 1) == 1
        assert await unit.latest_version(record.participant_id, record.exam_id, 2) is None


@pytest.mark.parametrize("table", ["inbox", "quarantine", "score"])
@pytest.mark.parametrize("change", ["update recruitment.{} set received_at = now()", "delete from recruitment.{}"])
async def test_evidence_cannot_be_changed(demo_pool, sender, participants, now, *, table, change):
    record = sender.record(participants[0]["id"])
    await receive(demo_pool, sender, record, now)
    await receive(demo_pool, sender, record, now, body=sender.body(record, subject=str(uuid4())))
    async with demo_pool.acquire() as connection:
        with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="append-only"):
            await connection.execute(change.format(table))


async def test_a_score_version_exists_once(demo_pool, sender, participants, now):
    record = sender.record(participants[0]["id"])
    await receive(demo_pool, sender, record, now)
    async with demo_pool.acquire() as connection, connection.transaction():
        other = Delivery(sender.source, str(uuid4()), "f" * 64, b"{}", now)
        await RecruitmentStore(connection).add_delivery(other, Verdict.APPLIED, ())
        with pytest.raises(asyncpg.UniqueViolationError):
            await connection.execute(
                "insert into recruitment.score select participant_id, exam_id, attempt, score_version, session_id,"
                " vacancy_code, record, record_hash, jws, source, $1, received_at from recruitment.score",
                other.event_id,
            )


async def test_the_newest_version_of_the_newest_attempt_counts(demo_pool, sender, participants, now):
    person = participants[0]["id"]
    sent = [
        sender.record(person, (90, 115, 185)),
        sender.record(person, (95, 115, 185), attempt=2),
        sender.record(person, (100, 115, 185), attempt=1, score_version=2, supersedes=1, reason=None),
    ]
    for record in sent[:2]:
        assert (await receive(demo_pool, sender, record, now)).verdict is Verdict.APPLIED
    refused = await receive(demo_pool, sender, sent[2], now)
    assert (refused.verdict, refused.problems) == (Verdict.INCONSISTENT, ("a correction has no reason",))
    async with open_unit(demo_pool) as unit:
        standing = next(each for each in await unit.standings("PRW-01") if each.participant_id == UUID(person))
    assert standing.record["total"] == 395


async def test_scores_of_another_exam_do_not_count(recruitment_pool, sender, participants, now):
    await load_demo(recruitment_pool, participants, now=now, exam_code="SKD-2026")
    tryout = sender.record(participants[0]["id"], exam_id="TRYOUT")
    assert (await receive(recruitment_pool, sender, tryout, now)).verdict is Verdict.APPLIED
    async with open_unit(recruitment_pool) as unit:
        assert all(each.record is None for each in await unit.standings("PRW-01"))
        assert (await unit.counts()).waiting == 240
