"""One running system for all plans that need nothing special: starting it takes longer than most faults."""

from collections.abc import AsyncIterator

import pytest

from scripts.robots.system import Needs, System


@pytest.fixture(scope="module")
async def plain_system() -> AsyncIterator[System]:
    """PostgreSQL and one web worker; a plan leaves it as it found it."""
    async with System(Needs()) as system:
        yield system
