"""One settings object per product: a frozen dataclass whose fields say their variable, default and meaning.

The environment is read once, at start. Every wrong value is reported, all at once, with the variable's name and what
would be right; `docs/settings.md` is checked against the fields by a test, so that no setting stays undocumented.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from kit.errors import Invalid

S = TypeVar("S")
PREFIX = "OMBILIN_"


@dataclass(eq=False)
class BadSettings(Invalid):
    """`problems`: one sentence per wrong or missing variable."""

    problems: list[str]
    key: ClassVar[str] = "bad-settings"

    def __str__(self) -> str:
        return "Settings cannot be used:\n" + "\n".join(f"  - {problem}" for problem in self.problems)


def _boolean(text: str) -> bool:
    known = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
    return known[text.strip().lower()]


_READERS: dict[str, tuple[Callable[[str], Any], str]] = {
    "str": (str, "text"),
    "str | None": (lambda text: text or None, "text"),
    "int": (int, "a whole number"),
    "float": (float, "a number"),
    "bool": (_boolean, "true or false"),
    "Path": (Path, "a path"),
    "Path | None": (lambda text: Path(text) if text else None, "a path"),
}


def setting(default: Any = MISSING, help: str = "", *, secret: bool = False) -> Any:
    """A field of a settings dataclass. Without a default the variable must be set."""
    about = {"help": help, "secret": secret}
    return field(metadata=about) if default is MISSING else field(default=default, metadata=about, repr=not secret)


def variable(name: str) -> str:
    """The environment variable of a field."""
    return PREFIX + name.upper()


def read_settings(cls: type[S], environ: Mapping[str, str]) -> S:
    """Read every field from the environment; raises `BadSettings` naming all that is wrong."""
    values: dict[str, Any] = {}
    problems: list[str] = []
    for each in fields(cls):  # type: ignore[arg-type]  # S is a dataclass by contract; dataclasses has no public type for it
        name = variable(each.name)
        text = environ.get(name)
        if text is None:
            if each.default is MISSING:
                problems.append(f"{name} is not set: {each.metadata['help']}")
            continue
        reader, expected = _READERS[str(each.type)]
        try:
            values[each.name] = reader(text)
        except (ValueError, KeyError):
            shown = "its value" if each.metadata["secret"] else repr(text)
            problems.append(f"{name}: {shown} is not {expected} ({each.metadata['help']})")
    if problems:
        raise BadSettings(problems)
    return cls(**values)


def settings_table(cls: type[Any]) -> str:
    """The settings as a Markdown table, for the documentation and its test."""
    rows = ["| variable | default | meaning |", "| --- | --- | --- |"]
    for each in fields(cls):
        default = "required" if each.default is MISSING else f"`{each.default}`" if each.default is not None else "none"
        rows.append(f"| `{variable(each.name)}` | {default} | {each.metadata['help']} |")
    return "\n".join(rows) + "\n"
