"""The SKD demonstration bank: authored TWK and TKP items and templated TIU items as bank content."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import Any

from item_bank.domain.item import ChoiceInteraction, Figure, ItemContent, Option
from item_bank.domain.response import BaseType, Cardinality, Mapping, ResponseDeclaration
from item_bank.service.catalog import NewItem
from scripts.demo.tiu.draft import Draft
from scripts.demo.tiu.family import tiu_items

LETTERS = "ABCDE"
TIU_SEED = 2026
RESPONSE = "RESPONSE"


def _read(name: str) -> list[dict[str, Any]]:
    text = files("scripts").joinpath("demo", "skd", name).read_text(encoding="utf-8")
    rows: list[dict[str, Any]] = tomllib.loads(text)["item"]
    return rows


def _choice(options: list[Option]) -> tuple[ChoiceInteraction, ...]:
    return (ChoiceInteraction(response=RESPONSE, max_choices=1, shuffle=True, options=tuple(options)),)


def _by_key(key: str) -> tuple[ResponseDeclaration, ...]:
    correct = {"base": {"identifier": key}}
    return (ResponseDeclaration(RESPONSE, BaseType.IDENTIFIER, Cardinality.SINGLE, correct),)


def _by_weight(weights: list[int]) -> tuple[ResponseDeclaration, ...]:
    mapping = Mapping({letter: str(weight) for letter, weight in zip(LETTERS, weights, strict=True)})
    return (ResponseDeclaration(RESPONSE, BaseType.IDENTIFIER, Cardinality.SINGLE, None, mapping),)


def authored(row: dict[str, Any]) -> NewItem:
    """A row of an item file as bank content."""
    options = [Option(letter, text) for letter, text in zip(LETTERS, row["options"], strict=True)]
    weighted = "scores" in row
    content = ItemContent(
        language="id",
        stem=row["stem"].strip(),
        interactions=_choice(options),
        responses=_by_weight(row["scores"]) if weighted else _by_key(row["key"]),
        scoring="map_response" if weighted else "match_correct",
        rationale=row["rationale"],
    )
    return NewItem(row["code"], row["topic"], float(row["difficulty"]), content)


def _templated(number: int, draft: Draft) -> NewItem:
    options = [
        Option(letter, each.text or "", Figure(each.svg, each.alt) if each.svg else None)
        for letter, each in zip(LETTERS, draft.options, strict=True)
    ]
    content = ItemContent(
        language="id",
        stem=draft.stem,
        figure=Figure(draft.figure.svg, draft.figure.alt) if draft.figure else None,
        interactions=_choice(options),
        responses=_by_key(LETTERS[draft.key_index]),
        scoring="match_correct",
        rationale=draft.rationale,
    )
    return NewItem(f"TIU-{number:03}", draft.topic, draft.difficulty, content)


def skd_items() -> list[NewItem]:
    """The whole bank, in order of code within each test."""
    written = [authored(row) for name in ("twk.toml", "tkp-1.toml", "tkp-2.toml") for row in _read(name)]
    templated = [_templated(number, draft) for number, draft in enumerate(tiu_items(TIU_SEED), start=1)]
    return written + templated
