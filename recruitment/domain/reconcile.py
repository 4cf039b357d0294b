"""Does what arrived from a session hang together? Counts by status, and the chain of its records.

Every record names the hash of the one before it in its session (`prev_hash`; the first names zeros). A predecessor that
nobody has is a record that was made and has not arrived; a predecessor named twice is a forked history. Nothing here
trusts a count that the sender reports of itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from kit.canonical import GENESIS


class SessionScore(Protocol):
    """What reconciliation reads of a score version."""

    @property
    def exam_id(self) -> str: ...
    @property
    def session_id(self) -> str: ...
    @property
    def score_version(self) -> int: ...
    @property
    def status(self) -> str: ...
    @property
    def record_hash(self) -> str: ...
    @property
    def prev_hash(self) -> str: ...
    @property
    def matched(self) -> bool: ...
    @property
    def current(self) -> bool: ...


@dataclass(frozen=True)
class SessionSummary:
    """One exam session. `sittings` = present + absent; `gaps`: named predecessors that have not arrived."""

    exam_id: str
    session_id: str
    records: int
    sittings: int
    absent: int
    final: int
    void: int
    withheld: int
    pending: int
    corrections: int
    unmatched: int
    gaps: int
    forks: int

    @property
    def present(self) -> int:
        """final + void + withheld + pending."""
        return self.sittings - self.absent

    @property
    def explained(self) -> bool:
        """No difference that somebody must look into."""
        return not (self.gaps or self.forks or self.unmatched)


def reconcile(scores: Iterable[SessionScore]) -> list[SessionSummary]:
    """One summary per (exam, session), in their order."""
    sessions: dict[tuple[str, str], list[SessionScore]] = {}
    for score in scores:
        sessions.setdefault((score.exam_id, score.session_id), []).append(score)
    return [_summary(exam, session, found) for (exam, session), found in sorted(sessions.items())]


def _summary(exam_id: str, session_id: str, scores: list[SessionScore]) -> SessionSummary:
    current = [score for score in scores if score.current]
    status = Counter(score.status for score in current)
    known = {score.record_hash for score in scores} | {GENESIS}
    named = Counter(score.prev_hash for score in scores)
    return SessionSummary(
        exam_id=exam_id,
        session_id=session_id,
        records=len(scores),
        sittings=len(current),
        absent=status["absent"],
        final=status["final"],
        void=status["void"],
        withheld=status["withheld"],
        pending=status["pending_manual"],
        corrections=sum(score.score_version > 1 for score in scores),
        unmatched=sum(not score.matched for score in current),
        gaps=len(set(named) - known),
        forks=sum(count > 1 for count in named.values()),
    )
