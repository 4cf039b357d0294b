"""What an item is: body, interactions, response and outcome declarations, scoring.

The content of a version is one immutable value, hashed over its canonical JSON; interactions are a tagged union that
grows by types, never by tables.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from item_bank.domain.response import (
    BaseType,
    Cardinality,
    InvalidResponse,
    OutcomeDeclaration,
    ResponseDeclaration,
    parse_value,
)
from kit.canonical import digest


class Figure(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A drawing (sanitised SVG) and the words that stand for it."""

    svg: str
    alt: str


class Option(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One option: sanitised HTML, or a figure, or both."""

    id: str
    html: str
    figure: Figure | None = None


class ChoiceInteraction(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="choice"):
    """Choose at most `max_choices` of the options (0: any number)."""

    response: str
    max_choices: int
    shuffle: bool
    options: tuple[Option, ...]


Interaction = ChoiceInteraction
"""A union of the interaction types; one so far."""


class ItemContent(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The content of one item version."""

    language: Literal["id", "en"]
    stem: str
    figure: Figure | None = None
    interactions: tuple[Interaction, ...]
    responses: tuple[ResponseDeclaration, ...]
    outcomes: tuple[OutcomeDeclaration, ...] = (OutcomeDeclaration("SCORE", BaseType.FLOAT, Cardinality.SINGLE),)
    scoring: Literal["match_correct", "map_response"]
    rationale: str = ""

    def response(self, identifier: str) -> ResponseDeclaration:
        """The declaration of a response; the content must have been validated."""
        return next(each for each in self.responses if each.identifier == identifier)


def content_hash(content: ItemContent) -> str:
    """SHA-256 over the canonical JSON."""
    return digest(msgspec.to_builtins(content))


def problems(content: ItemContent) -> list[str]:
    """Everything that keeps the content from being used, in words for its author."""
    found: list[str] = []
    if not content.stem.strip():
        found.append("the stem is empty")
    if content.figure is not None and not content.figure.alt.strip():
        found.append("the figure has no alternative text")
    if not content.interactions:
        found.append("there is no interaction")
    declared = {each.identifier for each in content.responses}
    if len(declared) != len(content.responses):
        found.append("two response declarations have the same identifier")
    for interaction in content.interactions:
        if interaction.response not in declared:
            found.append(f"response {interaction.response} is not declared")
            continue
        found += _choice_problems(interaction, content)
    return found


def _choice_problems(interaction: ChoiceInteraction, content: ItemContent) -> list[str]:
    found: list[str] = []
    ids = [option.id for option in interaction.options]
    if len(ids) < 2:
        found.append("a choice needs at least two options")
    if len(set(ids)) != len(ids):
        found.append("two options have the same identifier")
    looks = [(option.html.strip(), option.figure.svg if option.figure else "") for option in interaction.options]
    if len(set(looks)) != len(looks):
        found.append("two options are the same")
    for option in interaction.options:
        if not option.html.strip() and option.figure is None:
            found.append(f"option {option.id} is empty")
        if option.figure is not None and not option.figure.alt.strip():
            found.append(f"the figure of option {option.id} has no alternative text")
    declaration = content.response(interaction.response)
    if content.scoring == "match_correct":
        found += _key_problems(declaration, set(ids))
    elif declaration.mapping is None or set(declaration.mapping.entries) != set(ids):
        found.append("every option needs its points")
    return found


def _key_problems(declaration: ResponseDeclaration, ids: set[str]) -> list[str]:
    try:
        correct = parse_value(declaration, declaration.correct)
    except InvalidResponse:
        return ["the key is missing"]
    if not correct.atoms:
        return ["the key is missing"]
    unknown = {str(atom) for atom in correct.atoms} - ids
    return [f"the key names an option that does not exist: {', '.join(sorted(unknown))}"] if unknown else []
