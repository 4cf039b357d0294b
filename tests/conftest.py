"""Fixtures that need PostgreSQL: one real server per test run, one fresh migrated database per test that asks.

Domain tests ask for none of these, so they need no service. `OMBILIN_TEST_DATABASE_URL` (a superuser's) replaces the
embedded server. A migrated template is cloned for each test, which takes a few milliseconds.
"""

import itertools
import os
from collections.abc import AsyncIterator, Iterator
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest
from hypothesis import HealthCheck, settings

from kit.postgres import open_pool

# speed is measured by benchmarks, never by a test: these machines are shared and slow at times
settings.register_profile("ombilin", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("ombilin")

_numbers = itertools.count(1)


def with_database(url: str, name: str) -> str:
    """The same server, another database."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


@pytest.fixture(scope="session")
def server_url(tmp_path_factory) -> Iterator[str]:
    """A superuser's address of a real PostgreSQL."""
    given = os.environ.get("OMBILIN_TEST_DATABASE_URL")
    if given:
        yield given
        return
    from kit.embedded import EmbeddedPostgres

    server = EmbeddedPostgres(tmp_path_factory.mktemp("pg"), durable=False)
    yield server.start()
    server.erase()


async def _template(server_url: str, name: str, migrate_all) -> str:
    admin = await asyncpg.connect(with_database(server_url, "postgres"))
    await admin.execute(f"drop database if exists {name} with (force)")
    await admin.execute(f"create database {name}")
    await admin.close()
    connection = await asyncpg.connect(with_database(server_url, name))
    await migrate_all(connection)
    await connection.close()
    return name


@pytest.fixture(scope="session")
async def exam_template(server_url) -> str:
    """A database with the schemas of the examination system."""
    from web.wiring import migrate_all

    return await _template(server_url, "template_exam", migrate_all)


@pytest.fixture(scope="session")
async def recruitment_template(server_url) -> str:
    """A database with the schema of the admin module."""
    from recruitment.wiring import migrate_all

    return await _template(server_url, "template_recruitment", migrate_all)


async def _clone(server_url: str, template: str) -> AsyncIterator[str]:
    name = f"test_{os.getpid()}_{next(_numbers)}"
    admin = await asyncpg.connect(with_database(server_url, "postgres"))
    try:
        await admin.execute(f"create database {name} template {template}")
        yield with_database(server_url, name)
        await admin.execute(f"drop database {name} with (force)")
    finally:
        await admin.close()


@pytest.fixture
async def database_url(server_url, exam_template) -> AsyncIterator[str]:
    """A fresh database of the examination system."""
    async for url in _clone(server_url, exam_template):
        yield url


@pytest.fixture
async def pool(database_url) -> AsyncIterator[asyncpg.Pool]:
    """A pool on a fresh database of the examination system."""
    pool = await open_pool(database_url)
    yield pool
    await pool.close()


@pytest.fixture
async def recruitment_database_url(server_url, recruitment_template) -> AsyncIterator[str]:
    """A fresh database of the admin module."""
    async for url in _clone(server_url, recruitment_template):
        yield url


@pytest.fixture
async def recruitment_pool(recruitment_database_url) -> AsyncIterator[asyncpg.Pool]:
    """A pool on a fresh database of the admin module."""
    pool = await open_pool(recruitment_database_url)
    yield pool
    await pool.close()
