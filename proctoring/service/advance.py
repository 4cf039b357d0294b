"""One step of an attempt's rules inside one transaction: hold the row, apply what waits, write what it changed.

Every path that makes the rules go on (a frame, signals, the clock, a pause) comes through here, so several workers and
the web may do it at once; the row lock puts them in order.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from uuid import UUID, uuid5

import msgspec
import structlog

from proctoring.domain.incident import Closed, Event, Extended, Opened, Released
from proctoring.domain.measure import Measurement
from proctoring.domain.records import Frame, Picture, Watched
from proctoring.domain.rules import Observed, due_at, kept_frames, step
from proctoring.domain.state import RuleState
from proctoring.domain.thresholds import BadThresholds, Thresholds, read_thresholds
from proctoring.service.ports import ProctorPort, ProctorUnit

log = structlog.get_logger(__name__)

SIGNALS_LIMIT = 500  # applied in one transaction


@dataclass
class Advanced:
    """What a step changed: incidents that a screen should show anew, and the state afterwards."""

    session_id: UUID
    state: RuleState
    incidents: list[UUID] = field(default_factory=list)


async def advance(
    unit: ProctorUnit,
    *,
    attempt_id: UUID,
    session_id: UUID,
    now: datetime,
    observed: Observed | None = None,
    frame: Frame | None = None,
) -> Advanced:
    """Apply waiting signals, then `observed`. `frame` is the picture of an observed `Measurement`."""
    store = unit.proctor
    watched = await store.lock_watch(attempt_id)
    if watched is None:
        await store.add_watch(attempt_id, session_id, now)
        watched = await store.lock_watch(attempt_id)
        assert watched is not None, "just inserted, and rows are never deleted in use"
    thresholds = thresholds_of(watched)
    result = Advanced(watched.session_id, await _read_state(store, watched, now))
    for signal in await store.take_signals(attempt_id, SIGNALS_LIMIT):
        await _step(store, watched, thresholds, result, signal, None)
    if observed is not None:
        await _step(store, watched, thresholds, result, observed, frame)
    judged = thresholds.camera and result.state.begun_at is not None and not result.state.off
    await store.save_watch(
        attempt_id, result.state, due_at(result.state, thresholds), frame.at if frame else None, judged
    )
    return result


def thresholds_of(watched: Watched) -> Thresholds:
    """The exam's thresholds; the defaults where they cannot be read, because proctoring never stops an exam."""
    try:
        return read_thresholds(watched.settings)
    except BadThresholds as error:
        log.warning("thresholds-ignored", attempt=str(watched.attempt_id), problems=error.problems)
        return read_thresholds({**watched.settings, "thresholds": {}})


def media_id_of(attempt_id: UUID, at: datetime) -> UUID:
    """The same frame has the same id, however often it is worked on."""
    return uuid5(attempt_id, f"evidence {at.isoformat()}")


async def _read_state(store: ProctorPort, watched: Watched, now: datetime) -> RuleState:
    try:
        return msgspec.convert(watched.state, RuleState)
    except msgspec.ValidationError as error:
        # written by another version: start anew, and leave no incident open that the new state does not know
        log.warning("rule-state-dropped", attempt=str(watched.attempt_id), error=str(error))
        await store.close_incidents(watched.attempt_id, now)
        return RuleState()


async def _step(
    store: ProctorPort,
    watched: Watched,
    thresholds: Thresholds,
    result: Advanced,
    observed: Observed,
    frame: Frame | None,
) -> None:
    media_id = media_id_of(watched.attempt_id, frame.at) if frame else None
    result.state, events = step(result.state, observed, thresholds, str(media_id or ""))
    if isinstance(observed, Measurement) and frame is not None:
        last = result.state.window[-1] if result.state.window else None
        reading = last.reading.value if last is not None and last.at == observed.at else "unjudged"
        await store.add_measurement(watched.attempt_id, observed, reading, frame.captured_at)
        if media_id is not None and str(media_id) in kept_frames(result.state):
            digest = sha256(frame.jpeg).hexdigest()
            await store.add_media(Picture(media_id, watched.attempt_id, "evidence", frame.at, digest, frame.jpeg))
    for event in events:
        changed = await _write(store, watched, event)
        if changed is not None and changed not in result.incidents:
            result.incidents.append(changed)


async def _write(store: ProctorPort, watched: Watched, event: Event) -> UUID | None:
    """Store an event; the incident to show anew, if any."""
    attempt_id = watched.attempt_id
    match event:
        case Opened():
            evidence = [UUID(reference) for reference in event.evidence]
            return await store.open_incident(attempt_id, watched.session_id, event.incident, evidence)
        case Extended():
            evidence = [UUID(reference) for reference in event.evidence]
            changed = await store.extend_incident(attempt_id, event.incident, evidence)
            return changed if event.notable else None
        case Closed():
            return await store.close_incident(attempt_id, event.incident, event.at)
        case Released():
            await store.release_media(attempt_id, [UUID(reference) for reference in event.frames])
            return None
