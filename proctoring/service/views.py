"""What the use cases hand out: plain values without SQL and without a language.

Titles and summaries are English message ids with `%(name)s` places for the facts; whoever renders them translates
first and fills then (`_(view.summary) % view.facts`). Number and name of a candidate are not known here.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec


class Review(msgspec.Struct, frozen=True):
    """What a human decided; `decision` is `upheld` or `dismissed`."""

    decision: str
    note: str
    by: str
    at: datetime


class IncidentView(msgspec.Struct, frozen=True):
    """An incident for a screen. `media` are the pictures that show it, oldest first."""

    id: UUID
    attempt_id: UUID
    session_id: UUID
    kind: str
    topic: str
    severity: str
    title: str
    summary: str
    facts: dict[str, Any]
    opened_at: datetime
    closed_at: datetime | None
    media: list[UUID]
    review: Review | None


class TimelineEntry(msgspec.Struct, frozen=True):
    """`kind`: incident, signal, message, photo, check, paused, resumed or another action's name."""

    at: datetime
    kind: str
    title: str
    detail: str
    facts: dict[str, Any]
    media: list[UUID]
    incident: UUID | None = None
