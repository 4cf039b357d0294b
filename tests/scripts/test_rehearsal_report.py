"""The verdict of a rehearsal and its page, from made-up figures."""

import re
from types import SimpleNamespace
from uuid import uuid4

import msgspec
import pytest
import typer

from scripts.commands.rehearsal import Report, parse_think
from scripts.commands.rehearsal_page import page
from scripts.commands.rehearsal_verdict import judge
from scripts.robots.journal import Acked
from scripts.robots.machine import Sample
from scripts.robots.reconcile import Reconciliation

GOOD = Reconciliation(
    **{
        name: {dict[str, int]: {}, list[str]: []}.get(kind, 0)
        for name, kind in Reconciliation.__annotations__.items()
        if name not in ("close_codes", "failures", "started", "ack_p99_ms")
    },
    close_codes={},
    failures=[],
    started=300,
    ack_p99_ms=12.0,
)


def verdict(candidates=300, expected=0, **changes):
    return judge(msgspec.structs.replace(GOOD, **changes), candidates=candidates, expected=expected)


@pytest.mark.parametrize(
    ("changes", "open_for", "says"),
    [
        ({}, 200, "Open: 300 were carried"),
        ({"lost": 1}, 0, "1 acknowledged answers lost"),
        ({"started": 299}, 0, "only 299 of 300 started"),
        ({"ack_p99_ms": 100.0}, 200, "Open"),
        ({"ack_p99_ms": 101.0}, 0, "acknowledgements p99"),
        ({"start_p99_ms": 1001.0}, 0, "starts p99"),
        ({"expected": 200}, 200, "Open"),
        ({"expected": 201}, 200, "201 expected need a rehearsal with 302"),
    ],
)
def test_half_as_much_again_must_have_been_carried(changes, open_for, says):
    made = verdict(**changes)
    assert made.open_for == open_for
    assert says in made.words


def test_the_page_stands_alone_and_has_a_table_for_each_plot():
    acked = [Acked(uuid4(), uuid4(), n, uuid4(), n, "A", 100.0 + n, 0.01) for n in range(90)]
    samples = [Sample(95.0 + n, n * 0.5, 1000) for n in range(100)]
    report = Report(
        candidates=300,
        minutes=1,
        seed=4,
        acks_per_s=1.0,
        cpu_ms_per_candidate=None,
        cpu_ms_per_ack=None,
        cpu_cores=None,
        memory_kb_per_candidate=None,
        verdict=verdict(failures=["<script>"]),
    )
    made = page(GOOD, report, SimpleNamespace(of=lambda _kind: acked), samples)
    assert made.count("<svg") == made.count("<details") == 3
    assert "prefers-color-scheme:dark" in made
    assert made.count('lang="id"') > 20
    assert made.count('span lang="id"') == made.count('span lang="en"')
    assert not re.search(r"<script|https?://|@import|url\(", made)


@pytest.mark.parametrize(("text", "span"), [("5-40", (5.0, 40.0)), ("0.5", (0.5, 0.5))])
def test_think_times(text, span):
    assert parse_think(text) == span


@pytest.mark.parametrize("text", ["", "0-3", "4-2", "a-b"])
def test_odd_think_times_are_refused(text):
    with pytest.raises(typer.BadParameter):
        parse_think(text)
