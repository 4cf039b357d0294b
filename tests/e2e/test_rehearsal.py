"""Two hundred candidates at once over the real protocol, in a minute: what was acknowledged is what is stored."""

import json
import os
import subprocess
import sys

CANDIDATES = 200


def test_nothing_acknowledged_is_lost():
    environ = {name: value for name, value in os.environ.items() if not name.startswith("OMBILIN_")}
    command = [sys.executable, "-m", "scripts.cli", "rehearse", "--candidates", str(CANDIDATES), "--minutes", "1"]
    command += ["--think", "0.2-0.8"]  # a whole exam in the minute
    done = subprocess.run([*command, "--json"], env=environ, capture_output=True, text=True, check=False, timeout=600)
    print(done.stdout)
    assert done.stdout, done.stderr[-3000:]
    report = json.loads(done.stdout)
    assert report["failures"] == []
    assert (report["lost"], report["doubled"], report["accepted_late"], report["score_mismatches"]) == (0, 0, 0, 0)
    assert report["started"] == report["scores"] == CANDIDATES
    assert report["expired"] > 0, "some robots must run into the deadline"
    assert report["refused_late"] > 0, "some answers must come too late, else nothing was tried"
    assert report["acked"] > CANDIDATES * 50
