"""What needs two people: ending somebody's attempt, and giving time to many at once.

Asking stops and gives nothing; the asker is the first of the two. The second is somebody else, and one of them is a
lead proctor. What the system itself proposes has no first person, so two people must agree.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

import msgspec

from kit.errors import Conflict

NEEDED = 2  # different people
SYSTEM = "system"  # asks without being one of them


class ProposalState(StrEnum):
    """Where a proposal stands; the values are stored."""

    OPEN = "open"
    APPLIED = "applied"
    DECLINED = "declined"
    LAPSED = "lapsed"  # agreed on, but nothing was left to do: the attempts had ended


class Person(msgspec.Struct, frozen=True):
    """Who decides."""

    name: str
    lead: bool


class Proposal(msgspec.Struct, frozen=True):
    """`kind` is `terminate` (one attempt) or `credit` (`seconds` to each)."""

    id: UUID
    session_id: UUID
    kind: str
    attempt_ids: tuple[UUID, ...]
    seconds: int | None
    reason: str
    asked_by: str
    asked_at: datetime
    state: ProposalState = ProposalState.OPEN
    decided_by: str | None = None
    decided_at: datetime | None = None
    outcome: Any = None


@dataclass(eq=False)
class ProposalClosed(Conflict):
    """It was decided already; `state` says how."""

    state: str
    key: ClassVar[str] = "proposal-closed"


class SameProposer(Conflict):
    """The same person cannot be both of the two."""

    key: ClassVar[str] = "same-person"


class AlreadyAsked(Conflict):
    """A proposal to end this attempt is open."""

    key: ClassVar[str] = "already-asked"


def agreed(people: frozenset[Person]) -> bool:
    """Whether these are enough: two different people, one of them a lead."""
    return len({each.name for each in people}) >= NEEDED and any(each.lead for each in people)


def agree(proposal: Proposal, people: frozenset[Person], person: Person) -> frozenset[Person]:
    """The people who agree now; raises `ProposalClosed` and `SameProposer`."""
    if proposal.state is not ProposalState.OPEN:
        raise ProposalClosed(proposal.state.value)
    if any(each.name == person.name for each in people):
        raise SameProposer
    return people | {person}
