"""Both languages are complete in every package that has catalogs: every message has its words, with the same facts."""

import re
from functools import cache
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import kit
from kit.http.formats import LOCALES, load_catalogs

ROOT = Path(kit.__file__).parent.parent
PACKAGES = sorted(
    str(folder.parent.relative_to(ROOT))
    for pattern in ("*/locale", "*/*/locale")
    for folder in ROOT.glob(pattern)
    if folder.joinpath("id.po").is_file() and ".venv" not in folder.parts
)
METHODS = [("**/templates/**.html", "jinja2"), ("**.py", "python")]
OPTIONS = {"**/templates/**.html": {"extensions": "jinja2.ext.i18n", "newstyle_gettext": "true"}}
KEYWORDS = {"_": None, "ngettext": (1, 2), "N_": None}
FACT = re.compile(r"%\(\w+\)s")
NO_MESSAGES = {"client", "static", "__pycache__"}

every_catalog = pytest.mark.parametrize(
    ("package", "code"), [(package, code) for package in PACKAGES for code in LOCALES]
)


@cache
def catalog(package: str, code: str) -> Catalog:
    return read_po(BytesIO((ROOT / package / "locale" / f"{code}.po").read_bytes()), locale=code)


@cache
def used(package: str) -> frozenset[str | tuple[str, ...]]:
    found = extract_from_dir(
        str(ROOT / package),
        METHODS,
        OPTIONS,
        keywords=KEYWORDS,
        directory_filter=lambda folder: Path(folder).name not in NO_MESSAGES,
    )
    return frozenset(message for _, _, message, _, _ in found)


def forms(words: str | tuple[str, ...]) -> tuple[str, ...]:
    return words if isinstance(words, tuple) else (words,)


def test_the_packages_that_speak():
    assert {"kit/http", "recruitment", "web"} <= set(PACKAGES)


@every_catalog
def test_catalogs_are_complete(package, code):
    there = {message.id: message.string for message in catalog(package, code) if message.id}
    assert used(package) - set(there) == set()
    assert set(there) - used(package) == set(), "no longer used"
    assert [message for message, words in there.items() if not all(forms(words))] == []


@every_catalog
def test_translations_name_the_same_facts(package, code):
    different = [
        message.id
        for message in catalog(package, code)
        for words in forms(message.string)
        if message.id and set(FACT.findall(words)) != set(FACT.findall(forms(message.id)[-1]))
    ]
    assert different == []


@pytest.mark.parametrize("package", PACKAGES)
def test_english_is_told_as_it_is_written(package):
    assert [message.id for message in catalog(package, "en") if message.id and message.string != message.id] == []


def test_many_are_not_told_in_english():
    words = load_catalogs(("recruitment",))["id"]
    assert [words.ungettext("%(num)s post", "%(num)s posts", number) for number in (1, 2, 5)] == ["%(num)s formasi"] * 3
