"""What templates need to write values in the reader's language: texts by language, points, days, words of states."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import pass_context
from jinja2.runtime import Context
from quart import Quart, g

from kit.http.formats import N_
from kit.http.site import Site
from recruitment.web.words import OUTCOMES, PROVISIONAL, STATUSES, TIE_KEYS, VERDICTS


def localised(texts: Mapping[str, str]) -> str:
    """The text in the reader's language, else in Indonesian."""
    return texts.get(g.locale) or texts["id"]


def points(value: Fraction | None) -> str:
    """`390`, or `390,5` where there are halves."""
    if value is None:
        return "–"
    written: str = g.formats.number(float(value), 0 if value.denominator == 1 else 2)
    return written


def total(text: str) -> str:
    """A total as a record writes it, in the reader's language."""
    return points(Fraction(text))


def install_texts(app: Quart, site: Site) -> None:
    """Give the templates these filters and functions."""
    zone = ZoneInfo(site.options.timezone)

    def day(value: date) -> str:
        written: str = g.formats.date(datetime.combine(value, time(12), zone))
        return written

    @pass_context  # else Jinja would fold `"goes-on"|word` into the template, in the first reader's language
    def word(_context: Context, state: Any) -> str:
        known: dict[str, str] = {**VERDICTS, **STATUSES, **{key.value: text for key, text in OUTCOMES.items()}}
        known[PROVISIONAL] = N_("Provisionally inside the quota")
        return site.translate(known[str(state)])

    def problem(text: str) -> str:
        return site.translate(text)

    def tie_keys(names: tuple[str, ...]) -> str:
        return ", ".join(site.translate(TIE_KEYS[name]) if name in TIE_KEYS else name for name in names)

    filters: dict[str, Any] = {
        "localised": localised,
        "points": points,
        "total": total,
        "day": day,
        "word": word,
        "problem": problem,
        "tie_keys": tie_keys,
    }
    app.jinja_env.filters.update(filters)
