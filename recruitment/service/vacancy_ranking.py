"""The ranking of one vacancy, computed anew at each look from the stored records and the rule pack.

Nothing of it is stored yet: what is published later is frozen by its own use case, with the pack's hash.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

import msgspec

from kit.errors import NotFound
from kit.handover import ScoreRecord
from recruitment.domain.ranking import Ranking, rank_skd
from recruitment.domain.records import Standing, Vacancy
from recruitment.domain.rulepack import RulePack
from recruitment.domain.sitting import sitting_of
from recruitment.service.ports import RecruitmentPort


@dataclass(eq=False)
class NoSuchRulePack(NotFound):
    """A vacancy names a rule pack that is not installed; nobody is ranked by a guess."""

    rule_pack: str
    key: ClassVar[str] = "no-such-rule-pack"


@dataclass(eq=False)
class NotAnnounced(NotFound):
    """The public may not know of this vacancy yet; the answer is that of one that does not exist."""

    code: str
    key: ClassVar[str] = "no-such-vacancy"


@dataclass(frozen=True)
class VacancyRanking:
    """A vacancy, its ranking, and by which rules; `last_received_at`: the newest score in it."""

    vacancy: Vacancy
    ranking: Ranking
    pack: RulePack
    last_received_at: datetime | None


def pack_of(vacancy: Vacancy, packs: Mapping[str, RulePack]) -> RulePack:
    """The rule pack that the vacancy names; raises `NoSuchRulePack`."""
    try:
        return packs[vacancy.rule_pack]
    except KeyError:
        raise NoSuchRulePack(vacancy.rule_pack) from None


async def vacancy_ranking(unit: RecruitmentPort, code: str, packs: Mapping[str, RulePack]) -> VacancyRanking:
    """Rank everyone who applied; raises `NoSuchVacancy`, `NoSuchRulePack`, `UnknownTrack`."""
    vacancy = await unit.vacancy(code)
    pack = pack_of(vacancy, packs)
    standings = await unit.standings(code)
    sittings = [
        sitting_of(each.participant_id, each.number, each.name, each.track, _record(each)) for each in standings
    ]
    last = max((each.received_at for each in standings if each.received_at is not None), default=None)
    return VacancyRanking(vacancy, rank_skd(sittings, vacancy.formasi, pack), pack, last)


def _record(standing: Standing) -> ScoreRecord | None:
    return None if standing.record is None else msgspec.convert(standing.record, ScoreRecord)
