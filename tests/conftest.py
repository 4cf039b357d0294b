"""Fixtures that need PostgreSQL: one real server per test run, an empty migrated database for each test that asks.

Domain tests ask for none of these, so they need no service. `OMBILIN_TEST_DATABASE_URL` (a superuser's) replaces the
embedded server. `pool` is one database emptied before each test, the quickest; `fresh_url` is a clone for those that
change the schema or the server's state.
"""

import itertools
import os
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID, uuid4, uuid5

import asyncpg
import pytest
from argon2 import PasswordHasher
from hypothesis import HealthCheck, settings

from kit.clock import utc_now
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
        await admin.execute(f"create database {name} template {template} strategy file_copy")
        yield with_database(server_url, name)
        await admin.execute(f"drop database {name} with (force)")
    finally:
        await admin.close()


EMPTY = """
do $$ begin
    execute (select 'truncate ' || string_agg(format('%I.%I', schemaname, tablename), ', ') || ' restart identity'
             from pg_tables where schemaname = any('{{{schemas}}}') and tablename <> 'migration');
end $$
"""


@pytest.fixture(scope="session")
async def _shared_url(server_url, exam_template) -> AsyncIterator[str]:
    async for url in _clone(server_url, exam_template):
        yield url


@pytest.fixture(scope="session")
async def _shared_pool(_shared_url) -> AsyncIterator[asyncpg.Pool]:
    pool = await open_pool(_shared_url)
    yield pool
    await pool.close()


@pytest.fixture
async def pool(_shared_pool) -> asyncpg.Pool:
    """A pool on an empty database of the examination system."""
    await _shared_pool.execute(EMPTY.format(schemas="ops,bank,exam,proctor"))
    return _shared_pool


@pytest.fixture
def database_url(pool, _shared_url) -> str:
    """The address of the same database."""
    return _shared_url


@pytest.fixture
async def fresh_url(server_url, exam_template) -> AsyncIterator[str]:
    """A database of the examination system that nobody else sees."""
    async for url in _clone(server_url, exam_template):
        yield url


@pytest.fixture(scope="session")
async def _shared_recruitment_pool(server_url, recruitment_template) -> AsyncIterator[asyncpg.Pool]:
    async for url in _clone(server_url, recruitment_template):
        pool = await open_pool(url)
        yield pool
        await pool.close()


@pytest.fixture
async def recruitment_pool(_shared_recruitment_pool) -> asyncpg.Pool:
    """A pool on an empty database of the admin module."""
    await _shared_recruitment_pool.execute(EMPTY.format(schemas="recruitment"))
    return _shared_recruitment_pool


@pytest.fixture
async def recruitment_fresh_url(server_url, recruitment_template) -> AsyncIterator[str]:
    """A database of the admin module that nobody else sees."""
    async for url in _clone(server_url, recruitment_template):
        yield url


SECRET_KEY, SIGNING_KEY = "22" * 32, "11" * 32  # of throw-away databases
BASE_URL = "http://exam.test"
ROLES = ("proctor", "lead_proctor", "author", "reviewer", "releaser", "auditor", "administrator")


@dataclass(frozen=True)
class World:
    """What every copy of the demo database holds: the SKD bank, one exam, one open session, people."""

    session_id: UUID
    session_code: str
    numbers: tuple[str, ...]  # candidates; the last one has 30 minutes more
    pin: str
    password: str  # of every member of staff; the user name is the role

    def participant(self, number: str) -> UUID:
        """The id of a candidate."""
        return uuid5(self.session_id, number)

    def settings(self, database_url: str, **changes: Any) -> Any:
        """Settings of an examination system on a copy."""
        from web.settings import Settings

        fixed = {"secret_key": SECRET_KEY, "signing_key": SIGNING_KEY, "base_url": BASE_URL}
        return Settings(database_url=database_url, allow_unsafe_postgres=True, **(fixed | changes))


