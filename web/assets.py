"""Addresses of the built client: Vite's manifest, read once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import msgspec

from kit.errors import Unavailable

BASE = "/static/dist/"


@dataclass(frozen=True)
class Entry:
    """What a page must load for one entry of the client."""

    script: str
    styles: tuple[str, ...]
    preloads: tuple[str, ...]


class _Chunk(msgspec.Struct, frozen=True):
    file: str
    css: tuple[str, ...] = ()
    imports: tuple[str, ...] = ()
    name: str = ""
    is_entry: bool = msgspec.field(default=False, name="isEntry")


@cache
def _manifest() -> dict[str, _Chunk]:
    source = files("web").joinpath("static", "dist", ".vite", "manifest.json")
    if not source.is_file():
        raise Unavailable(retry_after_s=60)
    return msgspec.json.decode(source.read_bytes(), type=dict[str, _Chunk])


def entry(name: str) -> Entry:
    """The entry `candidate`, `proctor` or `board`; raises `Unavailable` where the client was never built."""
    manifest = _manifest()
    chunk = next(each for each in manifest.values() if each.is_entry and each.name == name)
    shared = [manifest[key] for key in chunk.imports]
    styles = (*chunk.css, *(style for each in shared for style in each.css))
    return Entry(BASE + chunk.file, tuple(BASE + style for style in styles), tuple(BASE + each.file for each in shared))
