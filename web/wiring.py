"""The composition root of the examination system: the only place that builds stores and joins them to services."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from uuid import UUID

import structlog
from redis import asyncio as aioredis

from exam_engine.domain.log import SequenceItem
from exam_engine.domain.operations import ItemOptions
from exam_engine.domain.records import Exam, Session
from exam_engine.domain.rulepack import RulePack, parse_rule_pack
from exam_engine.service.item_points import ItemCache
from exam_engine.service.marking import Marking
from exam_engine.service.save import LegalAnswers
from exam_engine.service.start_queue import StartQueue
from exam_engine.store.attempts import AttemptStore
from exam_engine.store.emergency import EmergencyStore
from exam_engine.store.exams import ExamStore
from exam_engine.store.proposals import ProposalStore
from exam_engine.store.scores import ScoreStore
from exam_engine.store.writer import AnswerWriter
from item_bank.domain.blueprint import Blueprint
from item_bank.domain.draw import PoolItem
from item_bank.domain.item import ItemContent
from item_bank.service import catalog
from item_bank.store import BankStore
from kit.accounts.store import AccountStore
from kit.bus import Bus, PostgresBus, RedisBus
from kit.clock import Clock
from kit.gather import Gathered
from kit.migrations import migrate
from kit.postgres import Connection, Pool, load_statements, open_connection, open_pool, require_durable
from kit.signing import SigningKey, derive_key
from proctoring.service.ports import FrameQueue
from proctoring.store.frames import PostgresFrameQueue, RedisFrameQueue
from proctoring.store.store import ProctorStore
from web.settings import Settings

log = structlog.get_logger(__name__)

SQL = load_statements(__package__, "sql/unit.sql")
STAFF_SCHEMA = "ops"
SEQUENCES_AT_ONCE = 50  # of 11 kB each
POOL_TTL_S = 15  # how long the list of approved items of a blueprint, and a session's times, may be old at a start


async def migrate_all(connection: Connection) -> list[str]:
    """Bring every schema of the examination system up to date."""
    applied: list[str] = []
    for schema, package in (
        (STAFF_SCHEMA, "kit.accounts"),
        ("bank", "item_bank.store"),
        ("exam", "exam_engine.store"),
        ("proctor", "proctoring.store"),
    ):
        applied += [f"{package}/{name}" for name in await migrate(connection, schema=schema, package=package)]
    return applied


def load_rule_packs() -> dict[str, RulePack]:
    """Every scoring rule pack that is shipped, by `id-version`'s file name."""
    folder = files("exam_engine").joinpath("rulepacks")
    return {
        entry.name.removesuffix(".toml"): parse_rule_pack(entry.read_bytes())
        for entry in folder.iterdir()
        if entry.name.endswith(".toml")
    }


