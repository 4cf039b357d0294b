"""An independent recomputation of scores from the stored log and the stored keys, sharing no code with the engine.

It reads rows, not our domain: the standing answer of an item is the one with the highest revision; a key earns 5, a
weighted option its points. Rehearsals and the browser journey compare its totals with the signed records.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from kit.postgres import Connection

STANDING = """
select distinct on (e.item_version_id)
       e.item_version_id, e.payload #>> '{base,identifier}' as chosen, v.topic, v.content
from exam.event e
join bank.item_version v on v.id = e.item_version_id
where e.attempt_id = $1 and e.kind = 'responded'
order by e.item_version_id, e.revision desc, e.seq desc
"""


def _points(content: dict[str, Any], chosen: str | None, section: str) -> int:
    if chosen is None:
        return 0
    declaration = content["responses"][0]
    if section == "TKP":
        return int(declaration["mapping"]["entries"][chosen])
    return 5 if declaration["correct"]["base"]["identifier"] == chosen else 0


async def recompute(connection: Connection, attempt_id: UUID) -> dict[str, int]:
    """Points per section of an attempt, from the log alone."""
    points = {"TWK": 0, "TIU": 0, "TKP": 0}
    for row in await connection.fetch(STANDING, attempt_id):
        section = row["topic"].split(".")[0]
        points[section] += _points(row["content"], row["chosen"], section)
    return points


async def mismatches(connection: Connection, session_id: UUID) -> tuple[int, list[str]]:
    """(scores compared, a line for each that differs) of a session."""
    rows = await connection.fetch("select attempt_id, record from exam.score where session_id = $1", session_id)
    wrong: list[str] = []
    for row in rows:
        own = await recompute(connection, row["attempt_id"])
        signed = {each["code"]: each["points"] for each in row["record"]["sections"]}
        if own != signed or sum(own.values()) != row["record"]["total"]:
            wrong.append(f"{row['attempt_id']}: log {own}, record {signed}")
    return len(rows), wrong
