"""Every row of the fault table in short: a few candidates, one strike. `ombilin faults` runs them long.

What is asserted are the promises, never a time: these machines are shared.
"""

import pytest

from scripts.faults.plans import PLANS, TABLE
from scripts.faults.run import run_plan
from scripts.robots.system import Needs

# connections that a fault cut off leave transports behind: that is what is tried here
pytestmark = [pytest.mark.faults, pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")]
CANDIDATES = 12
SEED = 7
JUDGED = [plan for plan in TABLE if not plan.control]


@pytest.mark.parametrize("plan", JUDGED, ids=lambda plan: plan.name)
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
    outcome = await run_plan(PLANS["control"], candidates=24, points=2, seed=SEED)
    assert outcome.counted.lost > 0
    assert not outcome.failed
