"""From a stored score record to what the ranking rules read: exact points by section, nothing guessed."""

from __future__ import annotations

from fractions import Fraction
from uuid import UUID

from kit.handover import ScoreRecord
from recruitment.domain.points import exact
from recruitment.domain.ranking import Sitting


def sitting_of(participant_id: UUID, number: str, name: str, track: str, record: ScoreRecord | None) -> Sitting:
    """The sitting of an applicant; without a record, one that is waited for. Raises `NotANumber`."""
    if record is None:
        return Sitting(participant_id, number, name, track, None, {}, {})
    points: dict[str, Fraction] = {section.code: exact(section.points) for section in record.sections}
    maxima: dict[str, Fraction] = {section.code: exact(section.max) for section in record.sections}
    return Sitting(participant_id, number, name, track, record.status, points, maxima, record.passed)
