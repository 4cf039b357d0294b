"""What the public sees of a vacancy: the announcement with every criterion that decides, before anybody is tested."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from recruitment.domain.records import Vacancy
from recruitment.domain.rulepack import RulePack, Track
from recruitment.service.ports import RecruitmentPort
from recruitment.service.vacancy_ranking import NotAnnounced, pack_of


@dataclass(frozen=True)
class Announcement:
    """A vacancy with the rules that it names; `tracks`: the passing grades of those that may apply."""

    vacancy: Vacancy
    pack: RulePack
    tracks: tuple[Track, ...]


async def list_announced(unit: RecruitmentPort, now: datetime) -> list[Vacancy]:
    """Newest announcement first."""
    return await unit.announced(now)


async def announced_vacancy(
    unit: RecruitmentPort, code: str, packs: Mapping[str, RulePack], now: datetime
) -> Announcement:
    """Raises `NoSuchVacancy`, `NotAnnounced`, `NoSuchRulePack`, `UnknownTrack`."""
    vacancy = await unit.vacancy(code)
    if vacancy.announced_at is None or vacancy.announced_at > now:
        raise NotAnnounced(code)
    pack = pack_of(vacancy, packs)
    return Announcement(vacancy, pack, tuple(pack.track_rules(track) for track in vacancy.tracks))
