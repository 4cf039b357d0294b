"""Incidents: a span of time in which a measurement stayed outside its bounds, with the frames that show it.

The kinds keep apart what is often mixed: no face is not a hidden face, a dark picture is neither. MISMATCH is in the
vocabulary for the identity comparison; no rule raises it yet. The events below are all that the rules can say; none of
them ends, pauses or scores an attempt.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeAlias


class Kind(StrEnum):
    """Stored, never translated."""

    ABSENT = "ABSENT"  # no face and no hint of a hidden one
    FACE_HIDDEN = "FACE_HIDDEN"  # somebody is there, the face is not seen
    MULTIPLE = "MULTIPLE"
    MISMATCH = "MISMATCH"
    BLIND = "BLIND"  # dark, covered or blank
    FROZEN = "FROZEN"  # the picture does not live
    UNVERIFIABLE = "UNVERIFIABLE"  # no usable pictures come
    SIGNAL = "SIGNAL"  # the browser reported something; `topic` says what


class Severity(StrEnum):
    """How soon a human should look; not how guilty anybody is."""

    INFO = "info"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


# (when it opens, when it has lasted long)
SEVERITIES: dict[tuple[Kind, str], tuple[Severity, Severity]] = {
    (Kind.ABSENT, ""): (Severity.MEDIUM, Severity.HIGH),
    (Kind.FACE_HIDDEN, ""): (Severity.LOW, Severity.MEDIUM),
    (Kind.MULTIPLE, ""): (Severity.HIGH, Severity.HIGH),
    (Kind.BLIND, ""): (Severity.LOW, Severity.MEDIUM),
    (Kind.FROZEN, ""): (Severity.MEDIUM, Severity.HIGH),
    (Kind.UNVERIFIABLE, ""): (Severity.LOW, Severity.MEDIUM),
    (Kind.SIGNAL, "hidden"): (Severity.LOW, Severity.MEDIUM),
    (Kind.SIGNAL, "blur"): (Severity.INFO, Severity.LOW),
    (Kind.SIGNAL, "fullscreen"): (Severity.LOW, Severity.MEDIUM),
    (Kind.SIGNAL, "paste"): (Severity.MEDIUM, Severity.MEDIUM),
    (Kind.SIGNAL, "copy"): (Severity.LOW, Severity.LOW),
    (Kind.SIGNAL, "unsupported"): (Severity.INFO, Severity.INFO),
}


@dataclass(frozen=True)
class Incident:
    """An incident that has not closed. At most one per (kind, topic) is open at a time."""

    kind: Kind
    topic: str  # which browser signal; empty for pictures
    severity: Severity
    opened_at: datetime
    last_at: datetime
    evidence: int = 0  # pictures kept so far
    evidence_at: datetime | None = None
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Opened:
    """`evidence` are references of frames, as given to `step`."""

    incident: Incident
    evidence: tuple[str, ...]


@dataclass(frozen=True)
class Extended:
    """It lasts; `notable` when severity or evidence changed, so that a screen need not follow every frame."""

    incident: Incident
    evidence: tuple[str, ...]
    notable: bool


@dataclass(frozen=True)
class Closed:
    """It is over; `incident.last_at` is when it was seen last."""

    incident: Incident
    at: datetime


@dataclass(frozen=True)
class Released:
    """Frames that were kept as possible evidence and became none: forget their pictures."""

    frames: tuple[str, ...]


Event: TypeAlias = Opened | Extended | Closed | Released
