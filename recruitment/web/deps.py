"""What the handlers of the admin module share; wiring fills it in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from kit.clock import Clock
from kit.postgres import Pool
from recruitment.domain.rulepack import RulePack
from recruitment.service.ports import RecruitmentPort
from recruitment.settings import Settings


@dataclass(frozen=True)
class Deps:
    """`unit()` opens one transaction; `packs` are the installed rule packs by file name."""

    settings: Settings
    pool: Pool
    clock: Clock
    unit: Callable[[], AbstractAsyncContextManager[RecruitmentPort]]
    packs: Mapping[str, RulePack]
