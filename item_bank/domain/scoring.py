"""Points of one response by the item's own scoring: QTI's standard templates match_correct and map_response, exact."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from item_bank.domain.item import ItemContent
from item_bank.domain.response import mapped, matches, parse_value


def score_pci(content: ItemContent, pci: Any) -> Fraction:
    """Points of a stored value of the item's first response: 1 or 0 by key, else the sum of the mapping.

    Raises `InvalidResponse` for a value that does not fit the declaration.
    """
    declaration = content.response(content.interactions[0].response)
    value = parse_value(declaration, pci)
    if not value.atoms:
        return Fraction(0)
    if content.scoring == "match_correct":
        return Fraction(int(matches(value, parse_value(declaration, declaration.correct))))
    assert declaration.mapping is not None, "validated when the item was saved"
    return mapped(value, declaration.mapping)
