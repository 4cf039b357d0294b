"""The wheel carries everything that the processes read at run time, and nothing that only a build needs."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("kit", "item_bank", "exam_engine", "proctoring", "web", "recruitment", "scripts")
BUILD_ONLY = ROOT / "web" / "client"


@pytest.fixture(scope="module")
def names(tmp_path_factory) -> set[str]:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
        return set(wheel.namelist())


def test_every_file_of_the_packages_is_in_it(names):
    wanted = {
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and BUILD_ONLY not in path.parents
    }
    assert sorted(wanted - names) == []


@pytest.mark.parametrize(
    "name",
    [
        "web/templates/layout.html",
        "web/locale/id.po",
        "web/static/dist/.vite/manifest.json",
        "exam_engine/store/sql/writer.sql",
        "recruitment/store/migrations/0001_recruitment.sql",
        "kit/http/static/ombilin.css",
        "scripts/demo/participants.toml",
        "scripts/sql/roles.sql",
    ],
)
def test_one_of_each_kind_is_in_it(names, name):
    assert name in names


def test_what_only_a_build_needs_is_not_in_it(names):
    assert [name for name in names if name.startswith(("web/client/", "tests/", "docs/"))] == []
    assert [name for name in names if "__pycache__" in name or "node_modules" in name] == []


def test_the_licence_is_in_it(names):
    assert [name for name in names if name.endswith(".dist-info/licenses/LICENSE")] != []
