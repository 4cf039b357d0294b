"""Clocks that jump, and the moment of the deadline."""

from __future__ import annotations

import asyncio
import shutil

from scripts.faults.skewed import OFFSET_FILE
from scripts.faults.stage import Stage

JUMPS_S = (7200.0, -7200.0, 1.0, -1.0)
JUMP_S = 2.0
CLOCK_LIMIT_MS = 250.0


async def clock_jump(stage: Stage) -> None:
    """The web worker's wall clock jumps by hours and by seconds, forth and back."""
    path = stage.system.folder / OFFSET_FILE
    for jump in JUMPS_S * stage.points:
        await stage.moment()
        path.write_text(str(jump))
        await asyncio.sleep(JUMP_S)
        path.write_text("0")
    stage.facts["database_clock"] = (
        "not tried" if shutil.which("faketime") else "not permitted here: faketime is not installed"
    )
    await stage.settle()


async def deadline_race(stage: Stage) -> None:
    """All have one deadline and send thousands of single answers within 50 ms around it."""
    # the deadline itself is moved by run.py before the race, as a credit for all would
    await stage.settle(0.5)
