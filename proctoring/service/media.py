"""Stored pictures. Whoever shows one writes the view into the audit trail."""

from __future__ import annotations

from uuid import UUID

from proctoring.domain.records import Picture
from proctoring.service.ports import ProctorUnit


async def load(unit: ProctorUnit, media_id: UUID) -> Picture | None:
    """The picture, or None."""
    return await unit.proctor.media(media_id)
