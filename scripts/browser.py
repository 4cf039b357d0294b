"""Finds a Chromium for the browser tests and the pictures, and says how to start it.

Searched in this order: the variable OMBILIN_CHROMIUM, a chromium on PATH (Debian's), and the one in the npm package
`@sparticuz/chromium` of web/client, which runs without a system package: its archives are unpacked once into the
Python environment, by the Node of the registry wheel, with the NSS libraries and the font that come with them.

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(**launch_options(camera=Path("face.mjpeg")))
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from kit.errors import Unavailable
from scripts import build_frontend

VARIABLE = "OMBILIN_CHROMIUM"
ON_PATH = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
PACKAGE = build_frontend.CLIENT / "node_modules" / "@sparticuz" / "chromium"
ARCHIVES = ("al2023.tar", "fonts.tar", "swiftshader.tar", "chromium")
START_TIMEOUT_S = 60.0

# Quiet, no calls home, no shared memory (containers often have 64 MB of it). Playwright itself adds --no-sandbox.
QUIET = (
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
UNPACK = """
const { createReadStream, createWriteStream } = require("node:fs");
const { createBrotliDecompress } = require("node:zlib");
const { pipeline } = require("node:stream/promises");
const [from, to, ...names] = process.argv.slice(1);
Promise.all(names.map((name) => pipeline(
  createReadStream(`${from}/${name}.br`), createBrotliDecompress(), createWriteStream(`${to}/${name}`))))
  .catch((error) => { console.error(String(error)); process.exit(1); });
"""
# The package's font first, so that pages measure and look the same on every machine; the system's fonts for the rest.
FONTS = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <include ignore_missing="yes">/etc/fonts/fonts.conf</include>
  <dir prefix="relative">fonts</dir>
  <cachedir prefix="xdg">fontconfig</cachedir>
  <alias binding="strong"><family>system-ui</family><prefer><family>Open Sans</family></prefer></alias>
  <alias binding="strong"><family>sans-serif</family><prefer><family>Open Sans</family></prefer></alias>
</fontconfig>
"""


@dataclass(eq=False)
class BrowserMissing(Unavailable):
    """`reason`: what is missing and what mends it."""

    reason: str = ""
    key: ClassVar[str] = "browser-missing"

    def __str__(self) -> str:
        return self.reason


def launch_options(camera: Path | None = None) -> dict[str, Any]:
    """`executable_path`, `args` and `env` for Playwright's `launch` and `launch_persistent_context`.

    With `camera`, getUserMedia is granted without a question and shows that .mjpeg or .y4m file in a loop. The file may
    be replaced while no page has the camera open; a page reads it when it opens the camera.
    """
    executable, environ = _find()
    args = list(QUIET)
    if camera is not None:
        args += ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]
        args += [f"--use-file-for-fake-video-capture={camera}"]
    return {"executable_path": str(executable), "args": args, "env": environ}


def _find() -> tuple[Path, dict[str, Any]]:
    environ = dict(os.environ)
    if named := os.environ.get(VARIABLE):
        if not os.access(named, os.X_OK) or not Path(named).is_file():
            raise BrowserMissing(reason=f"{VARIABLE} names {named}, which is not a program.")
        return Path(named), environ
    for name in ON_PATH:
        if found := shutil.which(name):
            return Path(found), environ
    home = _unpacked()
    environ["LD_LIBRARY_PATH"] = os.pathsep.join(
        part for part in (str(home / "lib"), environ.get("LD_LIBRARY_PATH", "")) if part
    )
    environ["FONTCONFIG_FILE"] = str(home / "fonts.conf")
    return home / "chromium", environ


def _unpacked() -> Path:
    """The folder with the package's browser, unpacked once per version and proven to start."""
    if sys.platform != "linux" or platform.machine() != "x86_64":
        raise BrowserMissing(reason=f"No Chromium was found. Install one and name its program in {VARIABLE}.")
    try:
        if not PACKAGE.is_dir():
            build_frontend.ensure_packages()
        version: str = json.loads((PACKAGE / "package.json").read_text())["version"]
        node = build_frontend.npm_command()[0][0]
    except (SystemExit, OSError) as error:
        raise BrowserMissing(reason=f"No Chromium was found, and its npm package is not installed: {error}") from error
    home = Path(sys.prefix) / "chromium" / version
    if not home.is_dir():
        home.parent.mkdir(exist_ok=True)
        unfinished = Path(tempfile.mkdtemp(dir=home.parent))
        try:
            _unpack(node, unfinished)
            _prove(unfinished)
            unfinished.chmod(0o755)
            unfinished.rename(home)
        except OSError as error:
            if not home.is_dir():  # else another process was quicker
                raise BrowserMissing(reason=f"The browser could not be unpacked into {home}: {error}") from error
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
    return home


def _unpack(node: str, home: Path) -> None:
    command = [node, "-e", UNPACK, str(PACKAGE / "bin"), str(home), *ARCHIVES]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise BrowserMissing(reason=f"The browser could not be unpacked: {done.stderr.strip()}")
    for archive in home.glob("*.tar"):
        with tarfile.open(archive) as members:
            members.extractall(home, filter="data")
        archive.unlink()
    (home / "chromium").chmod(0o755)
    (home / "fonts.conf").write_text(FONTS)


def _prove(home: Path) -> None:
    """Start it once: a missing system library is told with its name."""
    done = subprocess.run(
        [str(home / "chromium"), "--version"],
        env={**os.environ, "LD_LIBRARY_PATH": str(home / "lib")},
        capture_output=True,
        text=True,
        timeout=START_TIMEOUT_S,
        check=False,
    )
    if done.returncode != 0:
        raise BrowserMissing(
            reason=f"The browser does not start here: {(done.stderr or done.stdout).strip()[-500:]}\n"
            f"-> Install a Chromium (Debian: apt install chromium), or name one in {VARIABLE}."
        )
