"""The decoder process: same numbers as in-process, no secrets inside, back after its death."""

import asyncio
import os
import signal
import sys
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from proctoring.domain.gate import BadImage
from proctoring.vision.detector import Detector
from proctoring.vision.executor import DecoderDied, DecoderPool

AT = datetime(2026, 2, 3, 1, 0, 0, 123457, tzinfo=UTC)


async def test_measures_as_in_process(portrait_jpeg):
    async with DecoderPool(1) as decoders:
        assert await decoders.measure(portrait_jpeg, AT) == Detector().measure(portrait_jpeg, AT)


async def test_answers_go_to_their_frames(portrait_jpeg, jpeg_of):
    async with DecoderPool(2) as decoders:
        pictures = [portrait_jpeg, jpeg_of("coffee")] * 6
        measured = await asyncio.gather(*(decoders.measure(jpeg, AT) for jpeg in pictures))
    assert [bool(each.faces and each.faces[0].score > 0.9) for each in measured] == [True, False] * 6


@pytest.mark.parametrize("jpeg", [b"", b"GIF89a", b"\xff\xd8\xff"])
async def test_the_gate_stands_before_it(jpeg):
    async with DecoderPool(1) as decoders:
        with pytest.raises(BadImage):
            await decoders.measure(jpeg, AT)


async def test_a_broken_picture_is_refused_and_the_process_lives(portrait_jpeg):
    broken = portrait_jpeg[:400] + bytes(4000) + b"\xff\xd9"
    async with DecoderPool(1) as decoders:
        before = decoders.pids()
        with suppress(BadImage):  # decoders may make something of it
            await decoders.measure(broken, AT)
        assert (await decoders.measure(portrait_jpeg, AT)).faces
        assert decoders.pids() == before


@pytest.mark.skipif(sys.platform == "win32", reason="signals by pid")
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "stalled"])
async def test_a_dead_decoder_is_back_within_two_seconds(portrait_jpeg, how):
    async with DecoderPool(1) as decoders:
        await decoders.measure(portrait_jpeg, AT)
        os.kill(decoders.pids()[0], how)
        with pytest.raises(DecoderDied):
            await decoders.measure(portrait_jpeg, AT)
        dead_at = time.perf_counter()
        assert (await decoders.measure(portrait_jpeg, AT)).faces
        assert time.perf_counter() - dead_at < 2


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="reads /proc")
async def test_the_process_has_no_secrets_little_memory_and_low_priority(monkeypatch):
    monkeypatch.setenv("OMBILIN_SECRET_KEY", "do-not-pass-on")
    async with DecoderPool(1) as decoders:
        proc = Path("/proc") / str(decoders.pids()[0])
        assert b"do-not-pass-on" not in (proc / "environ").read_bytes()
        limits = (proc / "limits").read_text()
        address_space = next(line for line in limits.splitlines() if line.startswith("Max address space"))
        assert int(address_space.split()[3]) < 2 * 1024**3
        assert os.getpriority(os.PRIO_PROCESS, decoders.pids()[0]) >= 10


WITHOUT_GATE = """
import sys
from datetime import UTC, datetime
from proctoring.vision import decoder, detector
detector.check_jpeg = lambda jpeg: None
network = detector.Detector()
decoder.limit_resources()
print(decoder.answer(network, sys.stdin.buffer.read(), datetime(2026, 2, 3, tzinfo=UTC)))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="address-space limits")
async def test_the_memory_limit_holds_even_without_the_gate(portrait_jpeg):
    header = portrait_jpeg.index(b"\xff\xc0") + 5
    lying = portrait_jpeg[:header] + (16_000).to_bytes(2, "big") * 2 + portrait_jpeg[header + 4 :]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", WITHOUT_GATE, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    answer, _ = await process.communicate(lying)
    assert b"undecodable" in answer


async def test_no_process_is_left(portrait_jpeg):
    async with DecoderPool(2) as decoders:
        pids = decoders.pids()
        await decoders.measure(portrait_jpeg, AT)
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
