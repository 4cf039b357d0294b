"""A web worker whose wall clock can be set wrong while it runs: the clock is an argument, so no library is faked.

It reads its error in seconds from a file (`OFFSET_FILE` in the folder named by FAULT_FOLDER). PostgreSQL's clock, which
decides about deadlines, stays right.
"""

from __future__ import annotations

import os
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from kit.clock import utc_now
from kit.http.serving import Drain, run_server
from kit.logs import configure_logs
from kit.settings import read_settings
from scripts.lifeline import end_with_parent
from web.app import create_app
from web.settings import Settings
from web.wiring import open_deps

OFFSET_FILE = "clock-offset"
LOOK_S = 0.05


class SkewedClock:
    """Call it for the time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._looked_at = 0.0
        self._offset = timedelta()

    def __call__(self) -> datetime:
        """The wrong time."""
        if time.monotonic() - self._looked_at > LOOK_S:
            self._looked_at = time.monotonic()
            try:
                self._offset = timedelta(seconds=float(self._path.read_text()))
            except (OSError, ValueError):
                self._offset = timedelta()  # not written yet, or being written
        return utc_now() + self._offset


def _serve() -> None:
    settings = read_settings(Settings, os.environ)
    configure_logs(level=settings.log_level)
    clock = SkewedClock(Path(os.environ["FAULT_FOLDER"]) / OFFSET_FILE)

    async def make_app() -> tuple[Any, Drain]:
        app = create_app(await open_deps(settings, clock))
        return app, app.drain

    run_server(make_app, settings.host, settings.port, server="hypercorn", share_port=False)


if __name__ == "__main__":
    end_with_parent()
    _serve()
