"""The composition root of the admin module: the only place that builds its store."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.resources import files

from kit.clock import Clock
from kit.migrations import migrate
from kit.postgres import Connection, Pool, open_pool, require_durable
from recruitment.domain.rulepack import RulePack, parse_rule_pack
from recruitment.service.ports import RecruitmentPort
from recruitment.settings import Settings
from recruitment.store.store import RecruitmentStore
from recruitment.web.deps import Deps

SCHEMA = "recruitment"


async def migrate_all(connection: Connection) -> list[str]:
    """Bring the schema up to date; the accounts come first, the own tables use their guard against changes."""
    applied: list[str] = []
    for package in ("kit.accounts", "recruitment.store"):
        applied += [f"{package}/{name}" for name in await migrate(connection, schema=SCHEMA, package=package)]
    return applied


def load_rule_packs() -> dict[str, RulePack]:
    """Every selection rule pack that is shipped, by file name without its ending."""
    return {
        entry.name.removesuffix(".toml"): parse_rule_pack(entry.read_bytes())
        for entry in files("recruitment").joinpath("rulepacks").iterdir()
        if entry.name.endswith(".toml")
    }


@asynccontextmanager
async def open_unit(pool: Pool) -> AsyncIterator[RecruitmentPort]:
    """One transaction."""
    async with pool.acquire() as connection, connection.transaction():
        yield RecruitmentStore(connection)


def build_deps(settings: Settings, pool: Pool, clock: Clock) -> Deps:
    """Join the stores, the rule packs and the settings."""
    return Deps(settings, pool, clock, lambda: open_unit(pool), load_rule_packs())


async def open_deps(settings: Settings, clock: Clock) -> Deps:
    """Open the pool; refuse a server that may lose commits."""
    pool = await open_pool(
        settings.recruitment_database_url, max_size=settings.recruitment_pool_size, application="ombilin-recruitment"
    )
    if not settings.allow_unsafe_postgres:
        async with pool.acquire() as connection:
            await require_durable(connection)
    return build_deps(settings, pool, clock)
