"""Accounts: the limiter as a day on a line, log-ins that tell nothing, and a flood that holds no connection."""

import asyncio
import threading
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import asyncpg
import pytest
from argon2 import PasswordHasher

from kit.accounts import service
from kit.accounts.service import (
    SESSION_HOURS,
    WAITING_LIMIT,
    Limiter,
    WrongCredentials,
    hash_password,
    log_in,
    log_out,
    who_is,
)
from kit.accounts.store import AccountStore, Staff
from kit.errors import TooMany

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
DIGEST = hash_password("correct")
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("correct")


def at(seconds):
    return NOW + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("tries", "refused"),
    [
        ([0, 1, 2], []),
        ([0, 1, 2, 3], [3]),
        ([0, 1, 2, 59.9], [59.9]),
        ([0, 1, 2, 60], []),
        ([0, 1, 2, 3, 4, 60, 60.5], [3, 4, 60.5]),  # a refused try does not prolong the wait
    ],
)
def test_limiter(tries, refused):
    limiter, told, waits = Limiter(3, timedelta(seconds=60)), [], []
    for second in tries:
        try:
            limiter.hit("a", at(second))
        except TooMany as error:
            told.append(second)
            waits.append(error.retry_after_s)
    assert told == refused
    assert all(1 <= wait <= 60 for wait in waits)


def test_keys_do_not_touch_each_other_and_a_success_clears():
    limiter = Limiter(1, timedelta(seconds=60))
    limiter.hit("a", NOW)
    limiter.hit("b", NOW)
    limiter.forget("a")
    limiter.hit("a", NOW)
    with pytest.raises(TooMany):
        limiter.hit("b", NOW)


def test_the_limiter_remembers_a_bounded_number_of_keys():
    limiter = Limiter(1, timedelta(days=1), keys=10)
    for n in range(1000):
        limiter.hit(str(n), NOW)
    assert len(limiter._tries) == 10
    with pytest.raises(TooMany):
        limiter.hit("999", NOW)


@pytest.fixture
async def accounts(pool):
    """Opens one transaction; counts how many are open."""

    @asynccontextmanager
    async def opened():
        async with pool.acquire() as connection, connection.transaction():
            opened.now += 1
            opened.most = max(opened.most, opened.now)
            try:
                yield AccountStore(connection, "ops")
            finally:
                opened.now -= 1

    opened.now = opened.most = 0
    async with opened() as store:
        await store.save(Staff(uuid4(), "ani", "Ani", "proctor"), DIGEST, NOW)
    return opened


@pytest.fixture
def busy():
    """`with busy() as release`: argon2's one worker is busy until the event is set."""

    @contextmanager
    def hold():
        release = threading.Event()
        service._executor.submit(release.wait, 30)
        try:
            yield release
        finally:
            release.set()

    return hold


async def test_a_session_lives_its_hours(accounts):
    staff, token = await log_in(accounts, " ANI ", "correct", NOW)
    assert staff.role == "proctor"
    last = NOW + timedelta(hours=SESSION_HOURS)
    async with accounts() as store:
        assert await who_is(store, token, last - timedelta(seconds=1)) == staff
        assert await who_is(store, token, last) is None
        assert await who_is(store, token + "x", NOW) is None
        assert await who_is(store, None, NOW) is None
        await log_out(store, token)
        assert await who_is(store, token, NOW) is None
        assert [line["action"] for line in await store.audit_lines(None, 5)] == ["staff-login"]


@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("ani", "wrong"),
        ("nobody", "correct"),
        ("", ""),
        ("ani\x00", "correct"),
        ("a" * 70_000, "correct"),
        ("ani", "c" * 70_000),
        ("ani", "correct" + "\x00"),
    ],
)
async def test_a_refusal_is_always_the_same_and_always_waits_for_argon2(accounts, busy, name, password):
    with busy() as release:
        asking = asyncio.create_task(log_in(accounts, name, password, NOW))
        while service._executor._work_queue.empty():
            await asyncio.sleep(0)
        assert not asking.done()
        release.set()
        with pytest.raises(WrongCredentials) as refused:
            await asking
    assert refused.value.facts() == {}


async def test_a_disabled_account_is_nobody(accounts, pool):
    _, token = await log_in(accounts, "ani", "correct", NOW)
    await pool.execute("update ops.staff set disabled_at = now()")
    async with accounts() as store:
        assert await who_is(store, token, NOW) is None
    with pytest.raises(WrongCredentials):
        await log_in(accounts, "ani", "correct", NOW)


async def test_a_flood_is_told_to_come_back_and_holds_no_connection(accounts, busy, pool):
    """Those who wait hold a place in the line, never a connection of the exam."""
    await pool.execute("update ops.staff set password_hash = $1", CHEAP)
    with busy() as release:
        waiting = [asyncio.create_task(log_in(accounts, "ani", "x", NOW)) for _ in range(WAITING_LIMIT)]
        while not service._waiting.locked():
            await asyncio.sleep(0)
        with pytest.raises(TooMany):
            await log_in(accounts, "ani", "x", NOW)
        assert accounts.now == 0
        release.set()
        told = await asyncio.gather(*waiting, return_exceptions=True)
    assert {type(each) for each in told} == {WrongCredentials}


async def test_the_trail_is_append_only(accounts, pool):
    async with accounts() as store:
        await store.audit(NOW, "ani", "looked", "x", {})
    for statement in ("update ops.audit set actor = 'budi'", "delete from ops.audit"):
        with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="append-only"):
            await pool.execute(statement)
