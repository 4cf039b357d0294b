"""Every row of the fault table in short: a few candidates, one strike. `ombilin faults` runs them long.

What is asserted are the promises, never a time: these machines are shared. Plans that lean on the host (a mount, a
tracer, another server) or take half a minute are `long`: `scripts/test.py --faults` runs them too.
"""

import pytest

from scripts.faults.plans import PLANS, TABLE
from scripts.faults.run import run_plan
from scripts.robots.system import Needs

# connections that a fault cut off leave transports behind: that is what is tried here
pytestmark = [pytest.mark.faults, pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")]
CANDIDATES = 12
SEED = 7
LONG = {"disk-full", "slow-fsync", "kill-redis", "failover", "clock-jump", "rolling-restart", "deadline-race"}
JUDGED = [
    pytest.param(plan, id=plan.name, marks=[pytest.mark.long] if plan.name in LONG else [])
    for plan in TABLE
    if not plan.control
]


@pytest.mark.parametrize("plan", JUDGED)
async def test_no_promise_breaks(plan, plain_system):
    shared = plain_system if plan.needs == Needs() else None
    outcome = await run_plan(plan, candidates=CANDIDATES, points=1, seed=SEED, system=shared)
    if outcome.verdict == "not permitted here":
        pytest.skip(outcome.facts["reason"])
    assert outcome.counted is not None
    assert outcome.broken == []
    assert outcome.counted.acked + outcome.counted.refused_late > CANDIDATES, "too little was tried"
    assert outcome.counted.started == CANDIDATES


async def test_the_control_run_loses():
    """Without it nobody would know that a loss can be seen at all."""
    for seed in (SEED, SEED + 1, SEED + 2):  # whether a crash hits an unwritten commit is chance
        outcome = await run_plan(PLANS["control"], candidates=24, points=2, seed=seed)
        assert not outcome.failed
        if outcome.counted.lost:
            return
    raise AssertionError("six crashes with synchronous_commit=off lost nothing: is the oracle blind?")
