"""Starting: draw the candidate's form, write the item sequence into the log, set the deadline. Twice is harmless."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

import msgspec

from exam_engine.domain.attempt import Action, Status, move
from exam_engine.domain.deadline import allowance_of, deadline_at
from exam_engine.domain.records import Attempt
from exam_engine.domain.rulepack import RulePack
from exam_engine.service.ports import ExamUnit
from item_bank.domain.blueprint import Blueprint
from item_bank.domain.draw import PoolItem, draw_form


async def start(
    unit: ExamUnit,
    attempt_id: UUID,
    *,
    blueprint: Blueprint,
    pool: Sequence[PoolItem],
    rule_packs: Mapping[str, RulePack],
) -> Attempt:
    """Start the attempt by the database's time; raises `IllegalMove` when it has ended, `Shortage` of the bank."""
    attempt, at = await unit.attempts.lock(attempt_id)
    if attempt.status in (Status.ACTIVE, Status.PAUSED):
        return attempt
    status = move(attempt.status, Action.START)
    person = await unit.exams.participant(attempt.participant_id)
    session = await unit.exams.session(attempt.session_id)
    exam = await unit.exams.exam(session.exam_id)
    form = draw_form(blueprint, pool, attempt.seed)
    items = [
        {
            "position": item.position,
            "section": item.section,
            "version_id": str(item.version_id),
            "options": item.options,
        }
        for item in form.items
    ]
    payload = {
        "blueprint": blueprint.code,
        "version": blueprint.version,
        "form_hash": form.hash,
        "items": msgspec.to_builtins(items),
    }
    attempt = await unit.attempts.append(attempt, "items_appended", payload, at)
    allowance = allowance_of(exam, person, rule_packs[exam.rule_pack])
    terms = {"seed": str(attempt.seed), "allowance": msgspec.to_builtins(allowance)}
    attempt = await unit.attempts.append(attempt, "started", terms, at)
    attempt = msgspec.structs.replace(
        attempt,
        status=status,
        started_at=at,
        deadline_at=deadline_at(at, allowance),
        grace_s=allowance.grace_s,
        form_hash=form.hash,
    )
    await unit.attempts.save(attempt)
    return attempt
