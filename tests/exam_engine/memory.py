"""The examination engine's ports in memory, with a clock that a test turns: thousands of use cases a second.

It keeps the promises of the stores: a transaction that fails changes nothing, the time is read after the row is held,
an operation is judged as in store/sql/writer.sql (a test compares the two), and the log only grows.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from exam_engine.domain.attempt import Status
from exam_engine.domain.deadline import CLOCK_EVENTS, in_time, is_over
from exam_engine.domain.log import Event
from exam_engine.domain.operations import Row, Saved, Verdict
from exam_engine.domain.proposal import AlreadyAsked, Person, Proposal, ProposalState
from exam_engine.domain.records import Attempt, Beginning, Candidate, Exam, Participant, Progress, Score, Session
from exam_engine.service.seat import normal_number
from kit.canonical import GENESIS, digest

BEGINNING = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


def run(coroutine: Any) -> Any:
    """The result of a use case over ports that never wait."""
    try:
        coroutine.send(None)
    except StopIteration as finished:
        return finished.value
    raise AssertionError("something waited")


def judge(attempt: Attempt, row: Row, at: datetime) -> Verdict:
    """The verdict on an operation that the log does not have yet."""
    if attempt.seat_id != row.seat_id:
        return "superseded"
    if attempt.status in (Status.PAUSED, Status.PREPARING):
        return "hold"
    if attempt.status is not Status.ACTIVE or attempt.deadline_at is None:
        return "late"
    return "stored" if in_time(attempt.deadline_at, attempt.grace_s, row.client_at, at) else "late"


class OriginalKeys:
    """A bank whose keys nobody has changed."""

    async def key_edition(self) -> int:
        return 1

    async def key_changes(self, version_ids: Sequence[UUID], edition: int) -> dict[UUID, Any]:
        return {}


class MemoryUnit:
    """All ports of one transaction in one object."""

    def __init__(self, exam: Exam, session: Session, people: Sequence[Participant]) -> None:
        self.now = BEGINNING
        self._exam, self._session = exam, session
        self._people = {each.id: each for each in people}
        self._attempts: dict[UUID, Attempt] = {}
        self._logs: dict[UUID, tuple[Event, ...]] = {}
        self._scores: dict[UUID, tuple[Score, ...]] = {}
        self._proposals: dict[UUID, Proposal] = {}
        self._agreed: dict[UUID, frozenset[Person]] = {}
        self._chain = GENESIS

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    @contextmanager
    def transaction(self) -> Iterator["MemoryUnit"]:
        """What fails changes nothing."""
        before = {name: value.copy() if isinstance(value, dict) else value for name, value in vars(self).items()}
        try:
            yield self
        except BaseException:
            vars(self).update(before)
            raise

    @property
    def exams(self) -> "MemoryUnit":
        return self

    @property
    def attempts(self) -> "MemoryAttempts":
        return MemoryAttempts(self)

    @property
    def scores(self) -> "MemoryScores":
        return MemoryScores(self)

    @property
    def proposals(self) -> "MemoryProposals":
        return MemoryProposals(self)

    @property
    def bank(self) -> "OriginalKeys":
        return OriginalKeys()

    # exams

    async def exam(self, _: UUID) -> Exam:
        return self._exam

    async def session(self, _: UUID) -> Session:
        return self._session

    async def participant(self, participant_id: UUID) -> Participant:
        return self._people[participant_id]

    async def open_participant(self, number_key: str, now: datetime) -> Participant | None:
        return next((each for each in self._people.values() if normal_number(each.number) == number_key), None)

    async def set_extra_minutes(self, participant_id: UUID, minutes: int) -> None:
        self._people[participant_id] = msgspec.structs.replace(self._people[participant_id], extra_minutes=minutes)

    # the writer

    async def save(self, rows: Sequence[Row]) -> Saved:
        return Saved([self._store(row) for row in rows])

    def _store(self, row: Row) -> Verdict:
        log = self._logs.get(row.attempt_id, ())
        if any((each.client_id, each.client_seq) == (row.client_id, row.client_seq) for each in log):
            return "stored"
        attempt = self._attempts[row.attempt_id]
        verdict = judge(attempt, row, self.now)
        if verdict == "stored":
            event = Event(
                attempt.last_seq + 1,
                row.kind,
                self.now,
                row.payload,
                row.item_version_id,
                row.revision,
                row.client_id,
                row.client_seq,
                row.client_at,
            )
            self._logs[attempt.id] = (*log, event)
            self._attempts[attempt.id] = msgspec.structs.replace(attempt, last_seq=event.seq)
        return verdict


class _Part:
    def __init__(self, unit: MemoryUnit) -> None:
        self._unit = unit


class MemoryAttempts(_Part):
    async def get(self, attempt_id: UUID) -> Attempt:
        return self._unit._attempts[attempt_id]

    async def lock(self, attempt_id: UUID) -> tuple[Attempt, datetime]:
        return self._unit._attempts[attempt_id], self._unit.now

    async def lock_starting(self, attempt_ids: Sequence[UUID]) -> list[Candidate]:
        return [
            Candidate(each, self._unit._people[each.participant_id], self._unit._exam.id, None, self._unit.now)
            for each in map(self._unit._attempts.get, attempt_ids)
            if each is not None
        ]

    async def begin(self, beginnings: Sequence[Beginning]) -> None:
        for each in beginnings:
            attempt = self._unit._attempts[each.attempt.id]
            if each.form is not None:
                attempt = await self.append(attempt, "items_appended", each.form, each.at)
            attempt = await self.append(attempt, "started", each.terms, each.at)
            assert attempt.last_seq == each.attempt.last_seq
            await self.save(each.attempt)

    async def lock_of_participant(self, participant_id: UUID) -> Attempt | None:
        return next((each for each in self._unit._attempts.values() if each.participant_id == participant_id), None)

    async def lock_overdue(self, without: Sequence[UUID]) -> UUID | None:
        overdue = [
            (each.deadline_at, each.id)
            for each in self._unit._attempts.values()
            if each.status is Status.ACTIVE and each.deadline_at and each.id not in without
            if is_over(each.deadline_at, each.grace_s, self._unit.now)
        ]
        return min(overdue)[1] if overdue else None

    async def add(self, attempt: Attempt) -> None:
        if await self.lock_of_participant(attempt.participant_id) is None:
            self._unit._attempts[attempt.id] = attempt

    async def save(self, attempt: Attempt) -> None:
        self._unit._attempts[attempt.id] = attempt

    async def append(self, attempt: Attempt, kind: str, payload: Any, at: datetime) -> Attempt:
        event = Event(attempt.last_seq + 1, kind, at, payload)
        self._unit._logs[attempt.id] = (*self._unit._logs.get(attempt.id, ()), event)
        return msgspec.structs.replace(attempt, last_seq=event.seq)

    async def head(self, attempt_id: UUID) -> str:
        return digest([msgspec.to_builtins(each) for each in self._unit._logs[attempt_id]])

    async def events(self, attempt_id: UUID) -> list[Event]:
        return list(self._unit._logs.get(attempt_id, ()))

    async def clock_events(self, attempt_id: UUID) -> list[Event]:
        return [each for each in self._unit._logs.get(attempt_id, ()) if each.kind in CLOCK_EVENTS]

    async def session_progress(self, session_id: UUID) -> list[Progress]:
        shared = [name for name in Progress.__struct_fields__ if name in Attempt.__struct_fields__]
        told = []
        for each in self._unit._attempts.values():
            person = self._unit._people[each.participant_id]
            known = {name: getattr(each, name) for name in shared}
            known |= {name: getattr(person, name) for name in Progress.__struct_fields__ if name not in known}
            told.append(Progress(**known))
        return told


class MemoryScores(_Part):
    async def lock_chain(self, session_id: UUID) -> str:
        return self._unit._chain

    async def advance_chain(self, session_id: UUID, head: str) -> None:
        self._unit._chain = head

    async def add(self, score: Score, session_id: UUID) -> None:
        self._unit._scores[score.attempt_id] = (*self._unit._scores.get(score.attempt_id, ()), score)

    async def latest(self, attempt_id: UUID) -> Score | None:
        return self._unit._scores.get(attempt_id, (None,))[-1]


class MemoryProposals(_Part):
    async def add(self, proposal: Proposal) -> None:
        for each in self._unit._proposals.values():
            same = each.kind == proposal.kind == "terminate" and each.attempt_ids == proposal.attempt_ids
            if same and each.state is ProposalState.OPEN:
                raise AlreadyAsked
        self._unit._proposals[proposal.id] = proposal

    async def get(self, proposal_id: UUID) -> Proposal:
        return self._unit._proposals[proposal_id]

    async def lock(self, proposal_id: UUID) -> Proposal:
        return self._unit._proposals[proposal_id]

    async def of_session(self, session_id: UUID) -> list[Proposal]:
        return list(self._unit._proposals.values())

    async def people(self, proposal_id: UUID) -> frozenset[Person]:
        return self._unit._agreed.get(proposal_id, frozenset())

    async def approve(self, proposal_id: UUID, person: Person, at: datetime) -> None:
        self._unit._agreed[proposal_id] = self._unit._agreed.get(proposal_id, frozenset()) | {person}

    async def close(self, proposal: Proposal) -> None:
        self._unit._proposals[proposal.id] = proposal
