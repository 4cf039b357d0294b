"""One attempt told in order: photo, checks, signals, incidents, messages, what proctors did."""

from __future__ import annotations

from uuid import UUID

from proctoring.service.incidents import view_of
from proctoring.service.ports import ProctorUnit
from proctoring.service.views import TimelineEntry
from proctoring.service.words import ACTIONS, SIGNALS

LIMIT = 2_000  # entries per source; four hours of a restless candidate


async def timeline(unit: ProctorUnit, attempt_id: UUID) -> list[TimelineEntry]:
    """Oldest first. Texts are message ids, see `views`."""
    entries: list[TimelineEntry] = []
    for media_id, at in await unit.proctor.photos(attempt_id):
        entries.append(TimelineEntry(at, "photo", *ACTIONS["photo"], {}, [media_id]))
    for action in await unit.proctor.actions(attempt_id, LIMIT):
        title, detail = ACTIONS.get(action.kind, (action.kind, ""))
        facts = {"reason": "", "decision": "", **action.detail, "actor": action.actor}
        about = action.detail.get("incident")
        entries.append(TimelineEntry(action.at, action.kind, title, detail, facts, [], UUID(about) if about else None))
    for signal in await unit.proctor.signals(attempt_id, LIMIT):
        entries.append(TimelineEntry(signal.at, "signal", SIGNALS.get(signal.kind, signal.kind), "", signal.detail, []))
    for message in await unit.proctor.messages(attempt_id, LIMIT):
        facts = {"text": message.text, "actor": message.author}
        entries.append(TimelineEntry(message.at, "message", *ACTIONS["message"], facts, []))
    for row in await unit.proctor.attempt_incidents(attempt_id, LIMIT):
        view = view_of(row)
        facts = {**view.facts, "kind": view.kind, "severity": view.severity}
        entries.append(TimelineEntry(view.opened_at, "incident", view.title, view.summary, facts, view.media, view.id))
    return sorted(entries, key=lambda entry: entry.at)
