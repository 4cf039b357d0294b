"""Staff accounts of both products: added, listed, disabled; what was done is in the audit trail."""

from __future__ import annotations

import getpass
import json
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import ClassVar
from uuid import uuid4

import typer
from rich.console import Console
from rich.table import Table

import recruitment.wiring as recruitment_wiring
from kit.accounts import service
from kit.accounts.store import AccountStore, Staff
from kit.clock import utc_now
from kit.errors import Invalid
from kit.postgres import open_connection
from kit.settings import read_settings
from recruitment.settings import Settings as RecruitmentSettings
from recruitment.web.words import ROLES as RECRUITMENT_ROLES
from web.app import ROLES
from web.settings import Settings
from web.wiring import STAFF_SCHEMA


@dataclass(eq=False)
class UnknownRole(Invalid):
    """`role` is none of `roles`."""

    role: str
    roles: str
    key: ClassVar[str] = "unknown-role"

    def __str__(self) -> str:
        return f"There is no role {self.role}; choose one of {self.roles}."


@dataclass(frozen=True)
class Place:
    """Where the accounts of a product are, and which roles it knows."""

    url: str
    schema: str
    roles: Collection[str]

    @asynccontextmanager
    async def accounts(self) -> AsyncIterator[AccountStore]:
        """One transaction."""
        connection = await open_connection(self.url)
        try:
            async with connection.transaction():
                yield AccountStore(connection, self.schema)
        finally:
            await connection.close()


def exam_place(environ: Mapping[str, str]) -> Place:
    """The examination system."""
    return Place(read_settings(Settings, environ).database_url, STAFF_SCHEMA, ROLES)


def recruitment_place(environ: Mapping[str, str]) -> Place:
    """The admin module."""
    url = read_settings(RecruitmentSettings, environ).recruitment_database_url
    return Place(url, recruitment_wiring.SCHEMA, RECRUITMENT_ROLES)


def operator() -> str:
    """Who sits at the command line, for the audit trail."""
    try:
        return f"command line: {getpass.getuser()}"
    except (OSError, KeyError):  # a container's user without a name
        return "command line"


async def add(place: Place, username: str, name: str, role: str, password: str) -> None:
    """Insert or renew an account; a disabled one is let in again."""
    if role not in place.roles:
        raise UnknownRole(role=role, roles=", ".join(place.roles))
    service.check_password(password)
    staff = Staff(uuid4(), username.lower(), name, role)
    async with place.accounts() as accounts:
        found = await accounts.save(staff, service.hash_password(password), utc_now())
        await accounts.enable(staff.username)
        await accounts.audit(
            utc_now(), operator(), "staff-added", str(found), {"username": staff.username, "role": role}
        )
    typer.echo(f"{staff.username} ({staff.role})")


async def show(place: Place, *, as_json: bool) -> None:
    """Print every account, never a password."""
    async with place.accounts() as accounts:
        found = await accounts.accounts()
    if as_json:
        lines = [
            {"username": one.username, "name": one.name, "role": one.role, "disabled_at": at and at.isoformat()}
            for one, at in found
        ]
        typer.echo(json.dumps(lines, ensure_ascii=False))
        return
    table = Table("user name", "name", "role", "disabled")
    for one, at in found:
        table.add_row(one.username, one.name, one.role, f"{at:%Y-%m-%d %H:%M} UTC" if at else "")
    Console().print(table)


async def disable(place: Place, username: str) -> None:
    """Refuse an account and end its sessions."""
    async with place.accounts() as accounts:
        await service.disable(accounts, username, operator(), utc_now())
    typer.echo(f"{username.lower()} is disabled; its sessions have ended")