class Unit:
    """The stores of one transaction, over one connection."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.exams = ExamStore(connection)
        self.attempts = AttemptStore(connection)
        self.scores = ScoreStore(connection)
        self.emergency = EmergencyStore(connection)
        self.proposals = ProposalStore(connection)
        self.bank = BankStore(connection)
        self.proctor = ProctorStore(connection)
        self.accounts = AccountStore(connection, STAFF_SCHEMA)

    @asynccontextmanager
    async def aside(self, what: str, **facts: str) -> AsyncIterator[None]:
        """A savepoint for what may fail without failing the rest: its error is logged, its changes are undone.

        It may also not hold the rest up: inside, a lock is waited for 0.3 s and a statement runs 1 s.
        """
        try:
            async with self.connection.transaction():
                before = await self.connection.fetchrow(SQL.select_limits)
                await self.connection.execute(SQL.limit_aside)
                yield
                await self.connection.execute(SQL.restore_limits, *before)
        except Exception as error:
            log.error(f"{what}-failed", **facts, error=repr(error))


@dataclass(frozen=True)
class Keys:
    """Keys by purpose, all derived from the one secret."""

    seat: bytes
    pin: bytes


class Deps:
    """What the routes and the background tasks of one worker share."""

    def __init__(self, settings: Settings, pool: Pool, clock: Clock) -> None:
        self.settings = settings
        self.pool = pool
        self.clock = clock
        self.keys = Keys(seat=derive_key(settings.secret_key, "seat"), pin=derive_key(settings.secret_key, "pin"))
        self.redis = aioredis.from_url(settings.redis_url) if settings.redis_url else None
        self.bus: Bus = RedisBus(self.redis) if self.redis else PostgresBus(pool, settings.database_url)
        self.frames: FrameQueue = PostgresFrameQueue(pool)
        if self.redis:
            self.frames = RedisFrameQueue(self.redis)
        self.writer = AnswerWriter(lambda: open_connection(settings.database_url, application="ombilin-writer"))
        self.rule_packs = load_rule_packs()
        self.items = ItemCache(self._load_items)
        self._sequences = Gathered(self._load_sequences, SEQUENCES_AT_ONCE)
        self.legal = LegalAnswers(self._load_legal)
        self.marking = Marking(self.items, self.rule_packs, SigningKey(settings.signing_key))
        self.starts = StartQueue(self.unit, self.rule_packs)
        self._looking = asyncio.Lock()
        self._sittings: dict[UUID, tuple[datetime, Session, Exam]] = {}
        self._pools: dict[str, tuple[datetime, Blueprint, Sequence[PoolItem]]] = {}

    @asynccontextmanager
    async def unit(self) -> AsyncIterator[Unit]:
        """One transaction."""
        async with self.pool.acquire() as connection, connection.transaction():
            yield Unit(connection)

    async def _load_items(self, version_ids: Sequence[UUID]) -> Mapping[UUID, ItemContent]:
        async with self.unit() as unit:
            return await catalog.load_versions(unit.bank, version_ids)

    async def _load_sequences(self, attempt_ids: Sequence[UUID]) -> Mapping[UUID, Sequence[SequenceItem]]:
        async with self.unit() as unit:
            return await unit.attempts.sequences(attempt_ids)

    async def _load_legal(self, attempt_id: UUID) -> ItemOptions:
        sequence = await self._sequences.get(attempt_id) or ()
        return await self.items.legal([item.version_id for item in sequence])

    async def item_pool(self, blueprint: str, now: datetime) -> tuple[Blueprint, Sequence[PoolItem]]:
        """The blueprint and its approved items, at most `POOL_TTL_S` old."""
        known = self._pools.get(blueprint)
        if known is None or _is_old(known[0], now):
            async with self._looking:  # everybody comes at once: the first looks for all
                known = self._pools.get(blueprint)
                if known is None or _is_old(known[0], now):
                    async with self.unit() as unit:
                        drawn_by, pool = await catalog.blueprint_pool(unit.bank, blueprint)
                    known = self._pools[blueprint] = (now, drawn_by, pool)
        return known[1], known[2]

    async def sitting(self, session_id: UUID, now: datetime) -> tuple[Session, Exam]:
        """A session and its exam, at most `POOL_TTL_S` old."""
        known = self._sittings.get(session_id)
        if known is None or _is_old(known[0], now):
            async with self._looking:
                known = self._sittings.get(session_id)
                if known is None or _is_old(known[0], now):
                    async with self.unit() as unit:
                        session = await unit.exams.session(session_id)
                        exam = await unit.exams.exam(session.exam_id)
                    known = self._sittings[session_id] = (now, session, exam)
        return known[1], known[2]

    async def close(self) -> None:
        """Drain the writer, then let go of everything."""
        await self.writer.stop()
        await self.bus.close()
        if self.redis:
            await self.redis.aclose()
        await self.pool.close()


def _is_old(since: datetime, now: datetime) -> bool:
    return (now - since).total_seconds() > POOL_TTL_S


async def open_deps(settings: Settings, clock: Clock) -> Deps:
    """Open the pool, refuse a server that may lose commits, start the writer."""
    pool = await open_pool(settings.database_url, min_size=2, max_size=settings.pool_size)
    if not settings.allow_unsafe_postgres:
        async with pool.acquire() as connection:
            await require_durable(connection)
    deps = Deps(settings, pool, clock)
    deps.writer.start()
    return deps
