"""The states of an attempt and the one table of its moves.

Every change of state, whoever asks for it (candidate, proctor, sweeper), is looked up here; a missing entry is the
error. The store's SQL enforces the same by conditions on the status, and a test compares the two.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from kit.errors import Conflict


class Status(StrEnum):
    """Where an attempt stands; the values are stored and never translated."""

    PREPARING = "preparing"  # logged in, not started: photo, check, instructions
    ACTIVE = "active"
    PAUSED = "paused"  # by a proctor; the clock stands still
    SUBMITTED = "submitted"
    EXPIRED = "expired"
    TERMINATED = "terminated"  # by two people of the organiser, never by a rule


class Action(StrEnum):
    """What can be asked of an attempt."""

    START = "start"
    PAUSE = "pause"
    RESUME = "resume"
    CREDIT = "credit"  # time given; the state stays
    SUBMIT = "submit"
    EXPIRE = "expire"
    TERMINATE = "terminate"


MOVES: dict[tuple[Status, Action], Status] = {
    (Status.PREPARING, Action.START): Status.ACTIVE,
    (Status.ACTIVE, Action.PAUSE): Status.PAUSED,
    (Status.PAUSED, Action.RESUME): Status.ACTIVE,
    (Status.ACTIVE, Action.CREDIT): Status.ACTIVE,
    (Status.PAUSED, Action.CREDIT): Status.PAUSED,
    (Status.ACTIVE, Action.SUBMIT): Status.SUBMITTED,
    (Status.ACTIVE, Action.EXPIRE): Status.EXPIRED,
    (Status.ACTIVE, Action.TERMINATE): Status.TERMINATED,
    (Status.PAUSED, Action.TERMINATE): Status.TERMINATED,
}

ENDED = frozenset({Status.SUBMITTED, Status.EXPIRED, Status.TERMINATED})


@dataclass(eq=False)
class IllegalMove(Conflict):
    """The attempt's state does not allow the action."""

    status: str
    action: str
    key: ClassVar[str] = "illegal-move"


def move(status: Status, action: Action) -> Status:
    """The state after the action; raises `IllegalMove`."""
    try:
        return MOVES[(status, action)]
    except KeyError:
        raise IllegalMove(status.value, action.value) from None
