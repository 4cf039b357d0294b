"""`ombilin`: the command line. Each command reads the settings, calls one function, and says what happened."""

from __future__ import annotations

import asyncio
import errno
import inspect
import os
import socket
from collections.abc import Callable, Coroutine
from enum import StrEnum
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, ParamSpec
from uuid import UUID

import typer

from kit.errors import Fault
from scripts import cli_staff
from scripts.lifeline import end_with_parent

P = ParamSpec("P")
INTERRUPTED = 130  # as shells say it: 128 + SIGINT

SERVICES, PEOPLE, PROOF, PAGES = "Services", "Set up", "Try and prove", "For the documentation"

app = typer.Typer(no_args_is_help=True, add_completion=False)
worker_app = typer.Typer(no_args_is_help=True)
recruitment_app = typer.Typer(no_args_is_help=True)
demo_app = typer.Typer(no_args_is_help=True)
bench_app = typer.Typer(no_args_is_help=True)
attempt_app = typer.Typer(no_args_is_help=True)


class Server(StrEnum):
    """The servers that `serve` can run under."""

    HYPERCORN = "hypercorn"
    GRANIAN = "granian"
    UVICORN = "uvicorn"


AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON value instead of a table.")]


def run(command: Callable[P, Coroutine[Any, Any, None] | None], *args: P.args, **kwargs: P.kwargs) -> None:
    """Run a command; a typed error is told in its own words, not as a traceback."""
    from scripts.commands.settings import refuse_unknown

    try:
        refuse_unknown(os.environ)
        work = command(*args, **kwargs)
        if inspect.iscoroutine(work):
            asyncio.run(work)
    except Fault as error:
        typer.secho(str(error), fg=typer.colors.RED, err=True)
        raise typer.Exit(1) from error
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED) from None
    except Exception as error:
        sentence = _surroundings(error)
        if sentence is None:
            raise
        typer.secho(sentence, fg=typer.colors.RED, err=True)
        raise typer.Exit(1) from error


def _surroundings(error: Exception) -> str | None:
    """A sentence for what is wrong around us, not in us: a taken port, a database that does not let us in."""
    from asyncpg import InterfaceError, PostgresError

    if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
        return "The port is in use. Stop what uses it, or choose another: OMBILIN_PORT, OMBILIN_RECRUITMENT_PORT."
    nobody = (ConnectionError, FileNotFoundError, socket.gaierror, TimeoutError, InterfaceError)
    if isinstance(error, nobody) and getattr(error, "filename", None) is None:  # a file has a name, a socket has none
        return (
            f"A server that is needed does not answer: {error}\n"
            "Check that PostgreSQL (and Redis) run, and their addresses."
        )
    if isinstance(error, PostgresError):
        return (
            f"PostgreSQL refuses: {error}\n"
            "Check the address, the role and the password; `ombilin migrate` makes the schemas."
        )
    return None


def _show_version(asked: bool) -> None:
    if asked:
        typer.echo(f"ombilin {version('ombilin')}")
        raise typer.Exit


@app.callback()
def ombilin(
    show_version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and end.")
    ] = False,
) -> None:
    """Online examinations with webcam proctoring. Settings come from the environment: docs/settings.md."""


@app.command(rich_help_panel=SERVICES)
def serve(
    server: Annotated[Server, typer.Option(help="Granian and Uvicorn are extras: pip install 'ombilin[granian]'.")] = (
        Server.HYPERCORN
    ),
    workers: Annotated[int, typer.Option(min=1, max=64, help="Processes that share the port.")] = 1,
    one_of_many: Annotated[bool, typer.Option("--one-of-many", hidden=True, help="Started by --workers.")] = False,
) -> None:
    """Serve the examination system."""
    from scripts.commands import services

    run(services.serve_exam, os.environ, server=server.value, workers=workers, one_of_many=one_of_many)


app.add_typer(worker_app, name="worker", rich_help_panel=SERVICES, help="Background workers.")


@worker_app.command()
def vision() -> None:
    """Measure webcam frames and raise incidents for the proctors."""
    from scripts.commands import services

    run(services.vision, os.environ)


app.add_typer(
    recruitment_app, name="recruitment", rich_help_panel=SERVICES, help="The admin module: vacancies and ranking."
)


@recruitment_app.command("serve")
def serve_recruitment() -> None:
    """Serve the admin module."""
    from scripts.commands import services

    run(services.serve_recruitment, os.environ)


