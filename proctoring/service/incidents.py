"""Incidents for people: the queue of a session, one incident, its review. A review changes the incident alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from kit.errors import NotFound
from proctoring.domain.records import Action, IncidentRow, Standing
from proctoring.domain.review import ReviewState, decide, parse_decision
from proctoring.service.ports import ProctorUnit
from proctoring.service.views import IncidentView, Review
from proctoring.service.words import incident_words

QUEUE_LIMIT = 500  # nobody works through more on one screen; the gravest come first
NOTE_LIMIT = 2_000


@dataclass(eq=False)
class NoSuchIncident(NotFound):
    """`id` of what was looked for."""

    id: str
    key: ClassVar[str] = "not-found"


def view_of(row: IncidentRow) -> IncidentView:
    """A stored incident with its words."""
    title, summary = incident_words(
        row.kind,
        row.topic,
        row.facts.get("reason"),
        widespread=bool(row.facts.get("widespread")),
        ended=row.closed_at is not None,
    )
    review = None
    if row.reviewed_by is not None and row.reviewed_at is not None:
        review = Review(row.review, row.review_note, row.reviewed_by, row.reviewed_at)
    return IncidentView(
        id=row.id,
        attempt_id=row.attempt_id,
        session_id=row.session_id,
        kind=row.kind,
        topic=row.topic,
        severity=row.severity,
        title=title,
        summary=summary,
        facts=row.facts,
        opened_at=row.opened_at,
        closed_at=row.closed_at,
        media=row.evidence,
        review=review,
    )


async def open_incidents(unit: ProctorUnit, session_id: UUID) -> list[IncidentView]:
    """What waits for a review, the gravest and newest first."""
    rows = await unit.proctor.session_incidents(session_id, unreviewed=True, limit=QUEUE_LIMIT)
    return [view_of(row) for row in rows]


async def session_incidents(unit: ProctorUnit, session_id: UUID) -> list[IncidentView]:
    """All of a session, reviewed ones too, the gravest and newest first."""
    rows = await unit.proctor.session_incidents(session_id, unreviewed=False, limit=QUEUE_LIMIT)
    return [view_of(row) for row in rows]


async def load_incident(unit: ProctorUnit, incident_id: UUID) -> IncidentView:
    """Raises `NoSuchIncident`."""
    row = await unit.proctor.incident(incident_id)
    if row is None:
        raise NoSuchIncident(str(incident_id))
    return view_of(row)


async def standings(unit: ProctorUnit, attempt_ids: Sequence[UUID]) -> dict[UUID, Standing]:
    """How each candidate stands, for the grid."""
    return {each.attempt_id: each for each in await unit.proctor.standings(attempt_ids)}


async def review_incident(
    unit: ProctorUnit, incident_id: UUID, *, decision: str, note: str, reviewer: str, now: datetime
) -> IncidentView:
    """Uphold or dismiss, once; raises `UnknownDecision`, `NoSuchIncident`, `AlreadyReviewed`."""
    asked = parse_decision(decision)
    row = await unit.proctor.incident(incident_id, lock=True)
    if row is None:
        raise NoSuchIncident(str(incident_id))
    state = decide(ReviewState(row.review), asked)
    await unit.proctor.save_review(incident_id, state, note.replace("\x00", "")[:NOTE_LIMIT], reviewer, now)
    told = {"decision": state.value, "incident": str(incident_id)}
    await unit.proctor.add_action(row.attempt_id, Action(now, "reviewed", reviewer, told))
    return await load_incident(unit, incident_id)
