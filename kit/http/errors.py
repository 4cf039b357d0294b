"""Typed error -> HTTP status and words. The only place that knows statuses.

Each key has a title (what happened) and a next step (what to do now). Products add their own keys; a key that has no
words of its own takes those of its family.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias

import asyncpg
import structlog

from kit.errors import (
    Conflict,
    Fault,
    Forbidden,
    Invalid,
    Locked,
    NotFound,
    TooEarly,
    TooMany,
    Unauthenticated,
    Unavailable,
)
from kit.http.formats import N_

log = structlog.get_logger(__name__)

Translate: TypeAlias = Callable[[str], str]

_STATUS: tuple[tuple[type[Fault], int], ...] = (
    (Unauthenticated, 401),
    (Forbidden, 403),
    (NotFound, 404),
    (Conflict, 409),
    (Invalid, 422),
    (Locked, 423),
    (TooEarly, 425),
    (TooMany, 429),
    (Unavailable, 503),
    (Fault, 500),
)


@dataclass(eq=False)
class Disturbed(Unavailable):
    """The database does not answer."""

    key: ClassVar[str] = "disturbed"


@dataclass(frozen=True)
class Words:
    """The English message ids of one error; `%(name)s` is filled with the error's facts."""

    title: str
    next_step: str


MESSAGES: dict[str, Words] = {
    "unauthenticated": Words(N_("You are not logged in"), N_("Log in and try again.")),
    "wrong-credentials": Words(
        N_("The name or the password is not right"), N_("Check both and try again; capital letters count.")
    ),
    "bad-signature": Words(N_("The signature does not hold"), N_("Check the key and the clock of the sender.")),
    "forbidden": Words(N_("You may not do this"), N_("Ask an administrator for the role that may.")),
    "bad-csrf": Words(N_("This form is too old"), N_("Go back, reload the page and send the form again.")),
    "not-found": Words(N_("This page does not exist"), N_("Check the address, or start from the home page.")),
    "conflict": Words(N_("This is not possible now"), N_("Reload the page to see the present state.")),
    "invalid": Words(N_("Something in the form is not right"), N_("Mend what is named and send it again.")),
    "too-large": Words(N_("What was sent is too large"), N_("Send something smaller.")),
    "too-early": Words(N_("It is not time yet"), N_("Wait %(retry_after_s)s seconds and try again.")),
    "locked": Words(N_("This is still locked"), N_("It opens when you have started.")),
    "too-many": Words(N_("Too many tries"), N_("Wait %(retry_after_s)s seconds and try again.")),
    "unavailable": Words(N_("The service is busy"), N_("Wait a moment and try again; nothing was lost.")),
    "disturbed": Words(
        N_("The service is disturbed for a moment"),
        N_("Saved answers are safe. Try again shortly."),
    ),
    "fault": Words(N_("Something went wrong on our side"), N_("Try again. If it happens again, tell the organiser.")),
}


_AWAY = (
    OSError,  # no socket, refused, reset
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,  # starting up or shutting down
    asyncpg.TooManyConnectionsError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
)
SELDOM_S = 10.0  # a database that is away is one line in the log, not one for every request
_told_at = float("-inf")


def fault_of(error: Exception, where: str) -> Fault:
    """What to tell of an error that is no refusal: a value that PostgreSQL cannot hold (NUL in a text, a number out of
    range), a store that is away, or our bug, logged whole.
    """
    global _told_at  # noqa: PLW0603  # one memory per process
    refused_by_client = isinstance(error, asyncpg.InterfaceError) and isinstance(error, ValueError)
    if refused_by_client or isinstance(error, asyncpg.DataError):
        log.warning("value-unstorable", where=where, error=repr(error))
        return Invalid("a value is out of range")
    if isinstance(error, (*_AWAY, asyncpg.InterfaceError)):  # InterfaceError: the connection was closed under us
        if time.monotonic() - _told_at > SELDOM_S:
            _told_at = time.monotonic()
            log.error("store-away", where=where, error=repr(error))
        return Disturbed(retry_after_s=3)
    log.error("crashed", where=where, exc_info=error)
    return Fault()


def status_of(error: Fault) -> int:
    """The HTTP status of an error's family."""
    return next(status for family, status in _STATUS if isinstance(error, family))


def words_of(error: Fault, translate: Translate, extra: Mapping[str, Words]) -> tuple[str, str]:
    """Title and next step in the reader's language."""
    keys = [kind.key for kind in type(error).__mro__ if issubclass(kind, Fault)]
    words = next(found for key in keys if (found := extra.get(key) or MESSAGES.get(key)))
    facts: dict[str, Any] = error.facts()
    return translate(words.title) % facts, translate(words.next_step) % facts