WORLD = World(UUID(int=0xE), "SKD-TEST", tuple(f"T-{n:03}" for n in range(1, 21)), "TEST-1234", "correct horse battery")


@pytest.fixture(scope="session")
def world() -> World:
    return WORLD


def cheap_digest(password: str) -> str:
    """argon2id that takes no time: tests log in often."""
    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(password)


@pytest.fixture(scope="session", name="cheap_digest")
def _cheap_digest():
    return cheap_digest


async def _fill_demo(connection: asyncpg.Connection) -> None:
    from exam_engine.domain.records import Exam, Participant, Session
    from exam_engine.service.seat import pin_digest
    from kit.accounts.store import Staff
    from kit.signing import derive_key
    from scripts.commands.demo import load_bank
    from web.wiring import Unit

    now, unit, pin_key = utc_now(), Unit(connection), derive_key(SECRET_KEY, "pin")
    await load_bank(unit)
    exam = Exam(
        id=uuid4(),
        code="SKD-2026",
        title={"id": "Uji coba", "en": "Try-out"},
        instructions={"id": ["Satu"], "en": ["One"]},
        blueprint="skd",
        rule_pack="skd-2024",
        minutes=100,
        board=True,
        proctoring={"camera": False, "frame_interval_s": 5, "fullscreen": True},
    )
    await unit.exams.add_exam(exam, now)
    hour = timedelta(hours=1)
    await unit.exams.add_session(Session(WORLD.session_id, exam.id, WORLD.session_code, now - hour, now + 9 * hour))
    await unit.exams.add_participants(
        [
            Participant(
                id=WORLD.participant(number),
                session_id=WORLD.session_id,
                number=number,
                name=f"Name of {number}",
                pin_digest=pin_digest(pin_key, number, WORLD.pin),
                track="general",
                vacancy="PRW-01",
                extra_minutes=30 if number == WORLD.numbers[-1] else 0,
            )
            for number in WORLD.numbers
        ]
    )
    digest = cheap_digest(WORLD.password)
    for role in ROLES:
        await unit.accounts.save(Staff(uuid5(WORLD.session_id, role), role, f"Name of {role}", role), digest, now)


@pytest.fixture(scope="session")
async def demo_template(server_url, exam_template) -> str:
    """The examination system with the demo bank and a small session, loaded once."""
    from kit.postgres import open_connection

    admin = await asyncpg.connect(with_database(server_url, "postgres"))
    await admin.execute("drop database if exists template_demo with (force)")
    await admin.execute(f"create database template_demo template {exam_template}")
    await admin.close()
    connection = await open_connection(with_database(server_url, "template_demo"))
    async with connection.transaction():
        await _fill_demo(connection)
    await connection.close()
    return "template_demo"


@pytest.fixture
async def demo_url(server_url, demo_template) -> AsyncIterator[str]:
    """A fresh copy of the demo database."""
    async for url in _clone(server_url, demo_template):
        yield url


RESET = (
    EMPTY.format(schemas="proctor")
    + """;
truncate exam.proposal, exam.approval;
update exam.participant set extra_minutes = 0 where extra_minutes not in (0, 30);
truncate exam.attempt, exam.event, exam.response, exam.flag, exam.score, exam.outbox, ops.audit, ops.staff_session;
update exam.session set chain_head = repeat('0', 64) where chain_head <> repeat('0', 64);
update exam.participant set track = 'general' where track <> 'general';
"""
)


@pytest.fixture(scope="session")
async def _shared_system(server_url, demo_template, world):
    from web.wiring import open_deps

    async for url in _clone(server_url, demo_template):
        deps = await open_deps(world.settings(url, pool_size=6), utc_now)
        yield deps
        await deps.close()


@pytest.fixture
async def system(_shared_system):
    """What the routes and workers of one examination system share; nobody has taken a seat yet."""
    await _shared_system.pool.execute(RESET)
    return _shared_system
