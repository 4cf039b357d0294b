"""The states of an item version and who may move it; one table, and the rule of different people.

An author never reviews or approves what they wrote; the database enforces the same with a constraint.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from kit.errors import Conflict, Forbidden, Invalid


class State(StrEnum):
    """Where a version stands; the values are stored and never translated."""

    DRAFT = "draft"
    REVIEW = "review"
    APPROVED = "approved"
    RETIRED = "retired"


class Action(StrEnum):
    """What can be asked of a version."""

    SUBMIT = "submit"
    SEND_BACK = "send_back"
    APPROVE = "approve"
    RETIRE = "retire"


MOVES: dict[tuple[State, Action], State] = {
    (State.DRAFT, Action.SUBMIT): State.REVIEW,
    (State.REVIEW, Action.SEND_BACK): State.DRAFT,
    (State.REVIEW, Action.APPROVE): State.APPROVED,
    (State.APPROVED, Action.RETIRE): State.RETIRED,
}
NOT_BY_AUTHOR = frozenset({Action.APPROVE, Action.SEND_BACK})
NEEDS_NOTE = frozenset({Action.SEND_BACK, Action.RETIRE})


@dataclass(eq=False)
class IllegalItemMove(Conflict):
    """The version's state does not allow the action."""

    state: str
    action: str
    key: ClassVar[str] = "illegal-item-move"


class SamePerson(Forbidden):
    """The author of a version may not judge it."""

    key = "same-person"


@dataclass(eq=False)
class NoteMissing(Invalid):
    """The step is taken back or takes an item away, so it needs a reason that others can read."""

    action: str
    key: ClassVar[str] = "note-missing"


def move(state: State, action: Action, *, author_id: UUID, actor_id: UUID, note: str = "") -> State:
    """The state after the action; raises `IllegalItemMove`, `SamePerson` or `NoteMissing`."""
    if (state, action) not in MOVES:
        raise IllegalItemMove(state.value, action.value)
    if action in NOT_BY_AUTHOR and author_id == actor_id:
        raise SamePerson
    if action in NEEDS_NOTE and not note.strip():
        raise NoteMissing(action.value)
    return MOVES[(state, action)]
