"""`ombilin change-key` and `ombilin rescore`: a corrected key, what it would move, and the new score versions."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import ClassVar, Literal
from uuid import UUID

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from exam_engine.service import rescore as rescoring
from exam_engine.service.rescore import Preview, Standing
from item_bank.domain.keys import KeyChange
from item_bank.service import catalog
from kit.accounts.service import log_in, log_out
from kit.accounts.store import AccountStore
from kit.clock import utc_now
from kit.errors import Forbidden, Invalid
from kit.settings import read_settings
from web.settings import Settings
from web.wiring import STAFF_SCHEMA, Deps, open_deps

MAY_CHANGE_KEYS = ("reviewer", "releaser", "administrator")
MAY_APPROVE = ("releaser", "administrator")
APPROVERS = 2


@dataclass(eq=False)
class NotAllowed(Forbidden):
    """`username` has no role of `roles`."""

    username: str
    roles: str
    key: ClassVar[str] = "not-allowed"

    def __str__(self) -> str:
        return f"{self.username} may not do this; it needs one of the roles {self.roles}."


@dataclass(eq=False)
class WrongOption(Invalid):
    """`problem` says which option of the command is wrong."""

    problem: str
    key: ClassVar[str] = "wrong-option"

    def __str__(self) -> str:
        return self.problem


@dataclass(frozen=True)
class Asked:
    """What the command line says."""

    session: str
    approvers: tuple[str, ...]
    reason: str
    expected: str | None
    formations: tuple[str, ...]


@asynccontextmanager
async def _open(environ: Mapping[str, str]) -> AsyncIterator[Deps]:
    deps = await open_deps(read_settings(Settings, environ), utc_now)
    try:
        yield deps
    finally:
        await deps.close()


async def _prove(deps: Deps, username: str, roles: Sequence[str]) -> str:
    """The user name of a member of staff who gave the password and has one of the roles."""

    @asynccontextmanager
    async def accounts() -> AsyncIterator[AccountStore]:
        async with deps.pool.acquire() as connection, connection.transaction():
            yield AccountStore(connection, STAFF_SCHEMA)

    password: str = typer.prompt(f"Password of {username}", hide_input=True)
    staff, token = await log_in(accounts, username, password, utc_now())
    async with accounts() as store:
        await log_out(store, token)
    if staff.role not in roles:
        raise NotAllowed(staff.username, ", ".join(roles))
    return staff.username


def _pairs(texts: Sequence[str]) -> dict[str, str]:
    found = [text.partition("=") for text in texts]
    for (name, sign, value), text in zip(found, texts, strict=True):
        if not (name and sign and value):
            raise WrongOption(f"{text} is not of the form NAME=NUMBER.")
    return {name: value for name, _, value in found}


async def change_key(
    environ: Mapping[str, str],
    version_id: UUID,
    reason: str,
    by: str,
    right: list[str],
    points: list[str],
    *,
    full: bool,
) -> None:
    """Add a changed key; exactly one of the three forms must be given."""
    if (bool(right), bool(points), full).count(True) != 1:
        raise WrongOption("Give either --right, or --points of each option, or --full.")
    rule: Literal["right", "points", "full"] = "full" if full else "right" if right else "points"
    async with _open(environ) as deps:
        changed_by = await _prove(deps, by, MAY_CHANGE_KEYS)
        now = utc_now()
        change = KeyChange(version_id, rule, reason, changed_by, now, tuple(right), _pairs(points) if points else None)
        async with deps.unit() as unit:
            edition = await catalog.change_key(unit.bank, change)
            facts = {"edition": edition, "rule": rule, "options": right, "points": points, "reason": reason}
            await unit.accounts.audit(now, changed_by, "key-changed", str(version_id), facts)
    typer.echo(f"Edition {edition} of the keys. No score has changed yet: look with `ombilin rescore --preview`.")


async def rescore(environ: Mapping[str, str], asked: Asked, *, apply: bool, as_json: bool) -> None:
    """Print the preview, or make the new versions and print how many."""
    formations = _numbers(_pairs(asked.formations))
    async with _open(environ) as deps:
        async with deps.unit() as unit:
            session = await unit.exams.session_by_code(asked.session)
        if not apply:
            async with deps.unit() as unit:
                found = await rescoring.preview(unit, session.id, deps.marking, formations)
            _show(found, as_json=as_json)
            return
        if len(asked.approvers) != APPROVERS:
            raise WrongOption("--apply needs two times --approver.")
        first, second = [await _prove(deps, each, MAY_APPROVE) for each in asked.approvers]
        async with deps.unit() as unit:
            now = utc_now()
            made = await rescoring.apply(
                unit,
                session.id,
                deps.marking,
                approvers=(first, second),
                reason=asked.reason,
                at=now,
                formations=formations,
                expected=asked.expected,
            )
            for who in (first, second):
                facts = {"versions": len(made), "reason": asked.reason}
                await unit.accounts.audit(now, who, "rescored", asked.session, facts)
    typer.echo(f"{len(made)} new score versions, approved by {first} and {second}; the outbox delivers them.")


def _numbers(texts: Mapping[str, str]) -> dict[str, int]:
    try:
        return {name: int(text) for name, text in texts.items()}
    except ValueError as error:
        raise WrongOption("The posts of a vacancy are a whole number.") from error


def _show(found: Preview, *, as_json: bool) -> None:
    if as_json:
        typer.echo(msgspec.json.encode(found).decode())
        return
    table = Table("number", "vacancy", "before", "after", "rank", title=f"{found.session}, edition {found.edition}")
    for move in found.moves:
        rank = f"{move.before.rank or '-'} -> {move.after.rank or '-'}"
        table.add_row(move.number, move.vacancy, _told(move.before), _told(move.after), rank)
    Console().print(table)
    typer.echo(
        f"{found.marks_change} of {found.scored} scores change; {found.newly_passed} newly pass, "
        f"{found.no_longer_passed} no longer; {found.enter_cut} come inside the cut-off, {found.leave_cut} leave it; "
        f"{found.withheld} withheld because the two scorers disagree. Fingerprint {found.fingerprint}"
    )


def _told(standing: Standing) -> str:
    parts = ", ".join(f"{code} {points}" for code, points in standing.sections.items())
    grade = {True: "passes", False: "does not pass", None: standing.status}[standing.passed]
    return f"{standing.total} ({parts}) {grade}"
