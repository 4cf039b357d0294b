"""Starting: the form is drawn from the stored seed and pinned in the log, then the clock runs. Twice is harmless.

Drawing may come first (`prepare`, while the candidate waits for T0), so that the start itself writes one small event;
many starts share one transaction (`start_many`), because at T0 everybody comes at once. Each is decided by itself, by
the database's time after its attempt is held.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

import msgspec

from exam_engine.domain.attempt import Action, Status, move
from exam_engine.domain.deadline import allowance_of, deadline_at
from exam_engine.domain.records import Attempt, Beginning, Candidate, Exam
from exam_engine.domain.rulepack import RulePack
from exam_engine.service.ports import ExamUnit
from exam_engine.service.seat import Superseded
from item_bank.domain.blueprint import Blueprint
from item_bank.domain.draw import PoolItem, draw_form
from kit.errors import Conflict, Fault, NotFound, TooEarly


@dataclass(eq=False)
class NotOpen(TooEarly):
    """T0 is at `opens_at`; it is `at`."""

    opens_at: datetime
    at: datetime


class PhotoNeeded(Conflict):
    """The exam wants an identity photo before the start."""

    key = "photo-needed"


class Drawn(msgspec.Struct, frozen=True):
    """What the log says of a drawn form."""

    form_hash: str
    payload: dict[str, Any]


class Wanted(msgspec.Struct, frozen=True):
    """Who holds `seat_id` (None: whoever has the seat) wants to start; `draw` makes the form where none is pinned."""

    attempt_id: UUID
    seat_id: UUID | None
    draw: Callable[[int], Drawn]


def not_open(opens_at: datetime, at: datetime) -> NotOpen:
    """The refusal before T0."""
    return NotOpen(max(1, math.ceil((opens_at - at).total_seconds())), opens_at, at)


def draw(blueprint: Blueprint, pool: Sequence[PoolItem], seed: int) -> Drawn:
    """Raises `Shortage` of the bank."""
    form = draw_form(blueprint, pool, seed)
    payload = {
        "blueprint": blueprint.code,
        "version": blueprint.version,
        "form_hash": form.hash,
        "items": msgspec.to_builtins(form.items),
    }
    return Drawn(form.hash, payload)


async def prepare(unit: ExamUnit, attempt_id: UUID, draw: Callable[[int], Drawn]) -> Attempt:
    """Pin the form of an attempt that waits; raises `Shortage`."""
    attempt, at = await unit.attempts.lock(attempt_id)
    if attempt.form_hash is not None or attempt.status is not Status.PREPARING:
        return attempt
    drawn = draw(attempt.seed)
    attempt = await unit.attempts.append(attempt, "items_appended", drawn.payload, at)
    attempt = msgspec.structs.replace(attempt, form_hash=drawn.form_hash)
    await unit.attempts.save(attempt)
    return attempt


async def start_many(
    unit: ExamUnit, wanted: Sequence[Wanted], rule_packs: Mapping[str, RulePack]
) -> list[tuple[Attempt, Exam] | Fault]:
    """Start each, or say why not: `NotOpen`, `PhotoNeeded`, `Superseded`, `IllegalMove`, `Shortage`."""
    held = {each.attempt.id: each for each in await unit.attempts.lock_starting([each.attempt_id for each in wanted])}
    exams = {exam_id: await unit.exams.exam(exam_id) for exam_id in {each.exam_id for each in held.values()}}
    answers: list[tuple[Attempt, Exam] | Fault] = []
    beginnings: dict[UUID, Beginning] = {}
    for each in wanted:
        candidate = held.get(each.attempt_id)
        if candidate is None:
            answers.append(NotFound())
            continue
        exam = exams[candidate.exam_id]
        try:
            beginning = _decide(each, candidate, exam, rule_packs)
        except Fault as refusal:
            answers.append(refusal)
            continue
        if beginning.terms is not None:
            beginnings[each.attempt_id] = beginning  # asked twice in one batch: started once
        answers.append((beginning.attempt, exam))
    await unit.attempts.begin(list(beginnings.values()))
    return answers


async def start(
    unit: ExamUnit,
    attempt_id: UUID,
    *,
    blueprint: Blueprint,
    pool: Sequence[PoolItem],
    rule_packs: Mapping[str, RulePack],
) -> Attempt:
    """Start one attempt, whoever has its seat; raises what `start_many` says."""
    wanted = Wanted(attempt_id, None, partial(draw, blueprint, pool))
    (answer,) = await start_many(unit, [wanted], rule_packs)
    if isinstance(answer, Fault):
        raise answer
    return answer[0]


def _decide(wanted: Wanted, candidate: Candidate, exam: Exam, rule_packs: Mapping[str, RulePack]) -> Beginning:
    attempt, at = candidate.attempt, candidate.at
    if wanted.seat_id not in (None, attempt.seat_id):
        raise Superseded
    if attempt.status in (Status.ACTIVE, Status.PAUSED):
        return Beginning(attempt, at, None, None)
    status = move(attempt.status, Action.START)
    if candidate.starts_at is not None and at < candidate.starts_at:
        raise not_open(candidate.starts_at, at)
    if exam.proctoring.get("camera") and attempt.photo_at is None:
        raise PhotoNeeded
    drawn = None if attempt.form_hash else wanted.draw(attempt.seed)
    allowance = allowance_of(exam, candidate.person, rule_packs[exam.rule_pack])
    begun = msgspec.structs.replace(
        attempt,
        status=status,
        started_at=at,
        deadline_at=deadline_at(at, allowance),
        grace_s=allowance.grace_s,
        form_hash=drawn.form_hash if drawn else attempt.form_hash,
        last_seq=attempt.last_seq + (2 if drawn else 1),
    )
    terms = {"seed": str(attempt.seed), "allowance": msgspec.to_builtins(allowance)}
    return Beginning(begun, at, drawn.payload if drawn else None, terms)
