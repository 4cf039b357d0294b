"""The demo's vacancies and applicants. Scores are never loaded: they arrive only by real, signed hand-overs."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from importlib.resources import files
from typing import Any
from uuid import UUID

from kit.clock import utc_now
from kit.postgres import Pool
from recruitment.domain.records import Applicant, Application, Assessment, Stage, Vacancy
from recruitment.service.ports import RecruitmentPort
from recruitment.wiring import open_unit

RULE_PACK = "skd-2024"
_ANNOUNCED_DAYS_AGO = 28
_APPLIED_DAYS_AGO = 20


async def load_demo(
    pool: Pool,
    participants: Sequence[Mapping[str, Any]],
    *,
    now: datetime | None = None,
    exam_code: str | None = None,
) -> None:
    """Load vacancies and applicants; loading again changes nothing.

    `participants`: the rows of scripts/demo/participants.toml. `exam_code`: the exam whose scores count (None: any).
    """
    at = now or utc_now()
    async with open_unit(pool) as unit:
        await _add_vacancies(unit, at, exam_code)
        await unit.add_applicants(*_people(participants, at))


async def _add_vacancies(unit: RecruitmentPort, now: datetime, exam_code: str | None) -> None:
    written = tomllib.loads(files("recruitment").joinpath("demo.toml").read_text(encoding="utf-8"))
    today = now.date()
    schedule = tuple(
        Stage(each["title"], today + timedelta(days=each["from_day"]), today + timedelta(days=each["to_day"]))
        for each in written["stage"]
    )
    assessments = tuple(
        Assessment(each["title"], each["weight"], each["elimination"]) for each in written["assessment"]
    )
    for each in written["vacancy"]:
        await unit.add_vacancy(
            Vacancy(
                id=UUID(each["id"]),
                code=each["code"],
                title=each["title"],
                unit=each["unit"],
                qualification=each["qualification"],
                formasi=each["formasi"],
                tracks=tuple(each["tracks"]),
                rule_pack=RULE_PACK,
                exam_code=exam_code,
                schedule=schedule,
                assessments=assessments,
                announced_at=now - timedelta(days=_ANNOUNCED_DAYS_AGO),
            )
        )


def _people(rows: Sequence[Mapping[str, Any]], now: datetime) -> tuple[list[Applicant], list[Application]]:
    applied_at = datetime.combine(now.date() - timedelta(days=_APPLIED_DAYS_AGO), time(2, 30), UTC)
    applicants = [
        Applicant(
            participant_id=UUID(row["id"]),
            number=row["number"],
            name=row["name"],
            nik_last4=f"{index * 7 % 9 + 1:04d}",
            birth_date=date.fromisoformat(str(row["birth_date"])),
            gpa=Decimal(str(row["gpa"])),
        )
        for index, row in enumerate(rows, start=1)
    ]
    applications = [
        Application(applicant.participant_id, row["vacancy"], row["track"], applied_at + timedelta(minutes=7 * index))
        for index, (applicant, row) in enumerate(zip(applicants, rows, strict=True))
    ]
    return applicants, applications
