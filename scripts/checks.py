"""Every check in order, with seconds: lint, format, types, import contracts, client types, tests.

All run even when one fails, so that one run shows everything; pytest comes last, its closing line is the last line.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from scripts import build_frontend
from scripts.bootstrap import seconds_since_begin

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent


def step(name: str, *command: str | Path) -> bool:
    """Run one check and say how long it took."""
    print(f"\n== {name}", flush=True)
    begun = time.monotonic()
    passed = subprocess.run([str(part) for part in command], cwd=ROOT, check=False).returncode == 0
    print(f"== {name}: {'passed' if passed else 'FAILED'} in {time.monotonic() - begun:.0f} s", flush=True)
    return passed


def client_types() -> bool:
    """tsc over the client."""
    print("\n== client types", flush=True)
    begun = time.monotonic()
    try:
        build_frontend.ensure_packages()
        build_frontend.build()
        build_frontend.run_npm("run", "check")
    except SystemExit as failed:
        print(failed)
        return False
    print(f"== client types: passed in {time.monotonic() - begun:.0f} s", flush=True)
    return True


def main() -> int:
    """0 when everything passed."""
    words = sys.argv[1:]
    if "--fast" in words:
        folders = sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("tests/*/domain"))
        rest = [word for word in words if word != "--fast"]
        return 0 if step("domain tests", sys.executable, "-m", "pytest", "-q", *folders, *rest) else 1
    if "--faults" in words:
        rest = [word for word in words if word != "--faults"]
        return 0 if step("faults", sys.executable, "-m", "pytest", "-m", "faults", "tests/faults", *rest) else 1
    os.environ.setdefault("PYTHONDONTWRITEBYTECODE", "1")
    results = [
        step("lint", BIN / "ruff", "check"),
        step("format", BIN / "ruff", "format", "--check"),
        step("types", BIN / "mypy"),
        step("import contracts", BIN / "lint-imports"),
        client_types(),
    ]
    tests = step("tests", sys.executable, "-m", "pytest", *words)
    if not all(results):
        print("\nA check before the tests failed (see above).", flush=True)
    print(f"== everything: {seconds_since_begin():.0f} s, making the environment included", flush=True)
    return 0 if tests and all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
