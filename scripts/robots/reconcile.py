"""The journal of the robots against the database, both ways.

*Lost*: acknowledged and not in the log. *Doubled*: one operation more than once in the log. *Late*: in the log although
the database's time was beyond the deadline, and not made before it and within the grace of the rule pack. *Standing*:
the answer that counts is not that of the highest revision.
Scores are recomputed by code that shares nothing with the engine.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import msgspec
import numpy as np

from kit.postgres import Connection
from scripts.commands.recompute import mismatches
from scripts.robots.journal import (
    Acked,
    Failed,
    Finished,
    Frame,
    Recovered,
    Refused,
    Retried,
    Started,
    Told,
    read_journals,
)

R = TypeVar("R")
SHOWN = 20

ATTEMPTS = "select id, status, deadline_at, grace_s from exam.attempt where session_id = $1 and started_at is not null"
LOGGED = """
select e.attempt_id, e.client_id, e.client_seq, e.item_version_id, e.revision, e.server_at, e.client_at,
       e.payload #>> '{base,identifier}' as chosen
from exam.event e
join exam.attempt a on a.id = e.attempt_id
where a.session_id = $1 and e.kind = 'responded'
"""
STANDING = """
select r.attempt_id, r.item_version_id, r.value #>> '{base,identifier}' as chosen
from exam.response r
join exam.attempt a on a.id = r.attempt_id
where a.session_id = $1
"""


class Records:
    """The journals, sorted by kind."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._kinds: dict[type, list[Any]] = {}
        for record in read_journals(paths):
            self._kinds.setdefault(type(record), []).append(record)

    def of(self, kind: type[R]) -> list[R]:
        """All of a kind, in order of their file."""
        return self._kinds.get(kind, [])


class Reconciliation(msgspec.Struct, frozen=True, kw_only=True):
    """The promises, counted; times in milliseconds, percentiles 0 where nothing was measured."""

    started: int
    submitted: int
    expired: int
    made: int
    acked: int
    stored: int
    lost: int
    doubled: int
    accepted_late: int
    standing_wrong: int
    unacked: int
    refused_late: int
    rejected: int
    retried: int
    retried_without_hint: int
    retry_p99_ms: float
    scores: int
    score_mismatches: int
    ack_p50_ms: float
    ack_p95_ms: float
    ack_p99_ms: float
    start_p95_ms: float
    start_p99_ms: float
    reconnects: int
    reconnect_p99_ms: float
    close_codes: dict[str, int]
    clock_error_ms: float
    frames: int
    frames_refused: int
    failures: list[str]

    def broken(self) -> list[str]:
        """The promises that did not hold, in words."""
        counts = {
            "acknowledged answers lost": self.lost,
            "answers stored twice": self.doubled,
            "answers accepted after the deadline": self.accepted_late,
            "standing answers that are not the last one": self.standing_wrong,
            "answers never acknowledged": self.unacked,
            "scores that the log does not give": self.score_mismatches,
            "candidates who could not go on": len(self.failures),
        }
        return [f"{count} {what}" for what, count in counts.items() if count]


async def reconcile(connection: Connection, session_id: UUID, journals: Sequence[Path]) -> Reconciliation:
    """Compare; the crowd must be through."""
    records = Records(journals)
    acked = records.of(Acked)
    attempts = await connection.fetch(ATTEMPTS, session_id)
    logged = await connection.fetch(LOGGED, session_id)
    standing = {
        (r["attempt_id"], r["item_version_id"]): r["chosen"] for r in await connection.fetch(STANDING, session_id)
    }
    limits = {row["id"]: (row["deadline_at"], timedelta(seconds=row["grace_s"])) for row in attempts}
    kept = {_key(each) for each in logged}
    scores, wrong = await mismatches(connection, session_id)
    statuses = Counter(row["status"] for row in attempts)
    recovered, retried, frames = records.of(Recovered), records.of(Retried), records.of(Frame)
    refusals = Counter(each.verdict for each in records.of(Refused))
    waits = [each.waited_s for each in acked]
    return Reconciliation(
        started=len(attempts),
        submitted=statuses["submitted"],
        expired=statuses["expired"],
        made=sum(each.made for each in records.of(Finished)),
        acked=len(acked),
        stored=len(logged),
        lost=sum(_acked_key(each) not in kept for each in acked),
        doubled=len(logged) - len({(e["attempt_id"], e["client_id"], e["client_seq"]) for e in logged}),
        accepted_late=sum(_late(each, *limits[each["attempt_id"]]) for each in logged),
        standing_wrong=_standing_wrong(logged, standing),
        unacked=sum(each.unacked for each in records.of(Finished) if each.phase in ("active", "paused")),
        refused_late=refusals["late"],
        rejected=refusals["rejected"],
        retried=len(retried),
        retried_without_hint=sum(not each.retry_after for each in retried if each.status == 503),
        retry_p99_ms=percentile((each.waited_s for each in retried), 99),
        scores=scores,
        score_mismatches=len(wrong),
        ack_p50_ms=percentile(waits, 50),
        ack_p95_ms=percentile(waits, 95),
        ack_p99_ms=percentile(waits, 99),
        start_p95_ms=percentile((each.waited_s for each in records.of(Started)), 95),
        start_p99_ms=percentile((each.waited_s for each in records.of(Started)), 99),
        reconnects=len(recovered),
        reconnect_p99_ms=percentile((each.waited_s for each in recovered), 99),
        close_codes=dict(Counter(str(each.code) for each in recovered if each.code)),
        clock_error_ms=round(max((abs(each.clock_error_s) for each in records.of(Told)), default=0.0) * 1000, 1),
        frames=len(frames),
        frames_refused=sum(each.status != 204 for each in frames),
        failures=[f"{each.who}: {each.why}" for each in records.of(Failed)][:SHOWN] + wrong[:SHOWN],
    )


def _late(row: Any, deadline: datetime, grace: timedelta) -> bool:
    in_grace = row["client_at"] <= deadline and row["server_at"] <= deadline + grace
    return bool(row["server_at"] > deadline and not in_grace)


def _key(row: Any) -> tuple[Any, ...]:
    return (
        row["attempt_id"], row["client_id"], row["client_seq"], row["item_version_id"], row["revision"], row["chosen"],
    )  # fmt: skip


def _acked_key(each: Acked) -> tuple[Any, ...]:
    return (each.attempt, each.client, each.seq, each.item, each.rev, each.chosen)


def _standing_wrong(logged: Iterable[Any], standing: dict[tuple[UUID, UUID], str]) -> int:
    """Items whose standing answer is not that of the highest revision in the log."""
    best: dict[tuple[UUID, UUID], tuple[int, str]] = {}
    for row in logged:
        place = (row["attempt_id"], row["item_version_id"])
        if place not in best or row["revision"] >= best[place][0]:
            best[place] = (row["revision"], row["chosen"])
    return sum(standing.get(place) != chosen for place, (_, chosen) in best.items())


def percentile(seconds: Iterable[float], percent: float) -> float:
    """In milliseconds."""
    values = list(seconds)
    return round(float(np.percentile(values, percent)) * 1000, 1) if values else 0.0
