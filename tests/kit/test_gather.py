"""Gathered look-ups: one load for all that wait, each gets its own, an error reaches those it concerns."""

import asyncio

import pytest

from kit.gather import Gathered


async def test_what_waits_is_loaded_together_within_the_limit():
    loads = []

    async def load(keys):
        loads.append(list(keys))
        await asyncio.sleep(0)
        return {key: key * 10 for key in keys if key != 3}

    gathered = Gathered(load, 3)
    assert await asyncio.gather(*map(gathered.get, [1, 2, 3, 4, 2])) == [10, 20, None, 40, 20]
    assert loads == [[1, 2, 3], [4]]
    assert await gathered.get(5) == 50


async def test_an_error_is_told_and_the_next_load_is_a_new_one():
    failing = True

    async def load(keys):
        if failing:
            raise OSError("away")
        return dict.fromkeys(keys, "here")

    gathered = Gathered(load, 10)
    answers = await asyncio.gather(gathered.get(1), gathered.get(2), return_exceptions=True)
    assert [type(answer) for answer in answers] == [OSError, OSError]
    failing = False
    assert await gathered.get(1) == "here"


async def test_one_who_leaves_takes_nothing_from_the_others():
    go = asyncio.Event()

    async def load(keys):
        await go.wait()
        return dict.fromkeys(keys, 1)

    gathered = Gathered(load, 10)
    leaving, staying = asyncio.create_task(gathered.get(1)), asyncio.create_task(gathered.get(1))
    await asyncio.sleep(0)
    leaving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaving
    go.set()
    assert await staying == 1
