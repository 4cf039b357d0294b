"""A changed key of an item version, after it was used: another or several right options, other points, or full points
for everybody.

Changes are kept beside the key that the version was approved with, never in its place. They are numbered over the
whole bank: the keys of *edition* n are the original ones and every change up to n, the newest of an item counting. So
an edition names for ever what a score was made with; edition 1 is the original keys.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any, ClassVar, Literal
from uuid import UUID

import msgspec

from item_bank.domain.item import ChoiceInteraction, ItemContent
from item_bank.domain.response import Cardinality, parse_value
from kit.errors import Invalid

ORIGINAL = 1


@dataclass(eq=False)
class BadKey(Invalid):
    """`problems` says everything that is wrong with the new key."""

    problems: list[str]
    key: ClassVar[str] = "bad-key"


class KeyChange(msgspec.Struct, frozen=True):
    """`right`: each of `options` is right; `points`: what each option earns; `full`: everybody earns the most."""

    version_id: UUID
    rule: Literal["right", "points", "full"]
    reason: str
    changed_by: str
    changed_at: datetime
    options: tuple[str, ...] = ()
    points: dict[str, str] | None = None
    edition: int = 0  # given by the store


def key_problems(change: KeyChange, content: ItemContent) -> list[str]:
    """Everything that keeps the change from being used, in words."""
    interaction = content.interactions[0]
    assert isinstance(interaction, ChoiceInteraction), "the only interaction so far"
    known = {option.id for option in interaction.options}
    found: list[str] = []
    if not change.reason.strip():
        found.append("a change needs a reason")
    if change.rule == "right":
        if content.scoring != "match_correct":
            found.append("the options of this item carry points: give the points of each")
        if not change.options:
            found.append("at least one option must be right")
        if content.response(interaction.response).cardinality is not Cardinality.SINGLE:
            found.append("only an item with one response can have several keys")
        found += [f"option {each} does not exist" for each in sorted(set(change.options) - known)]
    if change.rule == "points":
        if content.scoring != "map_response":
            found.append("this item has a right option, not points")
        if set(change.points or {}) != known:
            found.append("every option needs its points")
        found += [
            f"{each} is not a number of points" for each in (change.points or {}).values() if not _is_number(each)
        ]
    return found


def _is_number(text: str) -> bool:
    try:
        return Fraction(text) >= 0 and "/" not in text
    except (ValueError, ZeroDivisionError):
        return False


def most(content: ItemContent, change: KeyChange | None = None) -> Fraction:
    """The most that a response to the item can earn: 1 by key, else the largest points of an option."""
    if content.scoring == "match_correct":
        return Fraction(1)
    mapping = content.response(content.interactions[0].response).mapping
    assert mapping is not None, "validated when the item was saved"
    entries = change.points if change and change.points else mapping.entries
    return max((Fraction(each) for each in entries.values()), default=Fraction(0))


def score_changed(content: ItemContent, change: KeyChange, pci: Any) -> Fraction:
    """Points of a stored value under a changed key; raises `InvalidResponse` like `score_pci`."""
    if change.rule == "full":
        return most(content)
    value = parse_value(content.response(content.interactions[0].response), pci)
    if not value.atoms:
        return Fraction(0)
    if change.rule == "right":
        return Fraction(int(value.atoms[0] in change.options))
    assert change.points is not None, "checked when the change was saved"
    return sum((Fraction(change.points[str(atom)]) for atom in set(value.atoms)), Fraction(0))
