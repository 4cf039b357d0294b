"""Every variable that anything reads is on docs/settings.md, and the page is the one that the code writes."""

import re
from pathlib import Path

import pytest

from kit.settings import BadSettings
from scripts.commands.settings import TOOLS, document, known_variables, refuse_unknown

ROOT = Path(__file__).parents[2]
NAME = re.compile(r"\bOMBILIN_[A-Z][A-Z_]*[A-Z]\b")
PLACES = ("kit", "item_bank", "exam_engine", "proctoring", "web", "recruitment", "scripts", "docs", "tests/conftest.py")
FILES = ("compose.yaml", "Containerfile", ".env.example", "README.md", "CONTRIBUTING.md", ".ci/run")
KINDS = {".py", ".md", ".sh", ".sql", ".toml", ".html", ".ts", ".tsx"}


def sources() -> list[Path]:
    found = [ROOT / name for name in FILES]
    for place in map(ROOT.joinpath, PLACES):
        found += [place] if place.is_file() else [path for path in place.rglob("*") if path.suffix in KINDS]
    return [path for path in found if "node_modules" not in path.parts]


def test_the_page_is_what_the_code_writes():
    page = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    assert page == document(), "run: ombilin settings > docs/settings.md"


def test_every_setting_says_what_it_means():
    rows = re.findall(r"^\| `(OMBILIN_\w+)` \|(?:.*\|)? (.*) \|$", document(), re.MULTILINE)
    assert {name for name, _ in rows} == known_variables()
    assert [name for name, meaning in rows if len(meaning) < 10] == []


def test_every_variable_that_is_named_anywhere_is_documented():
    named = {
        (name, str(path.relative_to(ROOT)))
        for path in sources()
        for name in NAME.findall(path.read_text(encoding="utf-8"))
    }
    assert {name for name, _ in named} >= set(TOOLS), "a tool's variable that nothing reads any more"
    assert sorted((name, path) for name, path in named if name not in known_variables()) == []


def test_a_misspelt_variable_is_refused_and_others_are_not_ours():
    refuse_unknown({"OMBILIN_PORT": "1", "OMBILIN_CHROMIUM": "x", "PATH": "/bin"})
    with pytest.raises(BadSettings) as refused:
        refuse_unknown({"OMBILIN_REDIS_ULR": "redis://x", "OMBILIN_WHATEVER_ELSE": "1"})
    assert refused.value.problems[0] == "OMBILIN_REDIS_ULR is not a setting; did you mean OMBILIN_REDIS_URL?"
    assert len(refused.value.problems) == 2
