"""The report of a rehearsal as one HTML file: verdict, figures, three plots drawn here as SVG, each with its table.

It stands alone (no script, no font, no network), in both languages and both colour schemes, so that it can be sent to
whoever decides about the opening of a session.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from itertools import pairwise
from typing import Any

import msgspec

from scripts.robots.journal import Acked
from scripts.robots.machine import Sample
from scripts.robots.reconcile import Reconciliation, Records, percentile

WIDTH, HEIGHT, LEFT, BOTTOM = 720, 220, 56, 26
BUCKETS = 60  # points of a plot: a longer rehearsal has wider ones
TICKS = 4

# figure: (Indonesian, English)
FIGURES = {
    "candidates": ("Peserta", "Candidates"),
    "started": ("Mulai mengerjakan", "Started"),
    "submitted": ("Mengumpulkan", "Submitted"),
    "expired": ("Waktu habis", "Ran out of time"),
    "acked": ("Jawaban yang dikonfirmasi", "Answers acknowledged"),
    "stored": ("Jawaban yang tersimpan", "Answers stored"),
    "lost": ("Hilang", "Lost"),
    "doubled": ("Ganda", "Doubled"),
    "accepted_late": ("Diterima setelah batas waktu", "Accepted late"),
    "refused_late": ("Ditolak karena terlambat", "Refused as late"),
    "unacked": ("Tidak pernah dikonfirmasi", "Never acknowledged"),
    "retried": ("Dikirim ulang", "Sent again"),
    "reconnects": ("Tersambung kembali", "Reconnects"),
    "acks_per_s": ("Konfirmasi per detik", "Acknowledgements per second"),
    "ack_p50_ms": ("Konfirmasi p50 (ms)", "Acknowledgement p50 (ms)"),
    "ack_p95_ms": ("Konfirmasi p95 (ms)", "Acknowledgement p95 (ms)"),
    "ack_p99_ms": ("Konfirmasi p99 (ms)", "Acknowledgement p99 (ms)"),
    "start_p95_ms": ("Mulai p95 (ms)", "Start p95 (ms)"),
    "start_p99_ms": ("Mulai p99 (ms)", "Start p99 (ms)"),
    "cpu_ms_per_candidate": ("CPU per peserta (ms)", "CPU per candidate (ms)"),
    "cpu_ms_per_ack": ("CPU per konfirmasi (ms)", "CPU per acknowledgement (ms)"),
    "cpu_cores": ("Inti CPU yang terpakai", "CPU cores in use"),
    "memory_kb_per_candidate": ("Memori per peserta (kB)", "Memory per candidate (kB)"),
    "frames": ("Gambar kamera", "Webcam frames"),
    "score_mismatches": ("Nilai yang tidak cocok", "Scores that do not match"),
}
STYLE = """
:root{color-scheme:light dark;--ink:#1c2421;--paper:#fff;--soft:#5b6661;--rule:#cfd6d2;--a:#0b5d4e;--b:#b0401c}
@media (prefers-color-scheme:dark){
:root{--ink:#e8edea;--paper:#151a18;--soft:#a3aea9;--rule:#3a4441;--a:#5cc9b1;--b:#f0926b}}
body{font:16px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper)}
body{max-width:48rem;margin:2rem auto;padding:0 1rem}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}th{text-align:left;font-weight:600}
th,td{padding:.2rem .6rem .2rem 0;border-bottom:1px solid var(--rule)}td{text-align:right}
figure{margin:2rem 0}figcaption{font-weight:600}svg{width:100%;height:auto}svg text{font-size:11px;fill:var(--soft)}
.axis{stroke:var(--rule)}polyline{fill:none;stroke-width:2}
.a{stroke:var(--a)}.b{stroke:var(--b);stroke-dasharray:5 3}
.verdict{border-inline-start:.4rem solid var(--a);padding:.5rem 1rem;font-size:1.2rem}.verdict.no{border-color:var(--b)}
.pick{margin:0 .3rem 0 1rem}:root:has(#id:checked) [lang=en],:root:has(#en:checked) [lang=id]{display:none}
details{max-height:24rem;overflow:auto}summary{cursor:pointer;color:var(--soft)}
"""


class Series(msgspec.Struct, frozen=True):
    """One plot: seconds since the first acknowledgement, one or two lines over them."""

    title: tuple[str, str]
    names: list[tuple[str, str]]
    seconds: list[float]
    lines: list[list[float]]


def page(counted: Reconciliation, report: Any, records: Records, samples: Sequence[Sample]) -> str:
    """The whole document."""
    figures = msgspec.to_builtins(report) | msgspec.to_builtins(counted)
    verdict = report.verdict
    rows = "".join(
        f"<tr><th scope=row>{_both(*FIGURES[name])}</th><td>{escape(str(figures[name]))}</td></tr>"
        for name in FIGURES
        if figures.get(name) is not None
    )
    plots = "".join(_figure(each) for each in _series(records.of(Acked), samples))
    return (
        '<!doctype html><html lang="id"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>Ombilin: gladi / rehearsal</title><style>{STYLE}</style>"
        '<p><label><input class="pick" type="radio" name="l" id="id" checked>Bahasa Indonesia</label>'
        '<label><input class="pick" type="radio" name="l" id="en">English</label></p>'
        f"<h1>{_both('Laporan gladi', 'Rehearsal report')}</h1>"
        f'<p class="verdict{"" if verdict.open_for and not verdict.reasons else " no"}">'
        f"{_both(verdict.kata, verdict.words)}</p><table>{rows}</table>{plots}"
        f"<p>{_both('Benih acak', 'Seed')}: {figures['seed']}</p></html>\n"
    )


def _both(indonesian: str, english: str) -> str:
    return f'<span lang="id">{escape(indonesian)}</span><span lang="en">{escape(english)}</span>'


def _series(acked: Sequence[Acked], samples: Sequence[Sample]) -> list[Series]:
    if not acked:
        return []
    first, last = min(each.at for each in acked), max(each.at for each in acked)
    width = max(1.0, (last - first) / BUCKETS)
    count = int((last - first) / width) + 1
    buckets: list[list[float]] = [[] for _ in range(count)]
    for each in acked:
        buckets[int((each.at - first) / width)].append(each.waited_s)
    seconds = [round(place * width, 1) for place in range(count)]
    latency = Series(
        ("Waktu tunggu konfirmasi (ms)", "Waiting for an acknowledgement (ms)"),
        [("p50", "p50"), ("p99", "p99")],
        seconds,
        [[percentile(each, 50) for each in buckets], [percentile(each, 99) for each in buckets]],
    )
    throughput = Series(
        ("Jawaban yang dikonfirmasi per detik", "Answers acknowledged per second"),
        [("per detik", "per second")],
        seconds,
        [[round(len(each) / width, 1) for each in buckets]],
    )
    cores = [
        (after.at - first, round((after.cpu_s - before.cpu_s) / max(0.001, after.at - before.at), 2))
        for before, after in pairwise(samples)
        if after.at >= first - 30
    ]
    if not any(value for _, value in cores):
        return [latency, throughput]
    cpu = Series(
        ("Inti CPU yang terpakai server", "CPU cores that the server uses"),
        [("inti", "cores")],
        [round(at, 1) for at, _ in cores],
        [[max(0.0, value) for _, value in cores]],
    )
    return [latency, throughput, cpu]


def _figure(series: Series) -> str:
    legend = " · ".join(_both(*name) for name in series.names)
    head = "".join(f"<th scope=col>{_both(*name)}</th>" for name in series.names)
    rows = "".join(
        f"<tr><th scope=row>{at}</th>{''.join(f'<td>{line[place]}</td>' for line in series.lines)}</tr>"
        for place, at in enumerate(series.seconds)
    )
    return (
        f"<figure><figcaption>{_both(*series.title)}</figcaption>{_svg(series)}<p>{legend}</p>"
        f"<details><summary>{_both('Tabel data', 'Data table')}</summary><table><tr><th scope=col>s</th>{head}</tr>"
        f"{rows}</table></details></figure>"
    )


def _svg(series: Series) -> str:
    highest = max((value for line in series.lines for value in line), default=0) or 1
    start, end = series.seconds[0], max(series.seconds[-1], series.seconds[0] + 1)

    def x(at: float) -> float:
        return round(LEFT + (WIDTH - LEFT - 10) * (at - start) / (end - start), 1)

    def y(value: float) -> float:
        return round(10 + (HEIGHT - BOTTOM - 10) * (1 - value / highest), 1)

    steps = [place / TICKS for place in range(TICKS + 1)]
    axes = "".join(
        f'<line class="axis" x1="{LEFT}" x2="{WIDTH - 10}" y1="{y(highest * step)}" y2="{y(highest * step)}"/>'
        f'<text x="{LEFT - 6}" y="{y(highest * step) + 4}" text-anchor="end">{highest * step:.4g}</text>'
        f'<text x="{x(start + (end - start) * step)}" y="{HEIGHT - 8}" text-anchor="middle">'
        f"{start + (end - start) * step:.0f} s</text>"
        for step in steps
    )
    points = [
        " ".join(f"{x(at)},{y(value)}" for at, value in zip(series.seconds, line, strict=True)) for line in series.lines
    ]
    lines = "".join(f'<polyline class="{name}" points="{each}"/>' for name, each in zip("ab", points, strict=False))
    return f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(series.title[1])}">{axes}{lines}</svg>'
