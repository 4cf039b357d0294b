"""Both languages are complete: every message of the templates and the code has its words, with the same facts."""

import re
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import recruitment
from kit.http.formats import load_catalogs

ROOT = Path(recruitment.__file__).parent
METHODS = [("**/templates/**.html", "jinja2"), ("**.py", "python")]
OPTIONS = {"**/templates/**.html": {"extensions": "jinja2.ext.i18n", "newstyle_gettext": "true"}}
KEYWORDS = {"_": None, "ngettext": (1, 2), "N_": None}
FACT = re.compile(r"%\(\w+\)s")


def catalog(code: str) -> Catalog:
    return read_po(BytesIO((ROOT / "locale" / f"{code}.po").read_bytes()), locale=code)


def used() -> set[str | tuple[str, ...]]:
    found = extract_from_dir(str(ROOT), METHODS, OPTIONS, keywords=KEYWORDS)
    return {message for _, _, message, _, _ in found}


@pytest.mark.parametrize("code", ["id", "en"])
def test_catalogs_are_complete(code):
    there = {message.id: message.string for message in catalog(code) if message.id}
    assert used() - set(there) == set()
    assert set(there) - used() == set(), "no longer used"
    for message, words in there.items():
        assert all(words if isinstance(words, tuple) else (words,)), message


@pytest.mark.parametrize("code", ["id", "en"])
def test_translations_name_the_same_facts(code):
    for message in catalog(code):
        source = message.id if isinstance(message.id, str) else message.id[-1]
        for words in message.string if isinstance(message.string, tuple) else (message.string,):
            if message.id:
                assert set(FACT.findall(words)) == set(FACT.findall(source)), message.id


def test_many_are_not_told_in_english():
    words = load_catalogs(("recruitment",))["id"]
    assert [words.ungettext("%(num)s post", "%(num)s posts", number) for number in (1, 2, 5)] == ["%(num)s formasi"] * 3
