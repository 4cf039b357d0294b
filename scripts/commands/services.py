"""Serving, workers, migrations, staff accounts."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Mapping
from uuid import uuid4

import typer

import recruitment.wiring as recruitment_wiring
from kit.accounts.service import hash_password
from kit.accounts.store import AccountStore, Staff
from kit.clock import utc_now
from kit.errors import Invalid
from kit.http.serving import serve
from kit.logs import configure_logs
from kit.postgres import open_connection
from kit.settings import read_settings
from proctoring.worker import run as run_vision
from recruitment.app import create_app as create_recruitment
from recruitment.settings import Settings as RecruitmentSettings
from web.app import ROLES, create_app
from web.settings import Settings
from web.wiring import STAFF_SCHEMA, migrate_all, open_deps


async def serve_exam(environ: Mapping[str, str]) -> None:
    """Serve until told to stop."""
    settings = read_settings(Settings, environ)
    configure_logs(level=settings.log_level)
    deps = await open_deps(settings, utc_now)
    await serve(create_app(deps), settings.host, settings.port)


async def migrate_exam(environ: Mapping[str, str]) -> None:
    """Apply what is missing and say so."""
    settings = read_settings(Settings, environ)
    connection = await open_connection(settings.database_url)
    try:
        applied = await migrate_all(connection)
    finally:
        await connection.close()
    typer.echo("\n".join(applied) or "up to date")


async def vision(environ: Mapping[str, str]) -> None:
    """Work on frames until told to stop."""
    settings = read_settings(Settings, environ)
    configure_logs(level=settings.log_level)
    deps = await open_deps(settings, utc_now)
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    try:
        await run_vision(deps.pool, deps.frames, deps.bus, utc_now, stop)
    finally:
        await deps.close()


async def serve_recruitment(environ: Mapping[str, str]) -> None:
    """Serve the admin module until told to stop."""
    settings = read_settings(RecruitmentSettings, environ)
    configure_logs(level=settings.recruitment_log_level)
    deps = await recruitment_wiring.open_deps(settings, utc_now)
    await serve(create_recruitment(deps), settings.recruitment_host, settings.recruitment_port)


async def migrate_recruitment(environ: Mapping[str, str]) -> None:
    """Apply what is missing and say so."""
    settings = read_settings(RecruitmentSettings, environ)
    connection = await open_connection(settings.recruitment_database_url)
    try:
        applied = await recruitment_wiring.migrate_all(connection)
    finally:
        await connection.close()
    typer.echo("\n".join(applied) or "up to date")


async def add_staff(environ: Mapping[str, str], username: str, name: str, role: str, password: str) -> None:
    """Insert or renew an account."""
    if role not in ROLES:
        raise Invalid(f"role must be one of {', '.join(ROLES)}")
    settings = read_settings(Settings, environ)
    connection = await open_connection(settings.database_url)
    try:
        staff = Staff(uuid4(), username.lower(), name, role)
        await AccountStore(connection, STAFF_SCHEMA).save(staff, hash_password(password), utc_now())
    finally:
        await connection.close()
    typer.echo(f"{username} ({role})")
