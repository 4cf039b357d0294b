"""Analytical puzzles: five people in a row, clues made from a hidden order, the answer proved by all permutations."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations

from scripts.demo.tiu.draft import Draft, Option, Rng, between, place

Order = tuple[str, ...]
Clue = tuple[str, Callable[[Order], bool]]
SCENES = (
    ("Lima pegawai mengantre dari depan ke belakang", "di depan", "paling depan", "paling belakang", "tepat di tengah"),
    ("Lima pemohon dilayani satu per satu", "sebelum", "paling awal", "paling akhir", "pada urutan ketiga"),
    ("Lima peserta mencapai garis akhir", "lebih dahulu daripada", "pertama", "terakhir", "ketiga"),
    ("Lima anggota tim berbicara bergiliran", "sebelum", "paling awal", "paling akhir", "pada urutan ketiga"),
)
QUESTIONS = {
    "pegawai": "Pegawai yang berada",
    "pemohon": "Pemohon yang dilayani",
    "peserta": "Peserta yang tiba",
    "anggota": "Anggota yang berbicara",
}
NAMES = (
    ("Adi", "Bela", "Citra", "Doni", "Eka"),
    ("Fitri", "Gilang", "Hana", "Irfan", "Joko"),
    ("Kirana", "Lukman", "Maya", "Naufal", "Oki"),
    ("Putri", "Qori", "Rangga", "Salma", "Taufik"),
)
ASKED = ((0, 2), (4, 3), (2, 4))  # place in the row, place of its words in a scene


def _clues(order: Order, words: tuple[str, ...], rng: Rng) -> list[Clue]:
    """Statements that are true of the hidden order, from telling to vague."""

    def before(first: str, second: str) -> Clue:
        return f"{first} {words[1]} {second}", lambda row: row.index(first) < row.index(second)

    def adjacent(first: str, second: str) -> Clue:
        return (
            f"{first} tepat {words[1]} {second}",
            lambda row: row.index(second) - row.index(first) == 1,
        )

    def not_at(name: str, at: int, text: str) -> Clue:
        return f"{name} bukan yang {text}", lambda row: row[at] != name

    clues: list[Clue] = []
    for first in range(4):
        for second in range(first + 1, 5):
            clues.append(before(order[first], order[second]))
        if words[1] != "lebih dahulu daripada":
            clues.append(adjacent(order[first], order[first + 1]))
    clues += [not_at(name, 0, words[2]) for name in order[1:]] + [not_at(name, 4, words[3]) for name in order[:4]]
    return [clues[index] for index in rng.permutation(len(clues))]


def rows(clues: list[Clue], names: Order) -> list[Order]:
    """Every row that fits all clues."""
    return [row for row in permutations(names) if all(test(row) for _, test in clues)]


def answers(clues: list[Clue], names: Order, at: int) -> set[str]:
    """Who can stand at a place in any row that fits every clue."""
    return {row[at] for row in rows(clues, names)}


def generate(rng: Rng, variant: int) -> Draft:
    """One puzzle; every clue is needed."""
    words = SCENES[variant % len(SCENES)]
    names = NAMES[(variant // len(SCENES) + variant) % len(NAMES)]
    order = tuple(names[index] for index in rng.permutation(5))
    at, wording = ASKED[between(rng, 0, len(ASKED) - 1)]
    chosen: list[Clue] = []
    for clue in _clues(order, words, rng):
        if len(rows([*chosen, clue], names)) < len(rows(chosen, names)):
            chosen.append(clue)
        if answers(chosen, names, at) == {order[at]}:
            break
    for clue in list(chosen):
        fewer = [each for each in chosen if each is not clue]
        if answers(fewer, names, at) == {order[at]}:
            chosen = fewer
    assert answers(chosen, names, at) == {order[at]}, "the clues settle the question"
    options, index = place(rng, Option(order[at]), [Option(name) for name in names if name != order[at]])
    told = "".join(f"<li>{text}.</li>" for text, _ in chosen)
    listed = ", ".join(names[:-1]) + f", dan {names[-1]}"
    asked = f"{QUESTIONS[words[0].split()[1]]} {words[wording]} adalah ..."
    stem = f"<p>{words[0]}: {listed}.</p><ul>{told}</ul><p>{asked}</p>"
    reason = f"Dari semua susunan yang memenuhi keterangan, hanya {order[at]} yang mungkin berada di tempat itu."
    return Draft("TIU.analitis", stem, options, index, reason, 0.2 * (len(chosen) - 3))
