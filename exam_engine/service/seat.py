"""Taking a seat: participant number and PIN open or continue the one attempt of a session.

Every log-in makes a new seat; the attempt knows only the newest, so an older tab or device is told that it was taken
over and becomes read-only. A wrong number and a wrong PIN are the same refusal.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

import msgspec

from exam_engine.domain.attempt import ENDED, Status
from exam_engine.domain.records import Attempt
from exam_engine.service.ports import ExamUnit
from kit.errors import Conflict, Unauthenticated
from kit.signing import keyed_digest

NUMBER_LIMIT = 64
PIN_LIMIT = 64


@dataclass(eq=False)
class WrongPin(Unauthenticated):
    """Number or PIN is wrong, or no session is open for it now."""

    key: ClassVar[str] = "wrong-pin"


@dataclass(eq=False)
class Superseded(Conflict):
    """Another device has the seat."""

    key: ClassVar[str] = "superseded"


class Seat(msgspec.Struct, frozen=True):
    """A held seat; `taken_over` when another device held it before."""

    attempt_id: UUID
    seat_id: UUID
    session_id: UUID
    taken_over: bool


def pin_digest(key: bytes, number: str, pin: str) -> bytes:
    """What is stored of a PIN: bound to the participant number, useless without the key."""
    return keyed_digest(key, f"{number}\x00{normal_pin(pin)}")


def normal_number(number: str) -> str:
    """Participant numbers are read from paper as well; the column number_key holds the same."""
    return "".join(ch for ch in number if ch.isascii() and ch.isalnum()).upper()


def normal_pin(pin: str) -> str:
    """PINs are read from paper: case and separators do not count."""
    return "".join(ch for ch in pin.upper() if ch.isalnum())


async def take_seat(unit: ExamUnit, *, number: str, pin: str, key: bytes, fresh: Attempt, now: datetime) -> Seat:
    """Log in. `fresh` carries new ids and a seed for the case that this is the first time; raises `WrongPin`."""
    asked = normal_number(number) if len(number) <= NUMBER_LIMIT and "\x00" not in number else ""
    person = await unit.exams.open_participant(asked, now) if asked and 0 < len(pin) <= PIN_LIMIT else None
    expected = person.pin_digest if person else bytes(32)
    offered = pin_digest(key, person.number if person else asked, pin[:PIN_LIMIT])
    if not hmac.compare_digest(expected, offered) or person is None:
        raise WrongPin
    await unit.attempts.add(
        msgspec.structs.replace(fresh, participant_id=person.id, session_id=person.session_id, created_at=now)
    )
    attempt = await unit.attempts.lock_of_participant(person.id)
    assert attempt is not None, "inserted above"
    if attempt.id == fresh.id:
        return Seat(attempt.id, attempt.seat_id, attempt.session_id, taken_over=False)
    if attempt.status not in ENDED and attempt.status is not Status.PREPARING:
        _, at = await unit.attempts.lock(attempt.id)  # held already; the log has the database's time only
        attempt = await unit.attempts.append(attempt, "taken_over", {"seat": str(fresh.seat_id)}, at)
    attempt = msgspec.structs.replace(attempt, seat_id=fresh.seat_id)
    await unit.attempts.save(attempt)
    return Seat(attempt.id, attempt.seat_id, attempt.session_id, taken_over=True)


async def hold_seat(unit: ExamUnit, attempt_id: UUID, seat_id: UUID) -> Attempt:
    """The attempt of a seat that still holds; raises `Superseded`."""
    attempt = await unit.attempts.get(attempt_id)
    if attempt.seat_id != seat_id:
        raise Superseded
    return attempt


async def note_photo(unit: ExamUnit, attempt_id: UUID, now: datetime) -> None:
    """The identity photo was taken."""
    attempt, _ = await unit.attempts.lock(attempt_id)
    await unit.attempts.save(msgspec.structs.replace(attempt, photo_at=now))


async def note_check(unit: ExamUnit, attempt_id: UUID, now: datetime) -> None:
    """The system check was done."""
    attempt, _ = await unit.attempts.lock(attempt_id)
    await unit.attempts.save(msgspec.structs.replace(attempt, checked_at=now))
