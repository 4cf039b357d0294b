"""The whole worker on a real database, bus and network: from a frame to the proctors' bus, through a dead decoder."""

import asyncio
import os
import signal
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import cv2
import numpy as np
import pytest
import skimage.data

from kit.bus import PostgresBus
from kit.clock import utc_now
from proctoring.service.frames import receive_frame
from proctoring.store.frames import PostgresFrameQueue
from proctoring.worker import run


def portrait(shift: int) -> bytes:
    """A face that moves."""
    picture = skimage.data.astronaut()[0 : 240 + shift, 60 + shift : 380 + shift, ::-1]
    picture = cv2.resize(np.ascontiguousarray(picture), (320, 240))
    return cv2.imencode(".jpg", picture)[1].tobytes()


@pytest.fixture
async def live_bus(pool, database_url):
    bus = PostgresBus(pool, database_url)
    yield bus
    await bus.close()


@pytest.fixture
async def worker(pool, live_bus):
    """A running worker."""
    stop = asyncio.Event()
    queue = PostgresFrameQueue(pool)
    task = asyncio.create_task(run(pool, queue, live_bus, utc_now, stop))
    yield queue
    stop.set()
    async with asyncio.timeout(10):
        await task


async def next_of(messages, kind):
    async for _, payload in messages:
        if payload["kind"] == kind:
            return payload
    raise AssertionError("the bus ended")


async def test_frames_come_out_as_measurements(worker, live_bus, pool, attempt, session):
    async with live_bus.subscribe(f"proctor.{session}") as messages, asyncio.timeout(20):
        for shift in (0, 4, 8):
            await receive_frame(
                worker,
                live_bus,
                attempt_id=attempt,
                session_id=session,
                jpeg=portrait(shift),
                captured_at=None,
                now=utc_now(),
            )
            told = await next_of(messages, "frame")
            assert told["attempt"] == str(attempt)
    rows = await pool.fetch("select reading, width, jsonb_array_length(faces) as faces from proctor.measurement")
    assert [tuple(row) for row in rows] == [("face", 320, 1)] * 3


async def test_a_killed_decoder_costs_one_frame(worker, live_bus, pool, session):
    async with live_bus.subscribe(f"proctor.{session}") as messages, asyncio.timeout(20):
        for number in range(3):
            if number == 1:  # the first answer proves that the process runs
                os.kill(decoder_of(os.getpid()), signal.SIGKILL)
            await receive_frame(
                worker,
                live_bus,
                attempt_id=uuid4(),
                session_id=session,
                jpeg=portrait(0),
                captured_at=None,
                now=utc_now(),
            )
            await next_of(messages, "frame")
    readings = await pool.fetch("select reading from proctor.measurement order by at")
    assert [row["reading"] for row in readings] == ["face", "unreadable", "face"]


def decoder_of(parent: int) -> int:
    """The decoder process that this process started."""
    for folder in Path("/proc").iterdir():
        with suppress(OSError, ValueError):
            started_by = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            if started_by == parent and b"proctoring.vision.decoder" in (folder / "cmdline").read_bytes():
                return int(folder.name)
    raise AssertionError("no decoder runs")
