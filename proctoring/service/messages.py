"""Messages from proctors to a candidate; they stay readable for the whole attempt."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from kit.errors import Invalid
from proctoring.domain.records import Message
from proctoring.service.ports import ProctorUnit

TEXT_LIMIT = 2_000
MESSAGES_LIMIT = 500  # shown of one attempt


@dataclass(eq=False)
class BadMessage(Invalid):
    """Empty, or longer than `limit` characters."""

    limit: int
    key: ClassVar[str] = "bad-message"


async def send_message(unit: ProctorUnit, *, attempt_id: UUID, text: str, author: str, now: datetime) -> Message:
    """Store it; the caller tells the seat after the commit. Raises `BadMessage`."""
    clean = text.replace("\x00", "").strip()
    if not clean or len(clean) > TEXT_LIMIT:
        raise BadMessage(TEXT_LIMIT)
    return await unit.proctor.add_message(attempt_id, clean, author, now)


async def messages_of(unit: ProctorUnit, attempt_id: UUID) -> list[Message]:
    """Oldest first."""
    return await unit.proctor.messages(attempt_id, MESSAGES_LIMIT)
