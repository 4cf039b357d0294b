"""`ombilin attempt import`: take a candidate's emergency file at the command line."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import typer

from kit.clock import utc_now
from kit.settings import read_settings
from web.emergency import take_file
from web.settings import Settings
from web.wiring import open_deps


async def import_file(environ: Mapping[str, str], raw: bytes, actor: str, reason: str, *, as_json: bool) -> None:
    """Store what counts, tell the counts."""
    deps = await open_deps(read_settings(Settings, environ), utc_now)
    try:
        envelope, imported = await take_file(deps, raw, actor=f"command:{actor}", reason=reason, now=utc_now)
    finally:
        await deps.close()
    if as_json:
        typer.echo(msgspec.json.encode(imported).decode())
        return
    typer.echo(
        f"{envelope.number}: {imported.accepted} stored, {imported.known} known, {imported.late} after the end, "
        f"{imported.early} before the start, {imported.nonsense} without sense"
    )
    if imported.ended and imported.accepted:
        typer.echo("The attempt was scored before; its score does not change until it is scored anew.")
