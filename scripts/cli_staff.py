"""`ombilin staff` and `ombilin recruitment add-staff` and `staff`: the accounts of both products, in the same words."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Annotated, Any

import typer

Username = Annotated[str, typer.Argument(help="In lower case.")]
Name = Annotated[str, typer.Option(help="As colleagues know it.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON value instead of a table.")]
Run = Callable[..., None]


def _new_password() -> str:
    password: str = typer.prompt("Password (at least 12 characters)", hide_input=True, confirmation_prompt=True)
    return password


def _list_and_disable(group: typer.Typer, run: Run, place: Callable[[], Any]) -> None:
    @group.command("list")
    def list_staff(as_json: AsJson = False) -> None:
        """List every account with its role, also the disabled ones."""
        from scripts.commands import staff

        run(lambda: staff.show(place(), as_json=as_json))

    @group.command("disable")
    def disable_staff(username: Annotated[str, typer.Argument(help="Whose account it is.")]) -> None:
        """Disable an account and end its sessions at once; adding it again lets it in."""
        from scripts.commands import staff

        run(lambda: staff.disable(place(), username))


def add_commands(app: typer.Typer, recruitment: typer.Typer, run: Run, panel: str) -> None:
    """Give both groups their commands; `run` tells typed errors."""

    def exam() -> Any:
        from scripts.commands import staff

        return staff.exam_place(os.environ)

    def admin() -> Any:
        from scripts.commands import staff

        return staff.recruitment_place(os.environ)

    own, other = typer.Typer(no_args_is_help=True), typer.Typer(no_args_is_help=True)
    app.add_typer(own, name="staff", rich_help_panel=panel, help="Staff accounts of the examination system.")
    recruitment.add_typer(other, name="staff", help="Staff accounts of the admin module.")

    @own.command("add")
    def staff_add(
        username: Username,
        name: Name,
        role: Annotated[
            str, typer.Option(help="administrator, author, reviewer, releaser, proctor, lead_proctor, auditor")
        ],
    ) -> None:
        """Add an account, or renew it; the password is asked for."""
        from scripts.commands import staff

        password = _new_password()
        run(lambda: staff.add(exam(), username, name, role, password))

    @recruitment.command("add-staff")
    def add_recruitment_staff(
        username: Username,
        name: Name,
        role: Annotated[str, typer.Option(help="administrator, committee, auditor")],
    ) -> None:
        """Add an account of the admin module, or renew it; the password is asked for."""
        from scripts.commands import staff

        password = _new_password()
        run(lambda: staff.add(admin(), username, name, role, password))

    _list_and_disable(own, run, exam)
    _list_and_disable(other, run, admin)
