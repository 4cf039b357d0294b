"""Typed response values after QTI: a base type, a cardinality, and values that fit both.

On the wire and in PostgreSQL a value is the PCI JSON of QTI: `{"base": {"identifier": "B"}}`,
`{"list": {"identifier": ["A", "C"]}}`, or `{"base": null}` for none. Every later item type fits without a new table.
Source: 1EdTech QTI 3.0 ASI Information Model, response declarations; Portable Custom Interaction JSON.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from math import isfinite
from typing import Any, ClassVar, TypeAlias

import msgspec

from kit.errors import Invalid


class BaseType(StrEnum):
    """The base types of QTI."""

    IDENTIFIER = "identifier"
    STRING = "string"
    BOOLEAN = "boolean"
    INTEGER = "integer"
    FLOAT = "float"
    POINT = "point"
    PAIR = "pair"
    DIRECTED_PAIR = "directedPair"
    DURATION = "duration"
    URI = "uri"
    FILE = "file"


class Cardinality(StrEnum):
    """How many values, and whether their order counts."""

    SINGLE = "single"
    MULTIPLE = "multiple"
    ORDERED = "ordered"


Atom: TypeAlias = str | bool | int | float | tuple[str, str] | tuple[int, int]


@dataclass(eq=False)
class InvalidResponse(Invalid):
    """`response` is the declaration's identifier, `expected` says what would fit, `found` what came."""

    response: str
    expected: str
    found: str
    key: ClassVar[str] = "invalid-response"


class Value(msgspec.Struct, frozen=True):
    """A typed value; no atoms is QTI's NULL."""

    base_type: BaseType
    cardinality: Cardinality
    atoms: tuple[Atom, ...] = ()


class Mapping(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Points by value (QTI mapping), written as decimal strings to stay exact."""

    entries: dict[str, str]
    default: str = "0"
    lower: str | None = None
    upper: str | None = None
    case_sensitive: bool = True


class ResponseDeclaration(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What kind of response is expected; `correct` in PCI form, `mapping` where values carry points."""

    identifier: str
    base_type: BaseType
    cardinality: Cardinality
    correct: dict[str, Any] | None = None
    mapping: Mapping | None = None


class OutcomeDeclaration(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An outcome that response processing sets, usually SCORE."""

    identifier: str
    base_type: BaseType
    cardinality: Cardinality


def _word(raw: Any) -> str | None:
    return raw if isinstance(raw, str) and raw else None


def _pair(raw: Any) -> tuple[str, str] | None:
    fits = isinstance(raw, list) and len(raw) == 2 and all(isinstance(each, str) and each for each in raw)
    return (raw[0], raw[1]) if fits else None


def _point(raw: Any) -> tuple[int, int] | None:
    fits = isinstance(raw, list) and len(raw) == 2 and all(type(each) is int for each in raw)
    return (raw[0], raw[1]) if fits else None


def _atom(base_type: BaseType, raw: Any) -> Atom | None:
    match base_type:
        case BaseType.STRING | BaseType.DURATION:
            return raw if isinstance(raw, str) else None
        case BaseType.IDENTIFIER | BaseType.URI | BaseType.FILE:
            return _word(raw)
        case BaseType.BOOLEAN:
            return raw if isinstance(raw, bool) else None
        case BaseType.INTEGER:
            return raw if type(raw) is int else None
        case BaseType.FLOAT:
            return float(raw) if type(raw) in (int, float) and isfinite(raw) else None
        case BaseType.POINT:
            return _point(raw)
        case BaseType.PAIR | BaseType.DIRECTED_PAIR:
            return _pair(raw)


def parse_value(declaration: ResponseDeclaration, pci: Any) -> Value:
    """A typed value out of PCI JSON; raises `InvalidResponse`."""
    base_type, cardinality = declaration.base_type, declaration.cardinality
    container = "base" if cardinality is Cardinality.SINGLE else "list"
    expected = f'{{"{container}": {{"{base_type.value}": ...}}}}'

    def refuse() -> InvalidResponse:
        return InvalidResponse(declaration.identifier, expected, str(pci)[:200])

    if pci == {"base": None}:
        return Value(base_type, cardinality)
    if not isinstance(pci, dict) or set(pci) != {container}:
        raise refuse()
    typed = pci[container]
    if not isinstance(typed, dict) or set(typed) != {base_type.value}:
        raise refuse()
    raw = typed[base_type.value]
    raws = [raw] if cardinality is Cardinality.SINGLE else raw
    if not isinstance(raws, list):
        raise refuse()
    atoms = [_atom(base_type, each) for each in raws]
    if any(atom is None for atom in atoms):
        raise refuse()
    return Value(base_type, cardinality, tuple(atom for atom in atoms if atom is not None))


def to_pci(value: Value) -> dict[str, Any]:
    """The PCI JSON of a value; the reverse of `parse_value`."""
    if not value.atoms:
        return {"base": None}
    plain = [list(atom) if isinstance(atom, tuple) else atom for atom in value.atoms]
    if value.cardinality is Cardinality.SINGLE:
        return {"base": {value.base_type.value: plain[0]}}
    return {"list": {value.base_type.value: plain}}


def matches(value: Value, correct: Value) -> bool:
    """QTI `match`: same atoms; order counts for ordered values only, and for directed pairs within a pair."""

    def normal(atom: Atom) -> Any:
        return tuple(sorted(map(str, atom))) if value.base_type is BaseType.PAIR and isinstance(atom, tuple) else atom

    given, wanted = [normal(atom) for atom in value.atoms], [normal(atom) for atom in correct.atoms]
    if value.cardinality is Cardinality.MULTIPLE:
        return sorted(given, key=repr) == sorted(wanted, key=repr)
    return given == wanted


def mapped(value: Value, mapping: Mapping) -> Fraction:
    """QTI `mapResponse`: the sum of the points of the distinct values, within the bounds; exact."""

    def normal(key: str) -> str:
        return key if mapping.case_sensitive else key.lower()

    entries = {normal(key): Fraction(points) for key, points in mapping.entries.items()}
    keys = {normal(" ".join(map(str, atom)) if isinstance(atom, tuple) else str(atom)) for atom in value.atoms}
    total = sum((entries.get(key, Fraction(mapping.default)) for key in keys), Fraction(0))
    if mapping.lower is not None:
        total = max(total, Fraction(mapping.lower))
    if mapping.upper is not None:
        total = min(total, Fraction(mapping.upper))
    return total
