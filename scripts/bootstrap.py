"""The environment of a bare clone: made once from the lock file, renewed when the lock changes, otherwise untouched.

Standard library only: this runs before anything is installed. The packages come from the registry with their hashes
checked; the frontend is built by the build hook with the Node of a registry wheel, so that neither Node nor apt nor
docker is needed.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
import venv
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
STAMP = VENV / "ombilin.stamp"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
OLDEST = (3, 11)
BAR = 28
BEGUN = "UP_BEGUN_S"  # the monotonic second at which the set-up command was called, for whoever goes on in .venv

_BEGUN_S = time.monotonic()


def seconds_since_begin() -> float:
    """Since the set-up command was called; since this module was loaded where there was none."""
    return time.monotonic() - float(os.environ.get(BEGUN, _BEGUN_S))


def fail(what: str, next_step: str) -> NoReturn:
    """Say what is wrong and how to mend it, and end."""
    print(f"\n{what}\n-> {next_step}", file=sys.stderr)
    raise SystemExit(1)


def say(text: str) -> None:
    """One line of progress; standard output is kept for results."""
    print(text, file=sys.stderr, flush=True)


def _fingerprint(lock: Path) -> str:
    parts = [lock.read_bytes(), (ROOT / "pyproject.toml").read_bytes(), sys.version.encode(), str(ROOT).encode()]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def _stamps() -> dict[str, str]:
    if not STAMP.is_file() or not PYTHON.exists():
        return {}
    return dict(line.split(" ", 1) for line in STAMP.read_text().splitlines() if " " in line)


def ensure_environment(kind: str) -> None:
    """Make or renew `.venv` from scripts/lock/<kind>.txt (`runtime`, or `test`, which contains it)."""
    if sys.version_info < OLDEST:
        fail(
            f"Python {sys.version.split()[0]} is too old: Ombilin needs {OLDEST[0]}.{OLDEST[1]} or newer.",
            "Run this script with a newer python3.",
        )
    stamps = _stamps()
    test_stands = stamps.get("test") == _fingerprint(ROOT / "scripts" / "lock" / "test.txt")
    lock = ROOT / "scripts" / "lock" / f"{kind}.txt"
    if test_stands or stamps.get(kind) == _fingerprint(lock):
        return
    begun = time.monotonic()
    if not PYTHON.exists():
        say("Making the environment (.venv) ...")
        try:
            venv.create(VENV, with_pip=True, clear=VENV.exists())
        except (subprocess.CalledProcessError, ImportError, OSError) as error:
            fail(
                f"The environment could not be made: {error}",
                "Install the venv module of your Python (Debian: apt install python3-venv) and try again.",
            )
    _install(lock)
    say("Installing Ombilin and building its pages ...")
    _pip("install", "--quiet", "--no-build-isolation", "--no-deps", "--editable", str(ROOT))
    kept = {**stamps, kind: _fingerprint(lock)}
    STAMP.write_text("".join(f"{name} {value}\n" for name, value in kept.items()))
    say(f"Environment ready in {time.monotonic() - begun:.0f} s.")


def _pip(*words: str) -> None:
    command = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "--no-input", *words]
    done = subprocess.run(command, stdout=sys.stderr, check=False)
    if done.returncode != 0:
        fail("pip could not install what is needed (see above).", "Check the network and the free disk, and run again.")


def _install(lock: Path) -> None:
    """Install the lock with a bar that counts packages."""
    total = sum("==" in line for line in lock.read_text().splitlines())
    command = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "--no-input", "install", "--no-deps"]
    command += ["--require-hashes", "--progress-bar", "off", "-r", str(lock)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT)
    assert process.stdout is not None
    tail: list[str] = []
    seen = 0
    for line in process.stdout:
        tail = [*tail[-30:], line]
        if line.startswith(("Collecting", "Requirement already", "Ignoring")):
            seen = min(total, seen + 1)
            _bar("Packages", seen, total)
        elif line.startswith("Installing collected"):
            _bar("Packages", total, total, end="\n")
            say("Unpacking ...")
    if process.wait() != 0:
        say("".join(tail))
        fail("pip could not install the locked packages.", "Check the network and the free disk, and run again.")


def _bar(label: str, done: int, total: int, end: str = "") -> None:
    if not sys.stderr.isatty():
        if done in (1, total // 2, total):
            say(f"{label} {done}/{total}")
        return
    filled = BAR * done // max(1, total)
    print(f"\r{label} [{'#' * filled}{'.' * (BAR - filled)}] {done}/{total}", end=end, file=sys.stderr, flush=True)


def run_inside(module: str, arguments: list[str]) -> NoReturn:
    """Go on in the environment's Python, in this same process where the system can."""
    command = [str(PYTHON), "-m", module, *arguments]
    os.chdir(ROOT)
    os.environ[BEGUN] = str(_BEGUN_S)
    if os.name == "nt":
        raise SystemExit(subprocess.run(command, check=False).returncode)
    os.execv(command[0], command)  # noqa: S606  # replaces this process, so that Ctrl-C reaches the right one
