"""Log in, log out, who is it: argon2id in a bounded executor, so that a flood of log-ins cannot starve an exam.

A wrong name costs the same time as a wrong password and gives the same answer. Only the digest of a session token is
stored.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections import OrderedDict, deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, TypeAlias

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from kit.accounts.store import AccountStore, Staff
from kit.errors import Invalid, NotFound, TooMany, Unauthenticated

Accounts: TypeAlias = Callable[[], AbstractAsyncContextManager[AccountStore]]  # opens one transaction
PASSWORD_MINIMUM = 12
SESSION_HOURS = 10  # one examination day
WAITING_LIMIT = 32  # log-ins that may wait for argon2 before new ones are told to come back

_hasher = PasswordHasher()
_executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="argon2")
_waiting = asyncio.Semaphore(WAITING_LIMIT)
_NOBODY = _hasher.hash(secrets.token_hex(16))


@dataclass(eq=False)
class WrongCredentials(Unauthenticated):
    """Name or secret is wrong; which one is not told."""

    key: ClassVar[str] = "wrong-credentials"


@dataclass(eq=False)
class ShortPassword(Invalid):
    """A new password has fewer than `PASSWORD_MINIMUM` characters."""

    key: ClassVar[str] = "short-password"

    def __str__(self) -> str:
        return f"A password has at least {PASSWORD_MINIMUM} characters."


@dataclass(eq=False)
class NoSuchAccount(NotFound):
    """Nobody has the user name `username`."""

    username: str
    key: ClassVar[str] = "no-such-account"

    def __str__(self) -> str:
        return f"There is no account {self.username}."


class Limiter:
    """At most `limit` tries per key within `window`; remembers at most `keys` keys, the oldest forgotten first."""

    def __init__(self, limit: int, window: timedelta, keys: int = 50_000) -> None:
        self._limit, self._window, self._keys = limit, window, keys
        self._tries: OrderedDict[str, deque[datetime]] = OrderedDict()

    def hit(self, key: str, now: datetime) -> None:
        """Count one try; raises `TooMany` when there were too many."""
        tries = self._tries.setdefault(key, deque(maxlen=self._limit))
        self._tries.move_to_end(key)
        while len(self._tries) > self._keys:
            self._tries.popitem(last=False)
        while tries and tries[0] <= now - self._window:
            tries.popleft()
        if len(tries) >= self._limit:
            raise TooMany(retry_after_s=max(1, round((tries[0] + self._window - now).total_seconds())))
        tries.append(now)

    def forget(self, key: str) -> None:
        """A success clears the count."""
        self._tries.pop(key, None)


def hash_password(password: str) -> str:
    """argon2id with the library's current parameters."""
    return _hasher.hash(password)


def _fits(stored: str, password: str) -> bool:
    try:
        return _hasher.verify(stored, password)
    except (Argon2Error, InvalidHashError):
        return False


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()


async def log_in(accounts: Accounts, username: str, password: str, now: datetime) -> tuple[Staff, str]:
    """The account and a new session token; raises `WrongCredentials` or `TooMany`.

    No database connection is held while argon2 works or is waited for: the exam needs them.
    """
    if _waiting.locked():
        raise TooMany(retry_after_s=2)
    usable = len(username) <= 100 and len(password) <= 1000 and "\0" not in username
    found = None
    if usable:
        async with accounts() as store:
            found = await store.by_username(username.strip().lower())
    stored = found[1] if found else _NOBODY
    async with _waiting:
        loop = asyncio.get_running_loop()
        fits = await loop.run_in_executor(_executor, _fits, stored, password[:1000])
    if found is None or not fits:
        raise WrongCredentials
    token = secrets.token_urlsafe(32)
    staff = found[0]
    async with accounts() as store:
        await store.add_session(_digest(token), staff.id, now, now + timedelta(hours=SESSION_HOURS))
        await store.audit(now, staff.username, "staff-login", str(staff.id), {})
    return staff, token


def check_password(password: str) -> None:
    """Raises `ShortPassword`; length is the one rule."""
    if len(password) < PASSWORD_MINIMUM:
        raise ShortPassword


async def disable(store: AccountStore, username: str, actor: str, now: datetime) -> None:
    """Refuse an account from now on, end its sessions, say so in the audit trail; raises `NoSuchAccount`."""
    found = await store.disable(username.lower(), now)
    if found is None:
        raise NoSuchAccount(username)
    await store.audit(now, actor, "staff-disabled", str(found), {"username": username.lower()})


async def who_is(store: AccountStore, token: str | None, now: datetime) -> Staff | None:
    """The member of staff behind a session token."""
    return await store.by_session(_digest(token), now) if token else None


async def log_out(store: AccountStore, token: str) -> None:
    """End a session."""
    await store.drop_session(_digest(token))
