"""What a human decides of an incident: one table. A decision is final here; an appeal is a record of its own."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from kit.errors import Conflict, Invalid


class ReviewState(StrEnum):
    """Stored, never translated."""

    NEW = "new"
    UPHELD = "upheld"
    DISMISSED = "dismissed"


class Decision(StrEnum):
    """What can be asked."""

    UPHELD = "upheld"
    DISMISSED = "dismissed"


DECISIONS: dict[tuple[ReviewState, Decision], ReviewState] = {
    (ReviewState.NEW, Decision.UPHELD): ReviewState.UPHELD,
    (ReviewState.NEW, Decision.DISMISSED): ReviewState.DISMISSED,
}


@dataclass(eq=False)
class UnknownDecision(Invalid):
    """Neither `upheld` nor `dismissed`."""

    decision: str
    key: ClassVar[str] = "unknown-decision"


@dataclass(eq=False)
class AlreadyReviewed(Conflict):
    """Somebody decided before; `state` is what they decided."""

    state: str
    key: ClassVar[str] = "already-reviewed"


def parse_decision(text: str) -> Decision:
    """Raises `UnknownDecision`."""
    try:
        return Decision(text)
    except ValueError:
        raise UnknownDecision(text[:40]) from None


def decide(state: ReviewState, decision: Decision) -> ReviewState:
    """The state after the decision; raises `AlreadyReviewed`."""
    try:
        return DECISIONS[(state, decision)]
    except KeyError:
        raise AlreadyReviewed(state.value) from None