@recruitment_app.command("migrate")
def migrate_recruitment() -> None:
    """Bring the schema of the admin module up to date."""
    from scripts.commands import services

    run(services.tell_migrations, os.environ, services.migrate_recruitment)


@app.command(rich_help_panel=PEOPLE)
def migrate() -> None:
    """Bring the schemas of the examination system up to date."""
    from scripts.commands import services

    run(services.tell_migrations, os.environ, services.migrate_exam)


@app.command(rich_help_panel=PEOPLE)
def secrets() -> None:
    """Print new secrets for an installation, as a .env file."""
    from scripts.commands.settings import new_secrets

    typer.echo(new_secrets(), nl=False)


cli_staff.add_commands(app, recruitment_app, run, PEOPLE)


app.add_typer(demo_app, name="demo", rich_help_panel=PEOPLE, help="The demonstration: bank, session, candidates.")


@demo_app.command("set-up")
def demo_set_up() -> None:
    """Bring both schemas up to date, load the demonstration, print its logins as JSON."""
    from scripts.commands import demo

    run(demo.set_up, os.environ)


@demo_app.command("load")
def demo_load() -> None:
    """Load the demonstration; what is there already stays."""
    from scripts.commands import demo

    run(demo.load, os.environ)


@demo_app.command("logins")
def demo_logins(as_json: AsJson = False) -> None:
    """Show the logins of the demonstration."""
    from scripts.commands import demo

    run(demo.show_logins, os.environ, as_json=as_json)


@app.command(rich_help_panel=PROOF)
def rehearse(
    candidates: Annotated[int, typer.Option(min=1, max=20_000, help="How many take the exam at once.")] = 200,
    minutes: Annotated[float, typer.Option(min=0.2, help="Length of the compressed exam.")] = 1.0,
    think: Annotated[str, typer.Option(help="Seconds between two answers of a candidate, from-to.")] = "5-40",
    storm: Annotated[float, typer.Option(min=0.1, max=600, help="All start within so many seconds.")] = 10.0,
    proctoring: Annotated[bool, typer.Option("--proctoring", help="Webcam frames every 5 s and a vision worker.")] = (
        False
    ),
    expected: Annotated[int, typer.Option(min=0, help="Peak of the session to come, for the verdict.")] = 0,
    seed: Annotated[int, typer.Option(min=0, help="Everything random follows from it.")] = 1,
    report: Annotated[Path | None, typer.Option(help="Write an HTML report with plots to this file.")] = None,
    as_json: AsJson = False,
) -> None:
    """Let simulated candidates take an exam, reconcile every answer, say whether a session may be opened."""
    from scripts.commands import rehearsal

    wish = rehearsal.Wish(
        candidates=candidates,
        minutes=minutes,
        think_s=rehearsal.parse_think(think),
        storm_s=storm,
        proctoring=proctoring,
        seed=seed,
        expected=expected,
        report=report,
    )
    run(rehearsal.rehearse, os.environ, wish, as_json=as_json)


