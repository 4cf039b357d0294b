"""The decoder process: reads frames from standard input, writes measurements to standard output, knows nothing else.

It is started by `executor` with an environment that holds no secret, takes the lowest priority and caps its own memory
before the first frame, so that a hostile picture can cost no more than this process. Request: 8 bytes microseconds
since the epoch, 4 bytes length, the JPEG. Answer: 4 bytes length, JSON: a Measurement or {"reason": ...}.
"""

from __future__ import annotations

import os
import struct
import sys
from datetime import UTC, datetime, timedelta
from typing import Any, BinaryIO

import msgspec

from proctoring.domain.gate import BYTES_LIMIT, BadImage
from proctoring.vision.detector import Detector

REQUEST = struct.Struct(">qI")
ANSWER = struct.Struct(">I")
ROOM_BYTES = 192 * 1024 * 1024  # above what is mapped after loading: a 1280x1280 picture needs about 30 MB
PRIORITY = 10  # nice: answers come first
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def limit_resources() -> None:
    """Cap memory, core dumps and files from now on, where the system can."""
    try:
        import resource
    except ImportError:  # Windows has no such limits; the executor's time limit still holds
        return
    os.nice(PRIORITY)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    try:
        with open("/proc/self/statm", encoding="ascii") as status:
            mapped = int(status.read().split()[0]) * resource.getpagesize()
    except OSError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (mapped + ROOM_BYTES, mapped + ROOM_BYTES))


def answer(detector: Detector, jpeg: bytes, at: datetime) -> Any:
    """A measurement, or the reason why there is none."""
    try:
        return detector.measure(jpeg, at)
    except BadImage as error:
        return {"reason": error.reason}
    except MemoryError:
        return {"reason": "too-many-pixels"}
    except Exception as error:  # OpenCV raises its own kinds for what it cannot decode
        return {"reason": f"undecodable: {type(error).__name__}"}


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Until standard input ends."""
    detector = Detector()
    limit_resources()
    _write(answers, {"ready": True})
    while len(head := requests.read(REQUEST.size)) == REQUEST.size:
        microseconds, length = REQUEST.unpack(head)
        assert length <= BYTES_LIMIT, "the executor sends what passed the gate"
        jpeg = requests.read(length)
        if len(jpeg) < length:
            return
        _write(answers, answer(detector, jpeg, _EPOCH + timedelta(microseconds=microseconds)))


def _write(answers: BinaryIO, value: Any) -> None:
    body = msgspec.json.encode(value)
    answers.write(ANSWER.pack(len(body)) + body)
    answers.flush()


if __name__ == "__main__":
    serve(sys.stdin.buffer, sys.stdout.buffer)
