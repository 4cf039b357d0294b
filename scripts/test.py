#!/usr/bin/env python3
"""Run every check: `python3 scripts/test.py [--fast | --faults] [pytest arguments]`.

Makes the environment, then hands over to scripts/checks.py. `--fast` runs the domain tests only: no service, seconds.
`--faults` runs every plan of the fault table in short, those too that the full run leaves out: minutes.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts.bootstrap import ensure_environment, run_inside  # the path was set just above

if __name__ == "__main__":
    if {"-h", "--help"} & set(sys.argv[1:]):
        print(__doc__)
        raise SystemExit(0)
    ensure_environment("test")
    run_inside("scripts.checks", sys.argv[1:])
