"""Blueprints: which sections a form has and how many items of each topic."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from typing import ClassVar

import msgspec

from kit.canonical import digest
from kit.errors import Invalid


@dataclass(eq=False)
class BadBlueprint(Invalid):
    """`problem` says what of the blueprint is wrong and where."""

    problem: str
    key: ClassVar[str] = "bad-blueprint"


class Title(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The name of a topic in both languages."""

    id: str
    en: str


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One section: items per topic, whether items and options are shuffled, and what the topics are called."""

    code: str
    title_id: str
    title_en: str
    quotas: dict[str, int]
    shuffle_items: bool = True
    shuffle_options: bool = True
    topics: dict[str, Title] = {}

    @property
    def length(self) -> int:
        """Items of the section."""
        return sum(self.quotas.values())


class Blueprint(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A form's plan; sections in the order in which they are shown."""

    code: str
    version: str
    sections: tuple[Section, ...]

    @property
    def length(self) -> int:
        """Items of a form."""
        return sum(section.length for section in self.sections)


def blueprint_hash(blueprint: Blueprint) -> str:
    """SHA-256 over the canonical JSON."""
    return digest(msgspec.to_builtins(blueprint))


def parse_blueprint(raw: bytes) -> Blueprint:
    """Read a TOML blueprint; raises `BadBlueprint`."""
    try:
        blueprint = msgspec.convert(tomllib.loads(raw.decode("utf-8")), Blueprint)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise BadBlueprint(str(error)) from error
    return check_blueprint(blueprint)


def check_blueprint(blueprint: Blueprint) -> Blueprint:
    """The blueprint itself; raises `BadBlueprint` for what no bank could satisfy."""
    if not blueprint.sections:
        raise BadBlueprint("there is no section")
    codes = [section.code for section in blueprint.sections]
    if len(set(codes)) != len(codes):
        raise BadBlueprint("two sections have the same code")
    topics = [topic for section in blueprint.sections for topic in section.quotas]
    for topic in topics:
        if topics.count(topic) > 1:
            raise BadBlueprint(f"topic {topic} stands in two sections")
    for section in blueprint.sections:
        if strange := set(section.topics) - set(section.quotas):
            raise BadBlueprint(f"section {section.code}: title of a topic without items: {', '.join(sorted(strange))}")
        for topic, count in section.quotas.items():
            if count < 1:
                raise BadBlueprint(f"section {section.code}: topic {topic} asks for {count} items")
    return blueprint
