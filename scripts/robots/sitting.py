"""An exam session for robots: made before, awaited after."""

from __future__ import annotations

import asyncio
import secrets
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import msgspec

from exam_engine.domain.records import Exam, Participant, Session
from exam_engine.service.seat import pin_digest
from kit.postgres import Connection
from kit.signing import derive_key
from scripts.commands.demo import load_bank
from web.settings import Settings
from web.wiring import Unit

PIN = "REHEARSE"


class Sitting(msgspec.Struct, frozen=True):
    """The session and its candidates' numbers."""

    session_id: UUID
    numbers: list[str]


async def prepare(
    connection: Connection,
    settings: Settings,
    candidates: int,
    *,
    minutes: int,
    now: datetime,
    camera: bool = False,
    short_every: int = 0,
    starts_at: datetime | None = None,
) -> Sitting:
    """A session that is open now; with `short_every` each n-th candidate has `minutes`, the others an hour more."""
    tag = secrets.token_hex(3)
    exam = Exam(
        id=uuid4(),
        code=f"REHEARSAL-{tag}",
        title={"id": "Gladi", "en": "Rehearsal"},
        instructions={"id": [], "en": []},
        blueprint="skd",
        rule_pack="skd-2024",
        minutes=minutes,
        board=True,
        proctoring={"camera": camera, "frame_interval_s": 5},
    )
    session = Session(uuid4(), exam.id, exam.code, now - timedelta(minutes=1), now + timedelta(hours=4), starts_at)
    numbers = [f"R-{tag}-{n:05}" for n in range(candidates)]
    pin_key = derive_key(settings.secret_key, "pin")
    async with connection.transaction():
        unit = Unit(connection)
        await load_bank(unit)
        await unit.exams.add_exam(exam, now)
        await unit.exams.add_session(session)
        await unit.exams.add_participants(
            [
                Participant(
                    uuid4(),
                    session.id,
                    number,
                    "Robot",
                    pin_digest(pin_key, number, PIN),
                    "general",
                    "-",
                    60 if short_every and place % short_every else 0,
                )
                for place, number in enumerate(numbers)
            ]
        )
    return Sitting(session.id, numbers)


RUNNING = "select count(*) from exam.attempt where session_id = $1 and status = 'active' and deadline_at < now()"


async def wait_overdue_ended(connection: Connection, session_id: UUID, within_s: float) -> None:
    """Until no attempt is active beyond its deadline."""
    for _ in range(int(within_s * 5)):
        if not await connection.fetchval(RUNNING, session_id):
            return
        await asyncio.sleep(0.2)
