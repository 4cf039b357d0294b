"""Typed errors that carry facts.

Domain and services raise them; they know no HTTP status and no wording. A family says what kind of refusal it is,
`key` names the message that people read (kit/http maps family -> status, the catalogs hold the words), and the
dataclass fields are the facts that the message shows: `DeadlinePassed(deadline=..., at=...)`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar


class Fault(Exception):
    """Base of every error that a caller can mend or must be told of; never used for our own bugs."""

    key: ClassVar[str] = "fault"

    def facts(self) -> dict[str, Any]:
        """The fields of the error, for messages and logs."""
        return {name: getattr(self, name) for name in getattr(self, "__dataclass_fields__", {}) if name != "key"}

    def __str__(self) -> str:
        told = ", ".join(f"{name}={value!r}" for name, value in self.facts().items())
        return f"{self.key}: {told}" if told else " ".join([self.key, *map(str, self.args)])


class Invalid(Fault):
    """The input is not of the form that it must have."""

    key = "invalid"


class Unauthenticated(Fault):
    """Nobody is logged in, or the proof of it does not hold."""

    key = "unauthenticated"


class Forbidden(Fault):
    """Somebody is logged in who may not do this."""

    key = "forbidden"


class NotFound(Fault):
    """There is no such thing, or none that this person may know of."""

    key = "not-found"


class Conflict(Fault):
    """The thing is in a state that does not allow it."""

    key = "conflict"


@dataclass(eq=False)
class TooEarly(Fault):
    """The time for it has not come; try again after `retry_after_s` seconds."""

    retry_after_s: int
    key: ClassVar[str] = "too-early"


class Locked(Fault):
    """It is there, but may not be had yet."""

    key = "locked"


@dataclass(eq=False)
class TooMany(Fault):
    """Asked too often or too much at once; try again after `retry_after_s` seconds."""

    retry_after_s: int
    key: ClassVar[str] = "too-many"


@dataclass(eq=False)
class Unavailable(Fault):
    """A part that is needed is not there now; try again after `retry_after_s` seconds."""

    retry_after_s: int = 5
    key: ClassVar[str] = "unavailable"
