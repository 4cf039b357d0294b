"""The second scorer over rows as they lie in PostgreSQL; rehearsals and the browser journey compare it with records.

Nothing of the engine's reading of the log is used: rows go as JSON into exam_engine/domain/second_opinion.py, which
shares no code with the first scorer.
"""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import Any
from uuid import UUID

from exam_engine.domain.second_opinion import UNIT, second_opinion
from kit.postgres import Connection

LINES = """
select kind, seq, revision, item_version_id::text as item_version_id, payload from exam.event where attempt_id = $1
"""
ITEMS = "select id::text as id, content from bank.item_version where id = any($1::uuid[])"
CHANGES = """
select distinct on (version_id) version_id::text as id, rule, options, points
from bank.key_change where version_id = any($1::uuid[]) and edition <= $2
order by version_id, edition desc
"""
RULES = """
select e.rule_pack, p.track
from exam.attempt a
join exam.participant p on p.id = a.participant_id
join exam.session s on s.id = a.session_id
join exam.exam e on e.id = s.exam_id
where a.id = $1
"""
NEWEST = """
select distinct on (attempt_id) attempt_id, record from exam.score where session_id = $1
order by attempt_id, version desc
"""


async def recompute(connection: Connection, attempt_id: UUID, edition: int) -> dict[str, Any]:
    """{"points": {section: millionths}, "total": millionths, "passed": bool} of an attempt, from the log alone."""
    lines = [dict(row) for row in await connection.fetch(LINES, attempt_id)]
    shown = [
        UUID(each["version_id"])
        for line in lines
        if line["kind"] == "items_appended"
        for each in line["payload"]["items"]
    ]
    items = {row["id"]: row["content"] for row in await connection.fetch(ITEMS, shown)}
    changes = {row["id"]: dict(row) for row in await connection.fetch(CHANGES, shown, edition)}
    pack, track = await connection.fetchrow(RULES, attempt_id)
    raw = files("exam_engine").joinpath("rulepacks", f"{pack}.toml").read_text(encoding="utf-8")
    return second_opinion(lines, items, changes, tomllib.loads(raw), track)


async def mismatches(connection: Connection, session_id: UUID) -> tuple[int, list[str]]:
    """(scores compared, a line for each newest one that differs) of a session."""
    rows = await connection.fetch(NEWEST, session_id)
    wrong: list[str] = []
    for row in rows:
        record = row["record"]
        own = await recompute(connection, row["attempt_id"], record["key_version"])
        signed = {each["code"]: float(each["points"]) * UNIT for each in record["sections"]}
        same = own["points"] == signed and own["total"] == float(record["total"]) * UNIT
        if not same or own["passed"] != record["passed"]:
            wrong.append(f"{row['attempt_id']}: log {own}, record {signed}, passed {record['passed']}")
    return len(rows), wrong
