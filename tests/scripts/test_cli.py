"""The command line as people meet it: help everywhere, exit codes, errors in words."""

import os
import re
from collections.abc import Iterator

import click
import pytest
import typer
from typer.testing import CliRunner

from kit.signing import SigningKey
from scripts.cli import app

WRONG, MISUSED = 1, 2
GROUPS = ["Services", "Set up", "Try and prove", "For the documentation"]


@pytest.fixture
def ombilin(monkeypatch):
    """`ombilin("staff", "add")`, with no setting but those given."""
    for name in [name for name in os.environ if name.startswith("OMBILIN_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("COLUMNS", "100")

    def invoke(*words: str, **settings: str):
        return CliRunner().invoke(app, list(words), env=settings)

    return invoke


def commands(command: click.Command, words: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    yield words, command
    for name, child in getattr(command, "commands", {}).items():
        yield from commands(child, (*words, name))


TREE = list(commands(typer.main.get_command(app)))


@pytest.mark.parametrize(("words", "command"), TREE, ids=[" ".join(words) or "ombilin" for words, _ in TREE])
def test_every_command_explains_itself(ombilin, words, command):
    shown = ombilin(*words, "--help")
    assert shown.exit_code == 0
    assert command.help
    assert command.help.endswith("."), "help is a sentence"
    silent = [each.name for each in command.params if each.name != "help" and not getattr(each, "help", "")]
    assert silent == []


def test_the_tree_is_in_its_groups(ombilin):
    shown = ombilin("--help").stdout
    places = [shown.find(group) for group in GROUPS]
    assert -1 not in places
    assert places == sorted(places)
    assert re.search(r"─ Commands ─", shown) is None, "a command without a group"


def test_version(ombilin):
    shown = ombilin("--version")
    assert (shown.exit_code, bool(re.fullmatch(r"ombilin \d+\.\d+\.\d+\n", shown.stdout))) == (0, True)


@pytest.mark.parametrize("words", [("surf",), ("staff", "add"), ("rehearse", "--candidates", "0"), ("demo", "eat")])
def test_misuse_is_two(ombilin, words):
    assert ombilin(*words).exit_code == MISUSED


@pytest.mark.parametrize("words", [("serve",), ("migrate",), ("worker", "vision"), ("demo", "logins")])
def test_missing_settings_are_named(ombilin, words):
    told = ombilin(*words)
    assert told.exit_code == WRONG
    assert "OMBILIN_DATABASE_URL is not set" in told.stderr
    assert "Traceback" not in told.output


def test_an_unknown_setting_is_told_in_one_line(ombilin):
    told = ombilin("serve", OMBILIN_REDIS_ULR="redis://x")
    assert told.exit_code == WRONG
    assert told.stderr.splitlines()[1:] == ["  - OMBILIN_REDIS_ULR is not a setting; did you mean OMBILIN_REDIS_URL?"]


def test_an_unknown_role_is_told_before_a_database_is_asked(ombilin):
    settings = {
        "OMBILIN_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
        "OMBILIN_SECRET_KEY": "00" * 32,
        "OMBILIN_SIGNING_KEY": "00" * 32,
    }
    words = ["staff", "add", "siti", "--name", "Siti", "--role", "queen"]
    told = CliRunner().invoke(app, words, env=settings, input="a long password\na long password\n")
    assert told.exit_code == WRONG
    assert told.stderr.strip().splitlines()[-1].startswith("There is no role queen; choose one of administrator")


def test_pictures_need_a_running_demonstration(ombilin, tmp_path):
    told = ombilin("screenshots", "--data", str(tmp_path), "--url", "http://127.0.0.1:9")
    assert told.exit_code == WRONG
    assert "python3 scripts/up.py" in told.stderr


def test_secrets_are_new_and_belong_together(ombilin):
    first, second = (dict(line.split("=") for line in ombilin("secrets").stdout.split()) for _ in range(2))
    assert SigningKey(first["OMBILIN_SIGNING_KEY"]).public_hex == first["OMBILIN_HANDOVER_PUBLIC_KEY"]
    filled = {name for name, value in first.items() if value}
    assert all(first[name] != second[name] for name in filled)
