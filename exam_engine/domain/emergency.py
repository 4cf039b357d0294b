"""The emergency file of a candidate: operations that did not reach the server, and which of them may still count.

A person decides that a file is taken; these rules decide what of it counts: only what makes sense, was made between the
start and the end of the attempt by the candidate's own clock as the server had set it, and is not in the log already.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal, TypeAlias
from uuid import UUID

import msgspec

from exam_engine.domain.operations import ItemOptions, Operation, OperationBatch, objection

FORM = "ombilin-emergency-1"
FILE_LIMIT = 1024 * 1024  # a whole exam answered ten times over
OPERATION_LIMIT = 5_000

Why: TypeAlias = Literal["known", "early", "late", "nonsense"]


class Envelope(msgspec.Struct, frozen=True):
    """The file as it is handed in; `point`, `iv` and `box` are base64url."""

    form: Literal["ombilin-emergency-1"]
    attempt: UUID
    number: str
    made_at: float
    point: str
    iv: str
    box: str


class Content(msgspec.Struct, frozen=True):
    """What is sealed in it: the operations by the page that made them."""

    made_at: float
    batches: tuple[OperationBatch, ...]

    @property
    def operations(self) -> list[tuple[UUID, Operation]]:
        """(page, operation) in the order of revisions, as they were made."""
        pairs = [(batch.client, op) for batch in self.batches for op in batch.ops]
        return sorted(pairs, key=lambda pair: pair[1].rev)


class Imported(msgspec.Struct, frozen=True):
    """How many operations counted, and why the others did not; `ended`: there is a score that does not know them."""

    attempt_id: UUID
    accepted: int
    known: int
    early: int
    late: int
    nonsense: int
    ended: bool


def doubt(
    operation: Operation,
    client: UUID,
    *,
    known: Collection[tuple[UUID | None, int | None]],
    legal: ItemOptions,
    start_ms: int,
    end_ms: int,
) -> Why | None:
    """Why an operation does not count, or None where it does."""
    if (client, operation.seq) in known:
        return "known"
    if objection(operation, legal):
        return "nonsense"
    if operation.at < start_ms:
        return "early"
    # so written that a time that is no number is late
    return None if operation.at <= end_ms else "late"
