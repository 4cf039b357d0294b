"""Rules for what the browser reports: spans (tab hidden, window left, full screen left) and points (paste, copy).

A span opens only after it has lasted as long as its threshold; the end may arrive before that and then nothing
happened. Leaving the tab also takes the focus from the window: that is one incident, the hidden tab.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from proctoring.domain.incident import Kind
from proctoring.domain.signals import Signal
from proctoring.domain.spans import Turn, severity_of
from proctoring.domain.state import RuleState
from proctoring.domain.thresholds import Thresholds

POINTS = frozenset({"paste", "copy"})
_UNSUPPORTED_LIMIT = 20  # names remembered per attempt
_NAME_LIMIT = 60


def take_signal(turn: Turn, signal: Signal) -> None:
    """Apply one signal."""
    state = turn.state
    match signal.kind:
        case "hidden":
            turn.state = replace(state, hidden_since=state.hidden_since or signal.at, blurred_since=None)
        case "blur" if state.hidden_since is None:
            turn.state = replace(state, blurred_since=state.blurred_since or signal.at)
        case "visible":
            _end_span(turn, "hidden", state.hidden_since, turn.thresholds.tab_hidden_s, signal.at)
            turn.state = replace(turn.state, hidden_since=None)
        case "focus":
            _end_span(turn, "blur", state.blurred_since, turn.thresholds.blur_s, signal.at)
            turn.state = replace(turn.state, blurred_since=None)
        case "fullscreen_left" if turn.thresholds.fullscreen:
            if state.incident(Kind.SIGNAL, "fullscreen") is None:
                turn.open(Kind.SIGNAL, "fullscreen", signal.at, signal.at, {"seconds": 0})
        case "fullscreen_entered":
            _end_span(turn, "fullscreen", None, 0, signal.at)
        case "paste" | "copy":
            _take_point(turn, signal)
        case "camera_lost" | "offline":
            turn.state = replace(state, trouble=signal.kind)
        case "camera_back" | "online":
            turn.state = replace(state, trouble="")
        case "unsupported":
            _take_unsupported(turn, signal)


def tick_signals(turn: Turn, at: datetime) -> None:
    """Open spans that have lasted long enough, raise severities, close points that nothing followed."""
    thresholds = turn.thresholds
    for topic, since, least_s in _spans(turn.state, thresholds):
        if since is not None and turn.state.incident(Kind.SIGNAL, topic) is None:
            lasted = (at - since).total_seconds()
            if lasted >= least_s:
                turn.open(Kind.SIGNAL, topic, since, at, {"seconds": round(lasted)})
    for incident in turn.state.open:
        if incident.kind is not Kind.SIGNAL:
            continue
        if incident.topic in POINTS:
            if at >= incident.last_at + timedelta(seconds=thresholds.merge_s):
                turn.close(incident, incident.last_at)
        elif severity_of(incident, at, thresholds) != incident.severity:
            turn.extend(incident, at, {"seconds": round((at - incident.opened_at).total_seconds())})


def due_of_signals(state: RuleState, thresholds: Thresholds) -> list[datetime]:
    """The moments at which `tick_signals` will do something."""
    moments = [
        since + timedelta(seconds=least_s)
        for topic, since, least_s in _spans(state, thresholds)
        if since is not None and state.incident(Kind.SIGNAL, topic) is None
    ]
    for incident in state.open:
        if incident.kind is not Kind.SIGNAL:
            continue
        long_at = incident.opened_at + timedelta(seconds=thresholds.long_s)
        if incident.topic in POINTS:
            moments.append(incident.last_at + timedelta(seconds=thresholds.merge_s))
        elif severity_of(incident, long_at, thresholds) != incident.severity:
            moments.append(long_at)
    return moments


def _spans(state: RuleState, thresholds: Thresholds) -> tuple[tuple[str, datetime | None, float], ...]:
    return (
        ("hidden", state.hidden_since, thresholds.tab_hidden_s),
        ("blur", state.blurred_since, thresholds.blur_s),
    )


def _end_span(turn: Turn, topic: str, since: datetime | None, least_s: float, at: datetime) -> None:
    incident = turn.state.incident(Kind.SIGNAL, topic)
    if incident is None:
        if since is None or (at - since).total_seconds() < least_s:
            return
        turn.open(Kind.SIGNAL, topic, since, at, {"seconds": round((at - since).total_seconds())})
        incident = turn.state.incident(Kind.SIGNAL, topic)
        assert incident is not None, "it was just opened"
    else:
        end = max(at, incident.opened_at)
        turn.extend(incident, end, {"seconds": round((end - incident.opened_at).total_seconds())})
        incident = turn.state.incident(Kind.SIGNAL, topic)
        assert incident is not None, "extending keeps it open"
    turn.close(incident, incident.last_at)


def _take_point(turn: Turn, signal: Signal) -> None:
    incident = turn.state.incident(Kind.SIGNAL, signal.kind)
    if incident is not None and signal.at < incident.last_at + timedelta(seconds=turn.thresholds.merge_s):
        turn.extend(incident, signal.at, {"count": incident.facts["count"] + 1})
        return
    if incident is not None:
        turn.close(incident, incident.last_at)
    turn.open(Kind.SIGNAL, signal.kind, signal.at, signal.at, {"count": 1})


def _take_unsupported(turn: Turn, signal: Signal) -> None:
    """Once per thing and attempt: the proctor must read "unsupported" where a signal cannot be had, never "clean"."""
    what = str(signal.detail.get("what", "?"))[:_NAME_LIMIT]
    known = turn.state.unsupported
    if what in known or len(known) >= _UNSUPPORTED_LIMIT:
        return
    turn.open(Kind.SIGNAL, "unsupported", signal.at, signal.at, {"what": what})
    incident = turn.state.incident(Kind.SIGNAL, "unsupported")
    assert incident is not None, "it was just opened"
    turn.close(incident, signal.at)
    turn.state = replace(turn.state, unsupported=(*known, what))