@app.command(rich_help_panel=PROOF)
def faults(
    plan: Annotated[str, typer.Option(help="One plan by name, or `all`; `list` names them.")] = "all",
    candidates: Annotated[int, typer.Option(min=2, max=20_000, help="How many take the exam meanwhile.")] = 200,
    points: Annotated[int, typer.Option(min=1, max=100, help="Random moments at which a fault strikes.")] = 3,
    seed: Annotated[int, typer.Option(min=0, help="Everything random follows from it; 0 draws one.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Break a system of its own in every way of the fault table, and count what was lost, doubled, accepted late."""
    from scripts.commands import faults as command

    run(command.run_plans, os.environ, plan, candidates=candidates, points=points, seed=seed, as_json=as_json)


app.add_typer(
    attempt_app, name="attempt", rich_help_panel=PROOF, help="Receipts: whether a log is the one that was acknowledged."
)


@attempt_app.command("verify")
def attempt_verify(
    receipt: Annotated[str, typer.Argument(help="The text of a receipt, a file with it, or the JWS of a score.")],
    log: Annotated[Path | None, typer.Option(help="An exported attempt; without it the database is read.")] = None,
    key: Annotated[str | None, typer.Option(help="The published public key, in hexadecimal.")] = None,
    as_json: AsJson = False,
) -> None:
    """Tell whether the scored log is the one that was acknowledged; exit status 1 where it is not."""
    from scripts.commands import receipts

    run(receipts.verify, os.environ, receipt, log, key, as_json=as_json)


@attempt_app.command("export")
def attempt_export(
    attempt: Annotated[UUID, typer.Argument(help="The attempt.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="The file to write.")],
) -> None:
    """Write the log and the scores of one attempt, to be verified anywhere."""
    from scripts.commands import receipts

    run(receipts.export, os.environ, attempt, out)


@attempt_app.command("import")
def attempt_import(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="As the candidate's browser saved it.")],
    actor: Annotated[str, typer.Option(help="Who decides that it is taken; kept in the log.")],
    reason: Annotated[str, typer.Option(help="Why; kept in the log.")],
    as_json: AsJson = False,
) -> None:
    """Take the answers of a candidate's emergency file."""
    from scripts.commands import emergency

    run(emergency.import_file, os.environ, file.read_bytes(), actor, reason, as_json=as_json)


@app.command("change-key", rich_help_panel=PEOPLE)
def change_key(
    version: Annotated[UUID, typer.Argument(help="The item version whose key was wrong.")],
    reason: Annotated[str, typer.Option(help="Why, for the record.")],
    by: Annotated[str, typer.Option(help="The user name of who changes it; the password is asked for.")],
    right: Annotated[list[str] | None, typer.Option(help="An option that is right; several may be given.")] = None,
    points: Annotated[list[str] | None, typer.Option(help="OPTION=POINTS, for each option of a weighted item.")] = None,
    full: Annotated[bool, typer.Option("--full", help="The item is void: everybody gets its full points.")] = False,
) -> None:
    """Add a changed key beside the old one; scores change only with `ombilin rescore`."""
    from scripts.commands import rescoring

    run(rescoring.change_key, os.environ, version, reason, by, right or [], points or [], full=full)


@app.command(rich_help_panel=PROOF)
def rescore(
    session: Annotated[str, typer.Option(help="The code of the session.")],
    apply: Annotated[bool, typer.Option("--apply/--preview", help="Make new versions, or only look.")] = False,
    approver: Annotated[
        list[str] | None, typer.Option(help="With --apply, twice: user names; the passwords are asked for.")
    ] = None,
    reason: Annotated[str, typer.Option(help="With --apply: why, for the record.")] = "",
    expect: Annotated[str | None, typer.Option(help="With --apply: the fingerprint of the preview seen.")] = None,
    formations: Annotated[list[str] | None, typer.Option(help="VACANCY=POSTS, for the cut-off at three times.")] = None,
    as_json: AsJson = False,
) -> None:
    """Score a session anew with the newest keys: preview who moves, then apply with two approvers."""
    from scripts.commands import rescoring

    facts = rescoring.Asked(session, tuple(approver or ()), reason, expect, tuple(formations or ()))
    run(rescoring.rescore, os.environ, facts, apply=apply, as_json=as_json)


app.add_typer(bench_app, name="bench", rich_help_panel=PROOF, help="Measure this machine.")


@bench_app.command("delivery")
def bench_delivery(
    quick: Annotated[bool, typer.Option("--quick", help="Some seconds, to see that everything runs.")] = False,
    as_json: AsJson = False,
) -> None:
    """Measure saves, starts and sockets against their goals and against a naive design."""
    from scripts.commands import bench

    run(bench.delivery, quick=quick, as_json=as_json)


@app.command(rich_help_panel=PAGES)
def screenshots(
    data: Annotated[Path, typer.Option(help="Data folder of the demonstration that scripts/up.py runs.")] = Path(
        ".ombilin"
    ),
    url: Annotated[str, typer.Option(help="Where its examination system answers.")] = "http://127.0.0.1:8400",
    out: Annotated[Path, typer.Option(help="Folder for the pictures.")] = Path("docs/pictures"),
) -> None:
    """Take the pictures of README and docs from a running demonstration."""
    from scripts.commands import pictures

    run(pictures.take, data, url, out)


@app.command(rich_help_panel=PAGES)
def settings() -> None:
    """Print every setting with its default and meaning (Markdown)."""
    from scripts.commands.settings import document

    typer.echo(document(), nl=False)


def main() -> None:
    """Entry point."""
    end_with_parent()
    app()


if __name__ == "__main__":
    main()
