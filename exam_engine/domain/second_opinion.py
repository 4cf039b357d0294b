"""The second scorer: the same rules written again, another way, so that one mistake cannot release a score.

It shares no code with scoring.py, log.py or the bank's response processing. It reads plain JSON (the log's lines, the
items' contents, the changed keys, the rule pack) in one pass, and counts whole millionths of a point instead of
fractions. Two answers that differ withhold the score (exam_engine/service/marking.py); they are never averaged.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, TypeAlias

UNIT = 1_000_000  # millionths of a point: what the hand-over can write
Plain: TypeAlias = Mapping[str, Any]


def _units(points: Any) -> int:
    scaled = Decimal(str(points)) * UNIT
    if scaled != int(scaled):
        raise ValueError(f"{points} has more than six decimal places")
    return int(scaled)


def second_opinion(
    lines: Iterable[Plain], items: Mapping[str, Plain], changed: Mapping[str, Plain], rules: Plain, track: str
) -> dict[str, Any]:
    """{"points": {section: millionths}, "total": millionths, "passed": bool} of one log.

    `lines`: events with kind, seq, revision, item_version_id, payload. `items`: contents by version id. `changed`: key
    changes (rule, options, points) by version id.
    """
    shown: dict[str, str] = {}
    best: dict[str, tuple[int, int]] = {}
    chosen: dict[str, list[str]] = {}
    for line in lines:
        if line["kind"] == "items_appended":
            shown |= {str(each["version_id"]): each["section"] for each in line["payload"]["items"]}
        if line["kind"] != "responded":
            continue
        item, rank = str(line["item_version_id"]), (line["revision"], line["seq"])
        if rank > best.get(item, (-1, -1)):
            best[item] = rank
            chosen[item] = _chosen(line["payload"])
    points = {section["code"]: 0 for section in rules["section"]}
    worth = {section["code"]: section for section in rules["section"]}
    for item, section in shown.items():
        points[section] += _earned(items[item], changed.get(item), chosen.get(item, []), worth[section])
    need = rules["track"][track]
    total = sum(points.values())
    passed = all(points[code] >= least * UNIT for code, least in need["sections"].items())
    if need.get("total") is not None:
        passed = passed and total >= need["total"] * UNIT
    return {"points": points, "total": total, "passed": passed}


def _chosen(value: Plain | None) -> list[str]:
    for container in ("base", "list"):
        typed = (value or {}).get(container)
        if typed:
            (answer,) = typed.values()
            return [answer] if container == "base" else list(answer)
    return []


def _earned(content: Plain, change: Plain | None, chosen: list[str], worth: Plain) -> int:
    name = content["interactions"][0]["response"]
    (declaration,) = [each for each in content["responses"] if each["identifier"] == name]
    if worth["rule"] == "weights":
        mapping = declaration["mapping"]
        if change and change["rule"] == "full":
            return max(map(_units, mapping["entries"].values()))
        if not chosen:
            return 0
        if change:
            return sum(_units(change["points"][each]) for each in set(chosen))
        earned = sum(_units(mapping["entries"].get(each, mapping["default"])) for each in set(chosen))
        lower, upper = mapping.get("lower"), mapping.get("upper")
        earned = earned if lower is None else max(earned, _units(lower))
        return earned if upper is None else min(earned, _units(upper))
    if change and change["rule"] == "full":
        return _units(worth["right"])
    if not chosen:
        return 0
    by_key = sorted(chosen) == sorted(_chosen(declaration["correct"]))
    right = chosen[0] in change["options"] if change else by_key
    return _units(worth["right"] if right else worth["wrong"])
