"""`ombilin change-key` and `ombilin rescore` as their users meet them: passwords asked, refusals in words."""

import asyncio

import msgspec
import pytest
from typer.testing import CliRunner

from scripts.cli import app
from tests.conftest import SECRET_KEY, SIGNING_KEY
from tests.exam_engine.store.test_rescore import sit, wrong_item
from tests.exam_engine.store.test_use_cases import Desk


@pytest.fixture
async def ombilin(system, world):
    """`await ombilin("rescore", ..., answers=2)`: a command that is given the password so many times."""
    await system.pool.execute("truncate bank.key_change")
    settings = {
        "OMBILIN_DATABASE_URL": system.settings.database_url,
        "OMBILIN_SECRET_KEY": SECRET_KEY,
        "OMBILIN_SIGNING_KEY": SIGNING_KEY,
        "OMBILIN_ALLOW_UNSAFE_POSTGRES": "true",
        "COLUMNS": "200",
    }

    async def invoke(*words, answers=0, password=world.password):
        typed = f"{password}\n" * answers
        return await asyncio.to_thread(CliRunner().invoke, app, list(words), input=typed, env=settings)

    yield invoke
    await system.pool.execute("truncate bank.key_change")


async def test_a_key_is_changed_previewed_and_applied(ombilin, system, world):
    desk = Desk(system, world)
    seat, first = await sit(desk, "T-001")
    version, chosen = await wrong_item(desk, seat)
    change = ("change-key", str(version), "--reason", "both are right", "--right", chosen)
    assert (await ombilin(*change, "--by", "proctor", answers=1)).exit_code == 1, "a role that may not"
    assert (await ombilin(*change, "--by", "reviewer", answers=1, password="wrong")).exit_code == 1
    told = await ombilin(*change, "--by", "reviewer", answers=1)
    assert told.exit_code == 0, told.output
    assert "Edition 2 of the keys" in told.stdout
    session = ("rescore", "--session", world.session_code)
    told = await ombilin(*session, "--preview", "--formations", "PRW-01=3", "--json")
    found = msgspec.json.decode(told.stdout)
    assert (found["marks_change"], found["scored"]) == (1, 1)
    assert "1 of 1 scores change" in (await ombilin(*session)).stdout
    apply = (*session, "--apply", "--reason", "KEY-1", "--expect", (await fingerprint(ombilin, session)))
    for approvers, answers, words in (
        ((), 0, "needs two times --approver"),
        (("releaser", "releaser"), 2, "same-approver"),
        (("releaser", "auditor"), 2, "auditor may not do this"),
    ):
        refused = await ombilin(*apply, *(w for each in approvers for w in ("--approver", each)), answers=answers)
        assert refused.exit_code == 1
        assert words in refused.output
    told = await ombilin(*apply, "--approver", "releaser", "--approver", "administrator", answers=2)
    assert told.exit_code == 0, told.output
    assert "1 new score versions, approved by releaser and administrator" in told.stdout
    async with system.unit() as unit:
        newest = await unit.scores.latest(seat.attempt_id)
    assert (newest.version, newest.record["total"]) == (2, first.record["total"] + 5)
    trail = await system.pool.fetch("select action from ops.audit where action in ('key-changed', 'rescored')")
    assert sorted(row["action"] for row in trail) == ["key-changed", "rescored", "rescored"]


async def fingerprint(ombilin, session):
    return msgspec.json.decode((await ombilin(*session, "--json")).stdout)["fingerprint"]


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("--right", "A", "--full"),
        ("--points", "A"),
        ("--right", "Z"),
    ],
)
async def test_a_key_that_makes_no_sense_is_refused(ombilin, system, world, words):
    version = await system.pool.fetchval("select id from bank.item_version limit 1")
    told = await ombilin("change-key", str(version), "--reason", "r", "--by", "reviewer", *words, answers=1)
    assert told.exit_code == 1
    assert await system.pool.fetchval("select count(*) from bank.key_change") == 0
