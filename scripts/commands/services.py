"""Serving, workers, migrations."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import typer

import recruitment.wiring as recruitment_wiring
from kit.clock import utc_now
from kit.http.serving import Drain, ServerName, run_server, serve
from kit.http.workers import Workers
from kit.logs import configure_logs
from kit.postgres import Connection, open_connection
from kit.settings import read_settings
from proctoring.worker import run as run_vision
from recruitment.app import create_app as create_recruitment
from recruitment.settings import Settings as RecruitmentSettings
from scripts.lifeline import SUPERVISED
from web.app import create_app
from web.settings import Settings
from web.wiring import migrate_all, open_deps


def serve_exam(environ: Mapping[str, str], *, server: ServerName, workers: int, one_of_many: bool) -> None:
    """Serve until told to stop; several workers are processes that share the port."""
    settings = read_settings(Settings, environ)
    configure_logs(level=settings.log_level)
    if workers > 1 and not one_of_many:
        words = [sys.executable, "-m", "scripts.cli", "serve", "--server", server, "--one-of-many"]
        Workers(words, {**environ, SUPERVISED: "1"}, workers).run(settings.host, settings.port)
        return

    async def make_app() -> tuple[Any, Drain]:
        app = create_app(await open_deps(settings, utc_now))
        return app, app.drain

    run_server(make_app, settings.host, settings.port, server=server, share_port=one_of_many)


async def migrate_exam(environ: Mapping[str, str]) -> list[str]:
    """Apply what is missing; returns the names of what was applied."""
    return await _migrate(read_settings(Settings, environ).database_url, migrate_all)


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


async def migrate_recruitment(environ: Mapping[str, str]) -> list[str]:
    """Apply what is missing; returns the names of what was applied."""
    url = read_settings(RecruitmentSettings, environ).recruitment_database_url
    return await _migrate(url, recruitment_wiring.migrate_all)


async def _migrate(url: str, migrate: Callable[[Connection], Awaitable[list[str]]]) -> list[str]:
    connection = await open_connection(url)
    try:
        return await migrate(connection)
    finally:
        await connection.close()


async def tell_migrations(
    environ: Mapping[str, str], migrate: Callable[[Mapping[str, str]], Awaitable[list[str]]]
) -> None:
    """Migrate and say what was applied."""
    typer.echo("\n".join(await migrate(environ)) or "up to date")
