"""Exact points: the hand-over writes integers or decimal strings; rules compute with fractions, never with floats."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

from kit.errors import Invalid

_DECIMAL = re.compile(r"-?[0-9]{1,9}(\.[0-9]{1,6})?")  # bounded: a long exponent would make a number of gigabytes


@dataclass(eq=False)
class NotANumber(Invalid):
    """`text` is neither an integer nor a plain decimal of at most six places."""

    text: str
    key: ClassVar[str] = "not-a-number"


def exact(points: int | str) -> Fraction:
    """The exact value of what a record or a rule pack writes; raises `NotANumber`."""
    if isinstance(points, int) and not isinstance(points, bool):
        return Fraction(points)
    if not isinstance(points, str) or not _DECIMAL.fullmatch(points):
        raise NotANumber(str(points)[:40])
    return Fraction(points)
