"""What a proctor's console shows, in the wire forms of docs/architecture.md ("The proctor API").

Exam and proctoring do not know each other; here an attempt's clock and its incidents meet, by `attempt_id` alone. A
console costs a fixed number of queries however many candidates sit in the session. Titles and summaries of incidents
are English message ids with facts: they are translated here, because one worker serves readers of both languages.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog

from exam_engine.domain.attempt import Status
from exam_engine.domain.deadline import remaining_s
from exam_engine.domain.proposal import Person, Proposal
from exam_engine.domain.records import Exam, Progress
from kit.clock import milliseconds
from kit.errors import Unavailable
from kit.http.formats import N_, LocaleCode
from kit.http.sse import Event
from proctoring.domain.records import Standing
from proctoring.service import incidents
from proctoring.service.views import IncidentView, TimelineEntry
from web.seat import Seats
from web.wiring import Deps, Unit

log = structlog.get_logger(__name__)

Translate = Callable[[LocaleCode, str], str]
ONE_BY_ONE = 8  # so many changed candidates are asked for singly; more cost less as the whole session

DECISIONS = {"upheld": N_("Upheld"), "dismissed": N_("Dismissed")}
CHECKS = {
    "camera": N_("Camera"),
    "network": N_("Network"),
    "storage": N_("Storage"),
    "clock": N_("Clock"),
    "screen": N_("Screen"),
}
PASSED, FAILED = N_("in order"), N_("not in order")


class ProctorView:
    """Reads both sides of an attempt and puts them into words and wire forms."""

    def __init__(self, deps: Deps, seats: Seats, translate: Translate) -> None:
        self._deps = deps
        self._seats = seats
        self._translate = translate

    async def session(self, session_id: UUID, now: datetime, locale: LocaleCode) -> dict[str, Any]:
        """Everything that a console shows at first."""
        async with self._deps.unit() as unit:
            session = await unit.exams.session(session_id)
            exam = await unit.exams.exam(session.exam_id)
            progress = await unit.attempts.session_progress(session_id)
            found = await incidents.session_incidents(unit, session_id)
            proposed = await _proposals(unit, await unit.proposals.of_session(session_id))
            candidates = await self._candidates(unit, exam, progress, now)
        who = {each.id: each for each in progress}
        return {
            "session": {
                "id": str(session.id),
                "code": session.code,
                "title": exam.title[locale],
                "opens_at": milliseconds(session.opens_at),
                "closes_at": milliseconds(session.closes_at),
                "camera": bool(exam.proctoring.get("camera", False)),
            },
            "candidates": candidates,
            "incidents": [self._incident(view, who[view.attempt_id], locale) for view in found],
            "proposals": proposed,
            "now": milliseconds(now),
        }

    async def candidates(self, session_id: UUID, now: datetime) -> list[dict[str, Any]]:
        """Every `Candidate` of a session, by number."""
        async with self._deps.unit() as unit:
            exam = await _exam_of(unit, session_id)
            progress = await unit.attempts.session_progress(session_id)
            return await self._candidates(unit, exam, progress, now)

    async def candidate(self, attempt_id: UUID, now: datetime) -> dict[str, Any]:
        """One `Candidate`."""
        async with self._deps.unit() as unit:
            attempt = await unit.attempts.get(attempt_id)
            exam = await _exam_of(unit, attempt.session_id)
            progress = await unit.attempts.progress(attempt_id)
            [candidate] = await self._candidates(unit, exam, [progress], now)
        return candidate

    async def incident(self, view: IncidentView, locale: LocaleCode) -> dict[str, Any]:
        """One `Incident`."""
        async with self._deps.unit() as unit:
            person = await unit.attempts.progress(view.attempt_id)
        return self._incident(view, person, locale)

    async def changes(
        self, session_id: UUID, payloads: Iterable[Mapping[str, Any]], now: datetime, locale: LocaleCode
    ) -> list[Event]:
        """Bus messages of a session as events, each candidate, incident and picture once, as it is now.

        An incident changes how its candidate stands, so that one is sent as well.
        """
        frames: dict[str, int] = {}
        attempts: set[UUID] = set()
        proposals: set[UUID] = set()
        touched: dict[UUID, None] = {}
        events: list[Event] = []
        for payload in payloads:
            match payload:
                case {"kind": "frame", "attempt": str(attempt), "at": int(at)}:
                    frames[attempt] = max(at, frames.get(attempt, 0))
                case {"kind": "candidate", "attempt": str(attempt)}:
                    attempts.add(UUID(attempt))
                case {"kind": "incident", "incident": str(incident)}:
                    touched[UUID(incident)] = None
                case {"kind": "proposal", "proposal": str(proposal)}:
                    proposals.add(UUID(proposal))
                case {"kind": "message", "attempt": str(attempt), "message": dict(message)}:
                    events.append(("message", {"attempt": attempt, **message}))
                case _:
                    log.warning("proctor-message-unknown", kind=payload.get("kind"))
        if proposals:
            async with self._deps.unit() as unit:
                found = await _proposals(unit, [await unit.proposals.get(each) for each in proposals])
            events += [("proposal", each) for each in found]
        if touched or attempts:
            events += await self._changed(session_id, attempts, list(touched), now, locale)
        return [*events, *(("frame", {"attempt": attempt, "at": at}) for attempt, at in frames.items())]

    async def _changed(
        self, session_id: UUID, attempts: set[UUID], touched: Sequence[UUID], now: datetime, locale: LocaleCode
    ) -> list[Event]:
        async with self._deps.unit() as unit:
            views = [await incidents.load_incident(unit, incident_id) for incident_id in touched]
            wanted = attempts | {view.attempt_id for view in views}
            if len(wanted) > ONE_BY_ONE:
                progress = [each for each in await unit.attempts.session_progress(session_id) if each.id in wanted]
            else:
                progress = [await unit.attempts.progress(attempt_id) for attempt_id in wanted]
            exam = await _exam_of(unit, session_id)
            candidates = await self._candidates(unit, exam, progress, now)
        who = {each.id: each for each in progress}
        told: list[Event] = [("incident", self._incident(view, who[view.attempt_id], locale)) for view in views]
        return [*told, *(("candidate", each) for each in candidates)]

    async def _candidates(
        self, unit: Unit, exam: Exam, progress: Sequence[Progress], now: datetime
    ) -> list[dict[str, Any]]:
        ids = [each.id for each in progress]
        answered = await unit.attempts.answered(ids)
        standings = await incidents.standings(unit, ids)
        arrived = await self._arrived(ids)
        blueprint, _ = await self._deps.item_pool(exam.blueprint, now)
        return [
            self._candidate(
                each, standings[each.id], arrived.get(each.id), answered.get(each.id, 0), blueprint.length, now
            )
            for each in progress
        ]

    async def _arrived(self, ids: Sequence[UUID]) -> dict[UUID, datetime]:
        """When the newest pictures came; a queue that is away takes the live pictures only, never the console."""
        try:
            return await self._deps.frames.seen_at(ids)
        except Unavailable:
            return {}

    def _candidate(
        self, each: Progress, standing: Standing, arrived: datetime | None, answered: int, total: int, now: datetime
    ) -> dict[str, Any]:
        paused = each.paused_at if each.status is Status.PAUSED else None
        running = each.status in (Status.ACTIVE, Status.PAUSED)
        frame_at = _latest(standing.frame_at, arrived)
        return {
            "attempt": str(each.id),
            "number": each.number,
            "name": each.name,
            "phase": each.status.value,
            "answered": answered,
            "total": total,
            "remaining_s": remaining_s(each.deadline_at, paused, now) if running else None,
            "frame_at": _wire(frame_at),
            "seen_at": _wire(_latest(self._seats.seen_at.get(each.id), frame_at)),
            "open_incidents": standing.open_incidents,
            "worst": standing.worst,
            "photo": str(standing.photo) if standing.photo else None,
        }

    def _incident(self, view: IncidentView, person: Progress, locale: LocaleCode) -> dict[str, Any]:
        review = view.review
        return {
            "id": str(view.id),
            "attempt": str(view.attempt_id),
            "number": person.number,
            "name": person.name,
            "kind": view.kind,
            "severity": view.severity,
            "title": self._words(view.title, view.facts, locale),
            "summary": self._words(view.summary, view.facts, locale),
            "opened_at": milliseconds(view.opened_at),
            "closed_at": _wire(view.closed_at),
            "media": [str(each) for each in view.media],
            "review": review
            and {
                "decision": review.decision,
                "note": review.note,
                "by": review.by,
                "at": milliseconds(review.at),
            },
        }

    def entry(self, entry: TimelineEntry, locale: LocaleCode) -> dict[str, Any]:
        """One line of a timeline."""
        facts = dict(entry.facts)
        decision = DECISIONS.get(str(facts.get("decision")))
        if decision:
            facts["decision"] = self._translate(locale, decision)
        detail = self._words(entry.detail, facts, locale)
        if entry.kind == "check":
            detail = self._checked(facts.get("results"), locale)
        told = {
            "at": milliseconds(entry.at),
            "kind": entry.kind,
            "title": self._words(entry.title, facts, locale),
            "detail": detail,
            "media": [str(each) for each in entry.media],
        }
        return told if entry.incident is None else {**told, "incident": str(entry.incident)}

    def _checked(self, results: Any, locale: LocaleCode) -> str:
        """`Camera: in order; Clock: not in order`. What the browser wrote itself is in the candidate's language."""
        parts = []
        for each in results if isinstance(results, list) else []:
            name = self._translate(locale, CHECKS.get(each.get("name"), str(each.get("name", ""))))
            parts.append(f"{name}: {self._translate(locale, PASSED if each.get('ok') else FAILED)}")
        return "; ".join(parts)

    def _words(self, message: str, facts: Mapping[str, Any], locale: LocaleCode) -> str:
        translated = self._translate(locale, message)
        try:
            return translated % facts
        except (KeyError, TypeError, ValueError):
            # facts of an older version, or a stored name with a percent sign: the bare words are better than nothing
            return translated


def proposal_view(each: Proposal, people: frozenset[Person]) -> dict[str, Any]:
    """One `Proposal`."""
    return {
        "id": str(each.id),
        "kind": each.kind,
        "attempts": [str(attempt_id) for attempt_id in each.attempt_ids],
        "minutes": None if each.seconds is None else each.seconds // 60,
        "reason": each.reason,
        "by": each.asked_by,
        "at": milliseconds(each.asked_at),
        "agreed": sorted(person.name for person in people),
        "lead": any(person.lead for person in people),
        "state": each.state.value,
        "decided_by": each.decided_by,
        "done": len(each.outcome["done"]) if each.outcome else 0,
    }


async def _proposals(unit: Unit, found: Sequence[Proposal]) -> list[dict[str, Any]]:
    return [proposal_view(each, await unit.proposals.people(each.id)) for each in found]


async def _exam_of(unit: Unit, session_id: UUID) -> Exam:
    session = await unit.exams.session(session_id)
    return await unit.exams.exam(session.exam_id)


def _latest(*moments: datetime | None) -> datetime | None:
    return max((each for each in moments if each is not None), default=None)


def _wire(at: datetime | None) -> int | None:
    return None if at is None else milliseconds(at)
