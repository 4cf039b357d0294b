"""Addresses of the built client: Vite's manifest, read again when the client was built anew."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

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


MANIFEST = Path(str(files("web"))) / "static" / "dist" / ".vite" / "manifest.json"


@lru_cache(maxsize=1)
def _manifest(_changed_ns: int) -> dict[str, _Chunk]:
    return msgspec.json.decode(MANIFEST.read_bytes(), type=dict[str, _Chunk])


def entry(name: str) -> Entry:
    """The entry `candidate`, `proctor` or `board`; raises `Unavailable` where the client was never built."""
    if not MANIFEST.is_file():
        raise Unavailable(retry_after_s=60)
    manifest = _manifest(MANIFEST.stat().st_mtime_ns)
    chunk = next(each for each in manifest.values() if each.is_entry and each.name == name)
    shared = [manifest[key] for key in chunk.imports]
    styles = (*chunk.css, *(style for each in shared for style in each.css))
    return Entry(BASE + chunk.file, tuple(BASE + style for style in styles), tuple(BASE + each.file for each in shared))


def worker_script(pages: Iterable[str]) -> str:
    """The candidate's service worker: what to keep, named by its content, then the built script.

    `pages`: the addresses that the runner's page loads besides its entry. A new build is another text, so that browsers
    install it beside the old one and drop the old one when it takes over.
    """
    shell = entry("candidate")
    source = (MANIFEST.parents[1] / entry("sw").script.removeprefix(BASE)).read_text(encoding="utf-8")
    assets = [*pages, shell.script, *shell.styles, *shell.preloads]
    version = hashlib.sha256("\n".join([*assets, source]).encode()).hexdigest()[:16]
    kept = msgspec.json.encode({"version": version, "assets": assets}).decode()
    return f"self.SHELL={kept};\n{source}"
