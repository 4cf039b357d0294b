"""What happens to a delivery: applied, repeated, stale, quarantined. The table of the hand-over contract.

Deliveries are retried for days and may arrive twice, late or out of order. `score_version` orders them, never a clock.
What is refused is kept: the first verdict on (source, id) stands for ever, and a repetition gets the same answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from kit.handover import EVENT_TYPE, Envelope, ScoreRecord
from recruitment.domain.points import NotANumber, exact


class Verdict(StrEnum):
    """`APPLIED` and `DUPLICATE` are answered 200, `STALE` and `MISMATCH` 409, `INCONSISTENT` 422."""

    APPLIED = "applied"
    DUPLICATE = "duplicate"
    STALE = "stale"
    MISMATCH = "mismatch"
    INCONSISTENT = "inconsistent"


ACCEPTED = frozenset({Verdict.APPLIED, Verdict.DUPLICATE})


@dataclass(frozen=True)
class Received:
    """An earlier delivery under the same (source, id)."""

    sha256: str
    verdict: Verdict


@dataclass(frozen=True)
class Incoming:
    """A delivery whose signatures hold. `problems`: what contradicts itself in it."""

    sha256: str
    score_version: int
    problems: tuple[str, ...] = ()


def decide(existing: Received | None, latest_version: int | None, incoming: Incoming) -> Verdict:
    """`latest_version`: the newest score version held of the same sitting (participant, exam, attempt)."""
    if existing is not None and existing.sha256 != incoming.sha256:
        return Verdict.MISMATCH
    if existing is not None:
        return Verdict.DUPLICATE if existing.verdict is Verdict.APPLIED else existing.verdict
    if incoming.problems:
        return Verdict.INCONSISTENT
    if latest_version is not None and incoming.score_version <= latest_version:
        return Verdict.STALE
    return Verdict.APPLIED


def contradictions(envelope: Envelope, record: ScoreRecord, message_id: str) -> tuple[str, ...]:
    """What a signed delivery says that cannot be true together; empty for a sound one. The words are message ids."""
    found: list[str] = []
    if envelope.type != EVENT_TYPE:
        found.append("the type is not that of a score")
    if envelope.id != message_id:
        found.append("the envelope's id is not the webhook-id")
    if envelope.id != str(record.event_id):
        found.append("the envelope's id is not the record's event_id")
    if envelope.subject != str(record.participant_id):
        found.append("the envelope's subject is not the record's participant_id")
    return (*found, *_arithmetic(record), *_lineage(record))


def _arithmetic(record: ScoreRecord) -> list[str]:
    found: list[str] = []
    codes = [section.code for section in record.sections]
    if len(set(codes)) != len(codes):
        found.append("a section stands twice")
    try:
        points = [(exact(section.points), exact(section.max)) for section in record.sections]
        total, total_max = exact(record.total), exact(record.total_max)
    except NotANumber:
        return [*found, "a score is not a number"]
    if record.status == "final" and not points:
        found.append("a final score has no sections")
    if points and sum((own for own, _ in points), Fraction(0)) != total:
        found.append("the sections do not add up to the total")
    if points and sum((most for _, most in points), Fraction(0)) != total_max:
        found.append("the section maxima do not add up to total_max")
    if any(not 0 <= own <= most for own, most in points):
        found.append("a section lies outside its range")
    return found


def _lineage(record: ScoreRecord) -> list[str]:
    found: list[str] = []
    if record.score_version < 1 or record.attempt < 1:
        found.append("versions and attempts count from 1")
    if (record.score_version == 1) != (record.supersedes is None):
        found.append("version 1 supersedes nothing, a later one says what")
    if record.supersedes is not None and record.supersedes >= record.score_version:
        found.append("a version supersedes an earlier one")
    if record.score_version > 1 and record.reason is None:
        found.append("a correction has no reason")
    if record.reason is not None and record.reason.approvers[0] == record.reason.approvers[1]:
        found.append("a correction was approved by one person twice")
    if record.submitted_at.tzinfo is None or record.started_at.tzinfo is None:
        found.append("a time has no zone")
    elif record.submitted_at < record.started_at:
        found.append("submitted before it started")
    return found
