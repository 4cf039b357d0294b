"""Selection rule packs: who goes on and who is placed, as versioned, hashed data.

No threshold, multiple, weight or tie order stands in code. The SHA-256 of the file is shown beside every ranking, so
that it can be recomputed years later with exactly the rules that made it. Reading is strict: an unknown field, a
maximum that does not add up or a weight that does not is refused by name.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar, Literal

import msgspec

from kit.canonical import sha256_hex
from kit.errors import Invalid
from recruitment.domain.points import exact

Source = Literal["sourced", "unverified"]


@dataclass(eq=False)
class BadRulePack(Invalid):
    """`problem` says what of the file is wrong and where."""

    problem: str
    key: ClassVar[str] = "bad-rule-pack"


@dataclass(eq=False)
class UnknownTrack(Invalid):
    """An applicant's track has no passing grades in the pack, so nobody can say whether they are met."""

    track: str
    rule_pack: str
    key: ClassVar[str] = "unknown-track"


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One section of the test and the most points that it gives."""

    code: str
    title: dict[str, str]
    max: int


class Selection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many go on, and which sections order equal totals."""

    multiple: int
    ties: tuple[str, ...]
    source: Source


class Final(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The integration of SKD and SKB; weights are decimal strings, so that they are exact."""

    skd_weight: str
    skb_weight: str
    skb_max: int
    display_digits: int
    display_rounding: Literal["half-up"]
    ties: tuple[str, ...]
    source: Source


class Track(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The passing grades of one track; every one listed must be met."""

    title: dict[str, str]
    sections: dict[str, int]
    source: Source
    total: int | None = None


class RulePack(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A selection rule pack; `sha256` is that of the file's bytes."""

    id: str
    version: str
    title: dict[str, str]
    total_max: int
    section: tuple[Section, ...]
    selection: Selection
    final: Final
    track: dict[str, Track]
    sha256: str = ""

    @property
    def name(self) -> str:
        """Identifier and version, as people cite it."""
        return f"{self.id} {self.version}"

    def track_rules(self, track: str) -> Track:
        """The passing grades of a track; raises `UnknownTrack`."""
        try:
            return self.track[track]
        except KeyError:
            raise UnknownTrack(track, self.name) from None


FINAL_TIES = frozenset({"SKD", "gpa", "older"})


def parse_rule_pack(raw: bytes) -> RulePack:
    """Read and check a pack; raises `BadRulePack`."""
    try:
        pack = msgspec.convert(tomllib.loads(raw.decode("utf-8")), RulePack)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise BadRulePack(str(error)) from error
    _check(pack)
    return msgspec.structs.replace(pack, sha256=sha256_hex(raw))


def _check(pack: RulePack) -> None:
    codes = [each.code for each in pack.section]
    if len(set(codes)) != len(codes):
        raise BadRulePack("a section code stands twice")
    if (added := sum(each.max for each in pack.section)) != pack.total_max:
        raise BadRulePack(f"total_max is {pack.total_max}, the sections add up to {added}")
    if pack.selection.multiple < 1:
        raise BadRulePack("selection.multiple must be at least 1")
    if unknown := set(pack.selection.ties) - set(codes):
        raise BadRulePack(f"selection.ties names unknown sections: {', '.join(sorted(unknown))}")
    if unknown := set(pack.final.ties) - set(codes) - FINAL_TIES:
        raise BadRulePack(f"final.ties names unknown keys: {', '.join(sorted(unknown))}")
    if exact(pack.final.skd_weight) + exact(pack.final.skb_weight) != Fraction(1):
        raise BadRulePack("final.skd_weight and final.skb_weight must add up to 1")
    for name, track in pack.track.items():
        if unknown := set(track.sections) - set(codes):
            raise BadRulePack(f"track {name} names unknown sections: {', '.join(sorted(unknown))}")
