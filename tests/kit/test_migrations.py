"""Migrations apply once, notice an edited file, and the committed snapshots are what they make."""

from pathlib import Path

import pytest

from kit.migrations import MigrationChanged, migrate, schema_snapshot
from kit.postgres import open_connection

SNAPSHOTS = Path(__file__).parents[1] / "schema"


async def test_a_second_run_does_nothing_and_an_edit_is_noticed(fresh_url):
    connection = await open_connection(fresh_url)
    assert await migrate(connection, schema="exam", package="exam_engine.store") == []
    await connection.execute("update exam.migration set sha256 = 'edited'")
    with pytest.raises(MigrationChanged) as refused:
        await migrate(connection, schema="exam", package="exam_engine.store")
    await connection.close()
    assert refused.value.name == "0001_exam.sql"


async def compare(pool, name, schemas):
    async with pool.acquire() as connection:
        made = await schema_snapshot(connection, schemas)
    committed = SNAPSHOTS / name
    if not committed.exists():
        committed.write_text(made, encoding="utf-8")
        pytest.fail(f"{name} was missing and is written now: look at it and commit it")
    assert made == committed.read_text(encoding="utf-8"), f"delete tests/schema/{name}, run again and commit"


async def test_schema_of_the_examination_system(pool):
    await compare(pool, "exam.txt", ["ops", "bank", "exam", "proctor"])


async def test_schema_of_the_admin_module(recruitment_pool):
    await compare(recruitment_pool, "recruitment.txt", ["recruitment"])
