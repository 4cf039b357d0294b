"""Proposals and who agreed to them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from exam_engine.domain.proposal import AlreadyAsked, Person, Proposal, ProposalState
from exam_engine.store.exams import NoSuchRecord
from kit.postgres import Connection, load_statements

SQL = load_statements(__package__, "sql/proposals.sql")

SHOWN = 50  # of a session, the newest


def _proposal(row: Sequence[Any]) -> Proposal:
    proposal = Proposal(*row)
    return msgspec.structs.replace(
        proposal, attempt_ids=tuple(proposal.attempt_ids), state=ProposalState(proposal.state)
    )


class ProposalStore:
    """Over one connection; the caller owns the transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add(self, proposal: Proposal) -> None:
        """Insert an open one; raises `AlreadyAsked` where one to end the same attempt is open."""
        added = await self._connection.fetchval(SQL.insert_proposal, *msgspec.structs.astuple(proposal)[:8])
        if added is None:
            raise AlreadyAsked

    async def get(self, proposal_id: UUID) -> Proposal:
        """Raises `NoSuchRecord`."""
        return self._known(await self._connection.fetchrow(SQL.select_proposal, proposal_id), proposal_id)

    async def lock(self, proposal_id: UUID) -> Proposal:
        """Held until the transaction ends; raises `NoSuchRecord`."""
        return self._known(await self._connection.fetchrow(SQL.lock_proposal, proposal_id), proposal_id)

    @staticmethod
    def _known(row: Sequence[Any] | None, proposal_id: UUID) -> Proposal:
        if row is None:
            raise NoSuchRecord("proposal", str(proposal_id))
        return _proposal(row)

    async def of_session(self, session_id: UUID) -> list[Proposal]:
        """The newest first."""
        rows = await self._connection.fetch(SQL.select_session_proposals, session_id, SHOWN)
        return [_proposal(row) for row in rows]

    async def people(self, proposal_id: UUID) -> frozenset[Person]:
        """Who agreed."""
        return frozenset(Person(*row) for row in await self._connection.fetch(SQL.select_approvals, proposal_id))

    async def approve(self, proposal_id: UUID, person: Person, at: datetime) -> None:
        """Somebody agrees."""
        await self._connection.execute(SQL.insert_approval, proposal_id, person.name, person.lead, at)

    async def close(self, proposal: Proposal) -> None:
        """Write how it was decided."""
        await self._connection.execute(
            SQL.close_proposal,
            proposal.id,
            proposal.state.value,
            proposal.decided_by,
            proposal.decided_at,
            proposal.outcome,
        )
