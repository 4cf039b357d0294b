"""When an attempt ends: one pure function of start, allowance, pauses and credits, and the fold of a log into them.

The stored `deadline_at` is a projection of the log: always what `clock_of` says. While a pause runs it has no end yet,
so the deadline stands still until the attempt is resumed. After the deadline nothing that was made later is taken;
what was made before it may still arrive for `grace_s` seconds of the database's clock, whatever a client's clock says.
Times are aware UTC. An allowance is in minutes, a credit in seconds; no part ever shortens the time.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec

from exam_engine.domain.log import Event
from exam_engine.domain.records import Exam, Participant
from exam_engine.domain.rulepack import RulePack

CLOCK_EVENTS = ("started", "paused", "resumed", "credited")
CREDIT_LIMIT_S = 4 * 3600  # of one credit; a longer outage is a new session
EXTRA_LIMIT_MINUTES = 480  # accommodation of one person


class Allowance(msgspec.Struct, frozen=True):
    """The time that an attempt is promised at its start. Sections with a time of their own replace `minutes`."""

    minutes: int
    extra_minutes: int = 0  # accommodations of the person and of the track
    grace_s: int = 0
    section_minutes: tuple[int, ...] = ()
    break_minutes: tuple[int, ...] = ()

    @property
    def total_minutes(self) -> int:
        """From start to deadline, when nothing stops the clock."""
        return (sum(self.section_minutes) or self.minutes) + sum(self.break_minutes) + self.extra_minutes


def allowance_of(exam: Exam, person: Participant, pack: RulePack) -> Allowance:
    """What somebody is promised who starts now: the exam's time, both accommodations, the grace of the rules."""
    extra = person.extra_minutes + pack.thresholds(person.track).extra_minutes
    return Allowance(exam.minutes, extra, pack.grace_s)


class Clock(msgspec.Struct, frozen=True):
    """How the time of a started attempt stands by its log; `paused_at` while it stands still."""

    started_at: datetime
    allowance: Allowance
    deadline_at: datetime
    paused_at: datetime | None
    credited_s: int

    @property
    def minutes_allowed(self) -> int:
        """Without pauses, which gave nothing; a part of a minute counts as one."""
        return self.allowance.total_minutes - (-self.credited_s // 60)


def deadline_at(
    started_at: datetime,
    allowance: Allowance,
    pauses: Iterable[tuple[datetime, datetime]] = (),
    credits_s: Iterable[int] = (),
) -> datetime:
    """start + allowance + the length of every finished pause + every credit."""
    stood_still = sum((max(end - begin, timedelta()) for begin, end in pauses), timedelta())
    credited = timedelta(seconds=sum(credits_s))
    return started_at + timedelta(minutes=allowance.total_minutes) + stood_still + credited


def clock_of(events: Iterable[Event]) -> Clock | None:
    """Fold a log, given in any order; None before the start."""
    started: Event | None = None
    paused_at: datetime | None = None
    pauses: list[tuple[datetime, datetime]] = []
    credits_s: list[int] = []
    for event in sorted(events, key=lambda each: each.seq):
        if event.kind == "started":
            started = event
        elif event.kind == "paused":
            paused_at = event.server_at
        elif event.kind == "resumed" and paused_at is not None:
            pauses.append((paused_at, event.server_at))
            paused_at = None
        elif event.kind == "credited":
            credits_s.append(event.payload["seconds"])
    if started is None:
        return None
    allowance = msgspec.convert(started.payload["allowance"], Allowance)
    deadline = deadline_at(started.server_at, allowance, pauses, credits_s)
    return Clock(started.server_at, allowance, deadline, paused_at, sum(credits_s))


def is_over(deadline: datetime, grace_s: int, at: datetime) -> bool:
    """Whether the grace has run out as well: only then the sweeper may end an attempt."""
    return at > deadline + timedelta(seconds=grace_s)


def in_time(deadline: datetime, grace_s: int, made_at: datetime, at: datetime) -> bool:
    """Whether an operation is taken: it arrives by the deadline, or was made by then and arrives within the grace.

    `at` is the database's clock and always decides; `made_at` is the candidate's claim and only ever takes away.
    """
    return at <= deadline or (made_at <= deadline and not is_over(deadline, grace_s, at))


def remaining_s(deadline: datetime | None, paused_at: datetime | None, now: datetime) -> float | None:
    """Seconds left, never negative; while paused, what was left when the clock stopped; None before the start."""
    if deadline is None:
        return None
    return max(0.0, (deadline - (paused_at or now)).total_seconds())
