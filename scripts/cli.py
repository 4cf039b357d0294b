"""`ombilin`: the command line. Each command reads the settings, calls one function, and says what happened."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Coroutine
from typing import Annotated, Any

import typer

from kit.errors import Fault
from scripts.lifeline import end_with_parent

app = typer.Typer(
    help="Ombilin: online examinations with webcam proctoring.", no_args_is_help=True, add_completion=False
)
worker_app = typer.Typer(help="Background workers.", no_args_is_help=True)
recruitment_app = typer.Typer(help="The admin module: vacancies, applicants, ranking.", no_args_is_help=True)
demo_app = typer.Typer(help="The demonstration: bank, session, candidates, vacancies.", no_args_is_help=True)
staff_app = typer.Typer(help="Staff accounts of the examination system.", no_args_is_help=True)
app.add_typer(worker_app, name="worker")
app.add_typer(recruitment_app, name="recruitment")
app.add_typer(demo_app, name="demo")
app.add_typer(staff_app, name="staff")

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON value instead of a table.")]


def run(work: Coroutine[Any, Any, None]) -> None:
    """Run a command; a typed error is told in one line, not as a traceback."""
    try:
        asyncio.run(work)
    except Fault as error:
        typer.secho(str(error), fg=typer.colors.RED, err=True)
        raise typer.Exit(1) from error
    except KeyboardInterrupt:
        sys.exit(130)


@app.command()
def serve() -> None:
    """Serve the examination system (settings: docs/settings.md)."""
    from scripts.commands import services

    run(services.serve_exam(os.environ))


@app.command()
def migrate() -> None:
    """Bring the schemas of the examination system up to date."""
    from scripts.commands import services

    run(services.migrate_exam(os.environ))


@worker_app.command()
def vision() -> None:
    """Measure webcam frames and raise incidents for the proctors."""
    from scripts.commands import services

    run(services.vision(os.environ))


@recruitment_app.command("serve")
def serve_recruitment() -> None:
    """Serve the admin module."""
    from scripts.commands import services

    run(services.serve_recruitment(os.environ))


@recruitment_app.command("migrate")
def migrate_recruitment() -> None:
    """Bring the schema of the admin module up to date."""
    from scripts.commands import services

    run(services.migrate_recruitment(os.environ))


@demo_app.command("load")
def demo_load() -> None:
    """Load the demonstration; what is there already stays."""
    from scripts.commands import demo

    run(demo.load(os.environ))


@demo_app.command("logins")
def demo_logins(as_json: AsJson = False) -> None:
    """Show the logins of the demonstration."""
    from scripts.commands import demo

    demo.show_logins(os.environ, as_json=as_json)


@staff_app.command("add")
def staff_add(
    username: Annotated[str, typer.Argument(help="In lower case.")],
    name: Annotated[str, typer.Option(help="As colleagues know it.")],
    role: Annotated[
        str, typer.Option(help="administrator, author, reviewer, releaser, proctor, lead_proctor, auditor")
    ],
) -> None:
    """Add an account, or renew it; the password is asked for."""
    from scripts.commands import services

    password = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    run(services.add_staff(os.environ, username, name, role, password))


@app.command()
def rehearse(
    candidates: Annotated[int, typer.Option(min=1, max=20_000, help="How many take the exam at once.")] = 200,
    minutes: Annotated[float, typer.Option(min=0.2, help="Length of the compressed exam.")] = 1.0,
    as_json: AsJson = False,
) -> None:
    """Let simulated candidates take an exam over the real protocol, then reconcile every acknowledged answer."""
    from scripts.commands import rehearsal

    run(rehearsal.rehearse(os.environ, candidates, minutes, as_json=as_json))


@app.command()
def screenshots() -> None:
    """Take the pictures of README and docs from a running demonstration."""
    from scripts.commands import pictures

    run(pictures.take(os.environ))


@app.command()
def settings() -> None:
    """Print every setting with its default and meaning (Markdown)."""
    from scripts.commands import services

    typer.echo(services.settings_document(), nl=False)


def main() -> None:
    """Entry point."""
    end_with_parent()
    app()


if __name__ == "__main__":
    main()
