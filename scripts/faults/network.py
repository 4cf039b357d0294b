"""A network that is slow, cut, or repeats itself."""

from __future__ import annotations

from scripts.faults.stage import Stage

PARTITION_S = (1.0, 8.0)
DELAY_S = (0.02, 0.4)
HANG_UP_SHARE = 0.05
WORK_S = 6.0


async def partition(stage: Stage) -> None:
    """Nothing passes between half of the candidates and the server, for one to eight seconds at a time."""
    for _ in range(stage.points):
        await stage.moment()
        stage.proxy.cut(0.5)
        await stage.settle(stage.chance.uniform(*PARTITION_S))
        stage.proxy.mend()
    await stage.settle()


async def delay(stage: Stage) -> None:
    """Every piece takes 20 to 400 ms each way, and some connections are hung up."""
    stage.proxy.delay_s = DELAY_S
    for _ in range(stage.points):
        await stage.moment()
        stage.proxy.reset(HANG_UP_SHARE)
    await stage.settle()
    stage.proxy.delay_s = (0.0, 0.0)


async def robots_only(stage: Stage) -> None:
    """The robots do it all: repeat, reorder, replay."""
    await stage.settle(WORK_S)
