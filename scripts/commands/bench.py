"""`ombilin bench delivery`: the goals of delivery as a table, measured on this machine."""

from __future__ import annotations

import importlib.util
import shutil
import tempfile
from pathlib import Path

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from kit.http.serving import ServerName
from scripts.bench.delivery import FULL, QUICK, Bench
from scripts.bench.rig import open_rig


async def delivery(*, quick: bool, as_json: bool) -> None:
    """Measure and print; a missed goal is said, not an error."""
    servers: list[ServerName] = ["hypercorn"]
    extras: list[ServerName] = ["granian", "uvicorn"]
    servers += [name for name in extras if importlib.util.find_spec(name)][: 1 if quick else None]
    folder = tempfile.mkdtemp(prefix="ombilin-bench-")
    try:
        async with open_rig(Path(folder)) as rig:
            bench = Bench(rig, QUICK if quick else FULL, servers)
            await bench.run()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    table = bench.table
    if quick:
        table.notes.append("--quick shows that everything runs; its figures are no measurement")
    if as_json:
        lines = [msgspec.to_builtins(each) | {"ratio": each.ratio, "holds": each.holds} for each in table.figures]
        typer.echo(msgspec.json.encode({**msgspec.to_builtins(table), "figures": lines}).decode())
        return
    shown = Table("figure", "measured", "goal", "met", "against naive", "detail", title=table.machine)
    for each in table.figures:
        ratio = "" if each.ratio is None else f"{each.ratio} x"
        met = "yes" if each.holds else "NO"
        shown.add_row(each.name, f"{each.value:g} {each.unit}", f"{each.bound} {each.goal:g}", met, ratio, each.detail)
    console = Console()
    console.print(shown)
    for note in table.notes:
        console.print(note)
