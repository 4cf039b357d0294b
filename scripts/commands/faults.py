"""`ombilin faults`: run plans of the fault table; say what was acknowledged, stored, lost, doubled, accepted late."""

from __future__ import annotations

import secrets
from collections.abc import Mapping

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from kit.errors import Invalid
from scripts.faults.plans import PLANS
from scripts.faults.run import Outcome, run_plan
from scripts.robots.system import end_at_sigterm

SEEDS = 2**31


async def run_plans(
    _environ: Mapping[str, str], wanted: str, *, candidates: int, points: int, seed: int, as_json: bool
) -> None:
    """Run one plan or all; exit status 1 when a promise broke."""
    if wanted == "list":
        for plan in PLANS.values():
            typer.echo(f"{plan.name:16} {plan.breaks}")
        return
    if wanted != "all" and wanted not in PLANS:
        raise Invalid(f"there is no plan {wanted}; choose one of {', '.join(PLANS)}")
    end_at_sigterm()
    outcomes: list[Outcome] = []
    for name in PLANS if wanted == "all" else (wanted,):
        drawn = seed or secrets.randbelow(SEEDS) + 1
        typer.echo(f"{name}: seed {drawn}", err=True)
        outcomes.append(await run_plan(PLANS[name], candidates=candidates, points=points, seed=drawn))
    if as_json:
        typer.echo(msgspec.json.encode(outcomes).decode())
    else:
        Console().print(_table(outcomes))
    if any(outcome.failed for outcome in outcomes):
        raise typer.Exit(1)


def _table(outcomes: list[Outcome]) -> Table:
    table = Table("plan", "acked", "stored", "lost", "doubled", "late", "reconnect p99", "verdict", title="Faults")
    for each in outcomes:
        counted = each.counted
        figures = (
            [str(n) for n in (counted.acked, counted.stored, counted.lost, counted.doubled, counted.accepted_late)]
            + [f"{counted.reconnect_p99_ms / 1000:.1f} s"]
            if counted
            else [""] * 6
        )
        words = [each.verdict, *each.broken, *each.beyond_limits, *([each.facts["reason"]] if not counted else [])]
        table.add_row(each.plan, *figures, "\n".join(words))
    return table
