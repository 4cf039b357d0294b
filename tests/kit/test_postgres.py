"""Named statements and the refusal of a server that may lose commits."""

import pytest

from kit.postgres import NotDurable, load_statements, require_durable


def test_statements_are_attributes():
    sql = load_statements("exam_engine.store", "sql/exams.sql")
    assert sql.select_exam.startswith("select id, code")
    with pytest.raises(AttributeError, match=r"sql/exams\.sql has no statement named select_nothing"):
        _ = sql.select_nothing


async def test_a_server_that_may_lose_commits_is_refused(pool):
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("set local synchronous_commit = off")
        with pytest.raises(NotDurable) as refused:
            await require_durable(connection)
    assert "synchronous_commit" in refused.value.settings
