#!/usr/bin/env python3
"""Start everything: `python3 scripts/up.py [--data DIR] [--port N] [--json] [--reset-demo]`.

Makes the environment, then hands over to scripts/supervise.py, which starts PostgreSQL and the three processes.
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
    ensure_environment("runtime")
    run_inside("scripts.supervise", sys.argv[1:])
