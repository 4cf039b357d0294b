"""Rule packs: the scoring rules of an exam as versioned, hashed data.

A pack is a TOML file; its SHA-256 goes into every score record, so that a score can be recomputed years later with
exactly the rules that made it. Reading is strict: an unknown field or a missing maximum is refused by name.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import msgspec

from kit.canonical import sha256_hex
from kit.errors import Invalid


@dataclass(eq=False)
class BadRulePack(Invalid):
    """`problem` says what of the file is wrong and where."""

    problem: str
    key: ClassVar[str] = "bad-rule-pack"


class SectionRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How one section is scored: `key` gives `right` or `wrong`, `weights` gives what the chosen option carries."""

    code: str
    rule: Literal["key", "weights"]
    max: int
    right: int = 0
    wrong: int = 0


class Thresholds(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The passing grades of one track, of which every one listed must be met, and its extra time."""

    sections: dict[str, int]
    total: int | None = None
    extra_minutes: Annotated[int, msgspec.Meta(ge=0, le=480)] = 0


class RulePack(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A scoring rule pack; `sha256` is that of the file's bytes.

    `grace_s`: how many seconds after the deadline an operation made before it may still arrive.
    """

    id: str
    version: str
    title: dict[str, str]
    minutes: int
    total_max: int
    section: tuple[SectionRule, ...]
    track: dict[str, Thresholds]
    grace_s: Annotated[int, msgspec.Meta(ge=0, le=600)] = 0
    sha256: str = ""

    def rule(self, code: str) -> SectionRule:
        """The rule of a section; raises `BadRulePack` for one that the pack does not know."""
        for each in self.section:
            if each.code == code:
                return each
        raise BadRulePack(f"section {code} is not in rule pack {self.id} {self.version}")

    def thresholds(self, track: str) -> Thresholds:
        """The passing grades of a track; raises `BadRulePack` for an unknown one."""
        try:
            return self.track[track]
        except KeyError:
            raise BadRulePack(f"track {track} is not in rule pack {self.id} {self.version}") from None


def parse_rule_pack(raw: bytes) -> RulePack:
    """Read and check a pack; raises `BadRulePack`."""
    try:
        pack = msgspec.convert(tomllib.loads(raw.decode("utf-8")), RulePack)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise BadRulePack(str(error)) from error
    if sum(each.max for each in pack.section) != pack.total_max:
        raise BadRulePack(f"total_max is {pack.total_max}, the sections add up to {sum(s.max for s in pack.section)}")
    codes = {each.code for each in pack.section}
    for name, track in pack.track.items():
        if unknown := set(track.sections) - codes:
            raise BadRulePack(f"track {name} names unknown sections: {', '.join(sorted(unknown))}")
    return msgspec.structs.replace(pack, sha256=sha256_hex(raw))
