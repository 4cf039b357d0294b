"""The rules: `step(state, observed, thresholds, frame) -> (state, events)`, pure, one observation at a time.

Frames are judged in windows (3 of 4, 2 of 3), because a single frame decides nothing; an incident opens on a frame that
shows it, lasts while frames show it and closes after some frames in a row without it. Browser signals and silence are
spans of time. Nothing here ends, pauses or scores an attempt: the events are measurements for a human.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from proctoring.domain.incident import Event, Kind, Released
from proctoring.domain.measure import Measurement, mean_difference
from proctoring.domain.reading import Reading, read_frame, trace_face
from proctoring.domain.signal_rules import due_of_signals, take_signal, tick_signals
from proctoring.domain.signals import Signal
from proctoring.domain.spans import Turn, severity_of
from proctoring.domain.state import Last, RuleState, Seen, Tick, Watch
from proctoring.domain.thresholds import Thresholds

Observed: TypeAlias = Measurement | Signal | Tick | Watch
_Count: TypeAlias = Callable[[Thresholds], int]


@dataclass(frozen=True)
class WindowRule:
    """Opens when `need` of the last `of` frames count, `core_need` of them and the newest being `core`."""

    kind: Kind
    core: frozenset[Reading]  # shows it: sustains an open incident
    clears: frozenset[Reading]  # shows that it is over
    need: _Count
    of: _Count
    also: frozenset[Reading] = frozenset()  # counts for opening beside the core
    core_need: int = 1


_R = Reading
# FACE_HIDDEN counts absent frames too, so that frames alternating between the two open something
WINDOW_RULES: tuple[WindowRule, ...] = (
    WindowRule(
        Kind.ABSENT,
        core=frozenset({_R.ABSENT}),
        clears=frozenset({_R.FACE, _R.MULTIPLE, _R.HIDDEN}),
        need=lambda t: t.absent_frames,
        of=lambda t: t.window_frames,
    ),
    WindowRule(
        Kind.FACE_HIDDEN,
        core=frozenset({_R.HIDDEN}),
        clears=frozenset({_R.FACE, _R.MULTIPLE, _R.ABSENT}),
        need=lambda t: t.hidden_frames,
        of=lambda t: t.window_frames,
        also=frozenset({_R.ABSENT}),
        core_need=2,
    ),
    WindowRule(
        Kind.MULTIPLE,
        core=frozenset({_R.MULTIPLE}),
        clears=frozenset({_R.FACE, _R.HIDDEN, _R.ABSENT}),
        need=lambda t: t.multiple_frames,
        of=lambda t: t.multiple_window_frames,
    ),
    WindowRule(
        Kind.BLIND,
        core=frozenset({_R.BLIND}),
        clears=frozenset({_R.FACE, _R.MULTIPLE, _R.HIDDEN, _R.ABSENT}),
        need=lambda t: t.blind_frames,
        of=lambda t: t.window_frames,
    ),
    WindowRule(
        Kind.UNVERIFIABLE,
        core=frozenset({_R.UNREADABLE}),
        clears=frozenset(_R) - {_R.UNREADABLE},
        need=lambda t: t.unreadable_frames,
        of=lambda t: t.window_frames,
    ),
)


def step(
    state: RuleState, observed: Observed, thresholds: Thresholds, frame: str = ""
) -> tuple[RuleState, list[Event]]:
    """The state after the observation and what happened. `frame` names the picture of a `Measurement`."""
    turn = Turn(state, thresholds)
    match observed:
        case Measurement():
            _take_frame(turn, observed, frame)
        case Watch():
            _take_watch(turn, observed)
        case Signal() if not state.off:
            take_signal(turn, observed)
        case Tick() if not state.off:
            tick_signals(turn, observed.at)
            _tick_silence(turn, observed)
    return turn.state, turn.events


def due_at(state: RuleState, thresholds: Thresholds) -> datetime | None:
    """When a `Tick` will change something; None if never."""
    if state.off:
        return None
    moments = due_of_signals(state, thresholds)
    if thresholds.camera and state.begun_at is not None:
        silent_at = _quiet_from(state) + timedelta(seconds=thresholds.silence_s)
        incident = state.incident(Kind.UNVERIFIABLE)
        if incident is None:
            moments.append(silent_at)
        else:
            long_at = max(silent_at, incident.opened_at + timedelta(seconds=thresholds.long_s))
            if severity_of(incident, long_at, thresholds) != incident.severity:
                moments.append(long_at)
    return min(moments, default=None)


def kept_frames(state: RuleState) -> frozenset[str]:
    """The pictures that the window refers to: possible or actual evidence."""
    return frozenset(seen.frame for seen in state.window if seen.frame)


def _take_frame(turn: Turn, measurement: Measurement, frame: str) -> None:
    state, thresholds = turn.state, turn.thresholds
    stale = bool(state.window) and measurement.at <= state.window[-1].at
    if state.off or stale:
        return
    reading = read_frame(measurement, thresholds, state.face)
    identical, still = _runs(state, measurement, reading, thresholds)
    frozen = identical >= thresholds.identical_frames or still >= thresholds.still_frames
    may_be_evidence = frozen or reading not in (Reading.FACE, Reading.UNREADABLE)
    seen = Seen(measurement.at, reading, frozen, frame if may_be_evidence else "")
    oldest = measurement.at - timedelta(seconds=thresholds.window_s)
    length = max(thresholds.window_frames, thresholds.multiple_window_frames, thresholds.clear_frames)
    window = tuple(each for each in (*state.window, seen) if each.at >= oldest)[-length:]
    readable = measurement.readable
    turn.state = replace(
        state,
        window=window,
        identical=identical,
        still=still,
        last=Last(measurement.digest, measurement.dhash, measurement.thumb) if readable else state.last,
        face=trace_face(measurement) if reading in (Reading.FACE, Reading.MULTIPLE) else state.face,
        quiet_from=measurement.at,
    )
    for rule in WINDOW_RULES:
        _apply(turn, rule, _facts_of(rule, measurement, window, thresholds))
    _apply_frozen(turn, max(identical, still))
    dropped = [each.frame for each in state.window if each not in window and each.frame and not each.attached]
    _release(turn, tuple(dropped))


def _runs(state: RuleState, measurement: Measurement, reading: Reading, thresholds: Thresholds) -> tuple[int, int]:
    """How many frames in a row are the very same bytes, and how many hardly differ. Dark frames prove nothing."""
    if reading in (Reading.BLIND, Reading.UNREADABLE):
        return 0, 0
    last = state.last
    if last is None:
        return 1, 1
    same = measurement.digest == last.digest
    near = same or (
        measurement.dhash == last.dhash
        and mean_difference(measurement.thumb, last.thumb) <= thresholds.still_difference
    )
    return (state.identical + 1 if same else 1), (state.still + 1 if near else 1)


def _facts_of(
    rule: WindowRule, measurement: Measurement, window: tuple[Seen, ...], thresholds: Thresholds
) -> dict[str, Any]:
    if rule.kind is Kind.MULTIPLE:
        return {"faces": sum(face.score >= thresholds.second_face_score for face in measurement.faces)}
    if rule.kind is Kind.UNVERIFIABLE:
        return {"reason": "unreadable"}
    recent = window[-rule.of(thresholds) :]
    return {"frames": sum(seen.reading in rule.core | rule.also for seen in recent), "of": len(recent)}


def _apply(turn: Turn, rule: WindowRule, facts: dict[str, Any]) -> None:
    window = turn.state.window
    newest = window[-1]
    incident = turn.state.incident(rule.kind)
    if incident is not None:
        if newest.reading in rule.core:
            turn.extend(incident, newest.at, {}, newest.frame)
        elif _all_last(turn, lambda seen: seen.reading in rule.clears):
            turn.close(incident, newest.at)
        return
    recent = window[-rule.of(turn.thresholds) :]
    core = [seen for seen in recent if seen.reading in rule.core]
    counted = [seen for seen in recent if seen.reading in rule.core | rule.also]
    if newest.reading in rule.core and len(counted) >= rule.need(turn.thresholds) and len(core) >= rule.core_need:
        evidence = tuple(seen.frame for seen in core if seen.frame)
        turn.open(rule.kind, "", core[0].at, newest.at, facts, evidence)


def _apply_frozen(turn: Turn, run: int) -> None:
    newest = turn.state.window[-1]
    incident = turn.state.incident(Kind.FROZEN)
    if newest.frozen:
        if incident is None:
            turn.open(Kind.FROZEN, "", newest.at, newest.at, {"frames": run}, (newest.frame,) if newest.frame else ())
        else:
            turn.extend(incident, newest.at, {"frames": run}, newest.frame)
    elif incident is not None and _all_last(turn, lambda seen: not seen.frozen):
        turn.close(incident, newest.at)


def _all_last(turn: Turn, holds: Callable[[Seen], bool]) -> bool:
    last = turn.state.window[-turn.thresholds.clear_frames :]
    return len(last) == turn.thresholds.clear_frames and all(map(holds, last))


def _take_watch(turn: Turn, watch: Watch) -> None:
    if watch.on:
        # silence counts from here: nobody owes frames from before
        begun = turn.state.begun_at or watch.at
        quiet = max(watch.at, turn.state.quiet_from or watch.at)
        turn.state = replace(turn.state, begun_at=begun, off=False, quiet_from=quiet)
        return
    for incident in turn.state.open:
        turn.close(incident, watch.at)
    _release(turn, tuple(seen.frame for seen in turn.state.window if seen.frame and not seen.attached))
    turn.state = RuleState(begun_at=turn.state.begun_at, off=True, unsupported=turn.state.unsupported)


def _tick_silence(turn: Turn, tick: Tick) -> None:
    state, thresholds = turn.state, turn.thresholds
    if not thresholds.camera or state.begun_at is None:
        return
    known = [each for each in (tick.heard_at, tick.listening_since) if each is not None]
    quiet_from = max([_quiet_from(state), *known])
    turn.state = replace(state, quiet_from=quiet_from)
    if (tick.at - quiet_from).total_seconds() < thresholds.silence_s:
        return
    facts: dict[str, Any] = {"reason": state.trouble or "silence", "seconds": round(thresholds.silence_s)}
    if tick.widespread:
        facts["widespread"] = True
    incident = turn.state.incident(Kind.UNVERIFIABLE)
    if incident is None:
        turn.open(Kind.UNVERIFIABLE, "", quiet_from, tick.at, facts)
    elif severity_of(incident, tick.at, thresholds) != incident.severity:
        turn.extend(incident, tick.at, {})


def _quiet_from(state: RuleState) -> datetime:
    assert state.begun_at is not None, "silence is judged only after the beginning"
    return max(state.begun_at, state.quiet_from or state.begun_at)


def _release(turn: Turn, frames: tuple[str, ...]) -> None:
    if frames:
        turn.events.append(Released(frames))
