"""A session without candidates, and a writer on its database."""

from uuid import UUID

import pytest

from exam_engine.store.writer import AnswerWriter
from kit.postgres import open_connection

EXAM, SESSION = UUID(int=0xE7A), UUID(int=0x5E55)


@pytest.fixture
async def connection(pool):
    async with pool.acquire() as connection:
        await connection.execute(
            "insert into exam.exam values ($1, 'X', '{}', '{}', 'skd', 'skd-2024', 100, true, '{}', now())", EXAM
        )
        await connection.execute(
            "insert into exam.session values ($1, $2, 'S', now() - interval '1 h', now() + interval '1 h')",
            SESSION,
            EXAM,
        )
        yield connection


@pytest.fixture
async def writer(database_url):
    writer = AnswerWriter(lambda: open_connection(database_url))
    writer.start()
    yield writer
    await writer.stop()
