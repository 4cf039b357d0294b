"""One settings object per product: a frozen dataclass whose fields say their variable, default and meaning.

The environment is read once, at start. Every wrong value is reported, all at once, with the variable's name and what
would be right; `docs/settings.md` is checked against the fields by a test, so that no setting stays undocumented.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from typing import Any, ClassVar, TypeVar
from urllib.parse import urlsplit
from zoneinfo import available_timezones

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


@dataclass(frozen=True)
class Form:
    """What a value must look like; `words` complete "... is not"."""

    fits: Callable[[Any], bool]
    words: str


def _address(*schemes: str) -> Callable[[str], bool]:
    return lambda text: (parts := urlsplit(text)).scheme in schemes and bool(parts.netloc or parts.query or parts.path)


PORT = Form(lambda number: 0 < number < 65536, "a port from 1 to 65535")
HEX_32 = Form(lambda text: re.fullmatch(r"[0-9a-fA-F]{64}", text) is not None, "32 bytes in hexadecimal, 64 digits")
HEX_SECRET = Form(
    lambda text: re.fullmatch(r"(?:[0-9a-fA-F]{2}){32,}", text) is not None, "at least 32 bytes in hexadecimal"
)
WEB_ADDRESS = Form(_address("http", "https"), "an address that starts with http:// or https://")
POSTGRES_ADDRESS = Form(_address("postgresql", "postgres"), "an address that starts with postgresql://")
REDIS_ADDRESS = Form(_address("redis", "rediss", "unix"), "an address that starts with redis://, rediss:// or unix://")
TIME_ZONE = Form(lambda name: name in available_timezones(), "a time zone like Asia/Jakarta")
LOG_LEVEL = Form(lambda name: name in ("debug", "info", "warning", "error"), "debug, info, warning or error")


def setting(default: Any = MISSING, help: str = "", *, secret: bool = False, form: Form | None = None) -> Any:
    """A field of a settings dataclass. Without a default the variable must be set."""
    about = {"help": help, "secret": secret, "form": form}
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
        form: Form | None = each.metadata["form"]
        try:
            values[each.name] = value = reader(text)
            fits = form is None or value is None or form.fits(value)
        except (ValueError, KeyError):
            fits = False
        if not fits:
            shown = "its value" if each.metadata["secret"] else repr(text)
            problems.append(f"{name}: {shown} is not {form.words if form else expected} ({each.metadata['help']})")
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
