"""The identity photo: taken once before the start, compared by people with the evidence. A retake is kept beside it."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256
from uuid import UUID, uuid5

from proctoring.service.ports import ProctorUnit
from proctoring.service.views import Picture
from proctoring.vision.gate import check_jpeg


async def store_identity_photo(unit: ProctorUnit, *, attempt_id: UUID, jpeg: bytes, now: datetime) -> UUID:
    """The id of the stored picture; raises `BadImage`."""
    check_jpeg(jpeg)
    media_id = uuid5(attempt_id, f"identity {now.isoformat()}")
    await unit.proctor.add_media(Picture(media_id, attempt_id, "identity", now, sha256(jpeg).hexdigest(), jpeg))
    return media_id
