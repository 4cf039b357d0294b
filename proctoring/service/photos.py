"""The identity photo: taken once before the start, compared by people with the evidence. A retake is kept beside it."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256
from uuid import UUID, uuid5

from proctoring.domain.gate import check_jpeg
from proctoring.domain.records import Picture
from proctoring.service.ports import ProctorUnit


async def store_identity_photo(unit: ProctorUnit, *, attempt_id: UUID, jpeg: bytes, now: datetime) -> UUID:
    """The id of the stored picture; raises `BadImage`."""
    check_jpeg(jpeg)
    media_id = uuid5(attempt_id, f"identity {now.isoformat()}")
    await unit.proctor.add_media(Picture(media_id, attempt_id, "identity", now, sha256(jpeg).hexdigest(), jpeg))
    return media_id
