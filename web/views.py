"""What a candidate may see of an exam and its items, as the wire form of docs/architecture.md.

Built field by field from allow-lists: keys, weights, rationales, topics and difficulties never get near a payload.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import segno

from exam_engine.domain.deadline import Allowance
from exam_engine.domain.log import SequenceItem
from exam_engine.domain.receipt import FinalReceipt
from exam_engine.domain.records import Exam, Score, Session
from item_bank.domain.blueprint import Blueprint
from item_bank.domain.item import ChoiceInteraction, Figure, ItemContent
from item_bank.formats.html import data_uri
from kit.clock import milliseconds
from kit.http.formats import N_, LocaleCode
from kit.signing import SigningKey

GRACE = N_("Answers given before the time was over still count when they arrive up to %(grace_s)s seconds late.")


def exam_view(exam: Exam, locale: LocaleCode, allowance: Allowance, translate: Callable[[str], str]) -> dict[str, Any]:
    """The exam in the reader's language, with the minutes of this candidate and the grace of the rules."""
    grace = [translate(GRACE) % {"grace_s": allowance.grace_s}] if allowance.grace_s else []
    return {
        "code": exam.code,
        "title": exam.title[locale],
        "minutes": allowance.total_minutes,
        "grace_s": allowance.grace_s,
        "instructions": [*exam.instructions[locale], *grace],
        "board": exam.board,
    }


def final_receipt(score: Score, seq: int, key: SigningKey) -> FinalReceipt:
    """What the candidate takes home: the score and the log that it was made from, which ends at event `seq`; signed."""
    return FinalReceipt(score.attempt_id, seq, score.log_hash, score.record_hash).signed(key)


def qr_svg(text: str) -> str:
    """The text as a QR code, dark on light in every theme, as inline SVG."""
    return segno.make(text, error="m", boost_error=False).svg_inline(scale=3, dark="#000", light="#fff", border=4)


def proctoring_view(exam: Exam) -> dict[str, Any]:
    """What the candidate's browser must do for the proctors."""
    return {
        "camera": bool(exam.proctoring.get("camera", False)),
        "frame_interval_s": float(exam.proctoring.get("frame_interval_s", 5)),
        "width": 320,
        "height": 240,
        "quality": 0.6,
        "fullscreen": bool(exam.proctoring.get("fullscreen", False)),
    }


def section_titles(blueprint: Blueprint, locale: LocaleCode) -> dict[str, str]:
    """Full titles by section code, in the reader's language."""
    return {each.code: each.title_id if locale == "id" else each.title_en for each in blueprint.sections}


def figure_view(figure: Figure | None) -> dict[str, str] | None:
    """A figure as a data: address, so that it can hold no script."""
    return None if figure is None else {"src": data_uri(figure.svg), "alt": figure.alt}


def opens_view(session: Session, now: datetime) -> dict[str, int | None]:
    """T0 of a session that has one."""
    return {"at": milliseconds(session.starts_at) if session.starts_at else None, "now": milliseconds(now)}


def form_view(
    blueprint: Blueprint,
    sequence: Sequence[SequenceItem],
    contents: Mapping[UUID, ItemContent],
    locale: LocaleCode,
) -> dict[str, Any]:
    """The sections and items of a form."""
    titles = section_titles(blueprint, locale)
    sections = []
    for section in blueprint.sections:
        places = [item.position for item in sequence if item.section == section.code]
        entry = {"code": section.code, "title": titles[section.code], "first": min(places), "last": max(places)}
        sections.append(entry)
    return {"sections": sections, "items": [item_view(item, contents[item.version_id]) for item in sequence]}


def item_view(item: SequenceItem, content: ItemContent) -> dict[str, Any]:
    """One item as this candidate sees it, options in their drawn order."""
    interaction = content.interactions[0]
    assert isinstance(interaction, ChoiceInteraction), "the only interaction so far"
    options = {option.id: option for option in interaction.options}
    return {
        "ref": str(item.version_id),
        "position": item.position,
        "section": item.section,
        "stem": content.stem,
        "figure": figure_view(content.figure),
        "interaction": {
            "kind": "choice",
            "response": interaction.response,
            "max_choices": interaction.max_choices,
            "options": [
                {"id": each, "html": options[each].html, "figure": figure_view(options[each].figure)}
                for each in item.options
            ],
        },
    }
