"""The composition root of the vision worker: joins the stores to the use cases."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from kit.postgres import Connection, Pool
from proctoring.service.ports import ProctorUnit, Units
from proctoring.store.store import ProctorStore


class WorkerUnit:
    """The stores of one transaction."""

    def __init__(self, connection: Connection) -> None:
        self.proctor = ProctorStore(connection)


def units_of(pool: Pool) -> Units:
    """Opens transactions on the pool."""

    @asynccontextmanager
    async def open_unit() -> AsyncIterator[ProctorUnit]:
        async with pool.acquire() as connection, connection.transaction():
            yield WorkerUnit(connection)

    return open_unit
