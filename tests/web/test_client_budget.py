"""The candidate's page stays light: all its JavaScript and CSS, compressed as a server would send it."""

import subprocess

import pytest

from scripts import build_frontend
from web import assets

BUDGET = 45_000  # bytes, brotli
COMPRESS = """
const { readFileSync } = require("node:fs");
const { brotliCompressSync } = require("node:zlib");
console.log(process.argv.slice(1).reduce((sum, path) => sum + brotliCompressSync(readFileSync(path)).length, 0));
"""


def test_the_page_of_the_candidate_is_within_its_budget():
    if not assets.MANIFEST.is_file():
        pytest.skip("the client is not built")
    page = assets.entry("candidate")
    built = [page.script, *page.styles, *page.preloads, assets.entry("sw").script]
    dist = assets.MANIFEST.parents[1]
    paths = [dist / path.removeprefix(assets.BASE) for path in built]
    paths.append(build_frontend.ROOT / "kit" / "http" / "static" / "ombilin.css")
    node = build_frontend.npm_command()[0][0]
    done = subprocess.run([node, "-e", COMPRESS, *map(str, paths)], capture_output=True, text=True, check=True)
    size = int(done.stdout)
    print(f"{size} bytes")
    assert 10_000 < size <= BUDGET


def test_the_service_worker_keeps_what_the_page_loads():
    if not assets.MANIFEST.is_file():
        pytest.skip("the client is not built")
    page = assets.entry("candidate")
    script = assets.worker_script(("/static/ombilin.css?v=1",))
    assert all(path in script for path in (page.script, *page.styles, *page.preloads, "/static/ombilin.css?v=1"))
    assert assets.worker_script(("/static/ombilin.css?v=2",)).split(";")[0] != script.split(";")[0]
