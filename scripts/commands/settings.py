"""docs/settings.md, new secrets, and the refusal of variables that nobody reads.

A misspelt variable would otherwise be a silent default.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import fields
from difflib import get_close_matches

from kit.settings import PREFIX, BadSettings, settings_table, variable
from kit.signing import SigningKey
from recruitment.settings import Settings as RecruitmentSettings
from web.settings import Settings

PRODUCTS = {"Examination system and vision worker": Settings, "Admin module": RecruitmentSettings}
# read by the command line or the tests, never by a server
TOOLS = {
    "OMBILIN_CHROMIUM": "the browser of `ombilin screenshots` and of the browser tests (scripts/browser.py)",
    "OMBILIN_TEST_DATABASE_URL": "PostgreSQL for the tests, as a superuser; without it they start an embedded one",
    "OMBILIN_EXAMPLES": "how many examples the model test of the use cases tries; 200 without it",
    "OMBILIN_SUPERVISED": "set by scripts/up.py for its children, so that they end with it; not for people",
}
INTRODUCTION = """# Settings

Read from the environment once, at start. A missing or wrong value, and a variable that starts with `OMBILIN_` and is
not on this page, is told in one line and the command ends. `ombilin settings` prints this page.
"""


def known_variables() -> set[str]:
    """Every variable that something reads."""
    return {variable(each.name) for product in PRODUCTS.values() for each in fields(product)} | set(TOOLS)


def refuse_unknown(environ: Mapping[str, str]) -> None:
    """Raises `BadSettings` naming each variable of ours that nobody reads, and what was probably meant."""
    known = known_variables()
    problems = []
    for name in sorted(environ.keys() - known):
        if name.startswith(PREFIX):
            near = get_close_matches(name, known, 1)
            problems.append(f"{name} is not a setting" + (f"; did you mean {near[0]}?" if near else ""))
    if problems:
        raise BadSettings(problems)


def document() -> str:
    """docs/settings.md."""
    sections = [f"\n## {title}\n\n{settings_table(product)}" for title, product in PRODUCTS.items()]
    rows = [f"| `{name}` | {meaning} |\n" for name, meaning in TOOLS.items()]
    return "".join([INTRODUCTION, *sections, "\n## Tools\n\n", "| variable | meaning |\n| --- | --- |\n", *rows])


def new_secrets() -> str:
    """A new installation's secrets in the form of .env.example; the host names are left to fill in."""
    signing_key = secrets.token_hex(32)
    values = {
        "EXAM_HOST": "",
        "RECRUITMENT_HOST": "",
        "POSTGRES_PASSWORD": secrets.token_hex(24),
        "EXAM_DATABASE_PASSWORD": secrets.token_hex(24),
        "RECRUITMENT_DATABASE_PASSWORD": secrets.token_hex(24),
        "OMBILIN_SECRET_KEY": secrets.token_hex(32),
        "OMBILIN_SIGNING_KEY": signing_key,
        "OMBILIN_HANDOVER_PUBLIC_KEY": SigningKey(signing_key).public_hex,
        "OMBILIN_RECRUITMENT_SECRET_KEY": secrets.token_hex(32),
    }
    return "".join(f"{name}={value}\n" for name, value in values.items())
