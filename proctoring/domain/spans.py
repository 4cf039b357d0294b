"""Opening, extending and closing incidents in the state: the three moves that all rules share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from proctoring.domain.incident import (
    SEVERITIES,
    Closed,
    Event,
    Extended,
    Incident,
    Kind,
    Opened,
    Severity,
)
from proctoring.domain.state import RuleState
from proctoring.domain.thresholds import Thresholds


def severity_of(incident: Incident, until: datetime, thresholds: Thresholds) -> Severity:
    """By how long it has lasted; what most attempts have at once is nobody's and stays a remark."""
    if incident.facts.get("widespread"):
        return Severity.INFO
    short, long = SEVERITIES[(incident.kind, incident.topic)]
    return long if (until - incident.opened_at).total_seconds() >= thresholds.long_s else short


@dataclass
class Turn:
    """One step in the making: the state so far and what has happened. Local to `step`, never shared."""

    state: RuleState
    thresholds: Thresholds
    events: list[Event] = field(default_factory=list)

    def open(
        self,
        kind: Kind,
        topic: str,
        since: datetime,
        at: datetime,
        facts: Mapping[str, Any],
        evidence: tuple[str, ...] = (),
    ) -> None:
        """Open an incident that is not open."""
        assert self.state.incident(kind, topic) is None, "one open incident per kind and topic"
        kept = evidence[: self.thresholds.evidence_frames]
        incident = Incident(
            kind, topic, Severity.INFO, since, at, len(kept), at if kept else None, {key: facts[key] for key in facts}
        )
        incident = replace(incident, severity=severity_of(incident, at, self.thresholds))
        self.state = replace(self.state, open=(*self.state.open, incident))
        self._attach(kept)
        self.events.append(Opened(incident, kept))

    def extend(self, incident: Incident, at: datetime, facts: Mapping[str, Any], frame: str = "") -> None:
        """It still lasts at `at`; one more picture if it is due."""
        thresholds = self.thresholds
        due = incident.evidence_at is None or (at - incident.evidence_at).total_seconds() >= thresholds.evidence_every_s
        kept = (frame,) if frame and due and incident.evidence < thresholds.evidence_frames else ()
        longer = replace(
            incident,
            last_at=max(at, incident.last_at),
            evidence=incident.evidence + len(kept),
            evidence_at=at if kept else incident.evidence_at,
            facts={**incident.facts, **facts},
        )
        longer = replace(longer, severity=severity_of(longer, longer.last_at, thresholds))
        self._swap(incident, longer)
        self._attach(kept)
        self.events.append(Extended(longer, kept, notable=bool(kept) or longer.severity != incident.severity))

    def close(self, incident: Incident, at: datetime) -> None:
        """It is over."""
        self._swap(incident, None)
        self.events.append(Closed(incident, at))

    def _swap(self, old: Incident, new: Incident | None) -> None:
        rest = tuple(each for each in self.state.open if each is not old)
        self.state = replace(self.state, open=rest if new is None else (*rest, new))

    def _attach(self, frames: tuple[str, ...]) -> None:
        if frames:
            window = tuple(replace(seen, attached=True) if seen.frame in frames else seen for seen in self.state.window)
            self.state = replace(self.state, window=window)
