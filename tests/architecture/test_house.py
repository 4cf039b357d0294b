"""House rules that no linter checks: SQL lives in .sql files, nothing grows too long, exceptions state a reason."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("kit", "item_bank", "exam_engine", "proctoring", "web", "recruitment", "scripts")
SOURCES = sorted(
    path
    for package in PACKAGES
    for path in (ROOT / package).rglob("*.py")
    if "node_modules" not in path.parts and "__pycache__" not in path.parts
)
TESTS = sorted((ROOT / "tests").rglob("*.py"))
LONGEST_FILE, LONGEST_FUNCTION = 400, 60
STATEMENT = re.compile(r"^\s*(select|insert into|update|delete from|with|create|alter|drop|truncate)\s", re.IGNORECASE)
RUNS = {"execute", "executemany", "fetch", "fetchrow", "fetchval", "cursor"}
# scripts write for people and rehearsals; the two others make schemas and ask a pool whether it lives
SQL_IN_PYTHON = {"kit/migrations.py", "kit/postgres.py", "kit/bus.py", "kit/embedded.py", "kit/http/health.py"}


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def test_there_is_something_to_check():
    assert len(SOURCES) > 100


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_a_source_file(path):
    assert path.read_text(encoding="utf-8").count("\n") <= LONGEST_FILE
    if path.name != "__main__.py":
        assert ast.get_docstring(tree_of(path)), "modules open with why"


def functions_over_the_limit(path):
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or 0) - node.lineno + 1
            inner = sum(
                (each.end_lineno or 0) - each.lineno + 1
                for each in node.body
                if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)
            )
            # a route table is one function of many small handlers: what is counted is its own lines
            if length - inner > LONGEST_FUNCTION:
                yield f"{node.name}: {length - inner}"


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_functions_are_short(path):
    assert list(functions_over_the_limit(path)) == []


@pytest.mark.parametrize("path", [each for each in SOURCES if not name_of(each).startswith("scripts/")], ids=name_of)
def test_sql_lives_in_sql_files(path):
    if name_of(path) in SQL_IN_PYTHON:
        return
    found = [
        f"line {node.lineno}"
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in RUNS
        and node.args
        and isinstance(node.args[0], ast.Constant | ast.JoinedStr)
    ]
    constants = [
        f"line {node.lineno}"
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and STATEMENT.match(node.value)
        and re.search(r"\b(from|into|set|table)\b", node.value)
        and "$1" in node.value
    ]
    assert found + constants == []


@pytest.mark.parametrize("path", [*SOURCES, *TESTS], ids=name_of)
def test_exceptions_from_the_rules_state_a_reason(path):
    bare = [
        number
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if re.search(r"#\s*(noqa|type:\s*ignore)", line)
        and not re.search(r"#\s*(noqa:\s*[A-Z0-9, ]+|type:\s*ignore\[[\w, -]+\])\s+#\s*\w", line)
        and path != Path(__file__)
    ]
    assert bare == []
