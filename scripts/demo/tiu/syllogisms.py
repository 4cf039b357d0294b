"""Syllogisms: which conclusion follows is decided by enumerating models, never typed in.

Categorical: every assignment of three sets over a small universe in which no set is empty (traditional logic's
existential import, as the test assumes). Conditional: every truth table. A conclusion is valid when it holds in all
models of the premises; among the options exactly one is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import product

from scripts.demo.tiu.draft import Draft, Option, Rng, between, place

Triple = tuple[str, str, str]
Statement = tuple[str, int, int]  # quantifier, subject, predicate (places in the triple)
CELLS = list(product((False, True), repeat=3))

TERMS: tuple[Triple, ...] = (
    ("analis kebijakan", "pegawai yang mengikuti diklat", "pegawai yang memperoleh sertifikat"),
    ("perawat puskesmas", "tenaga kesehatan", "orang yang memakai tanda pengenal"),
    ("arsip vital", "dokumen yang dialihmediakan", "dokumen yang disimpan di pusat data"),
    ("pedagang pasar baru", "pemilik izin usaha", "wajib retribusi"),
    ("mobil ambulans", "kendaraan dinas", "kendaraan yang diperiksa setiap bulan"),
    ("anggota tim siaga", "relawan bencana", "orang yang terlatih evakuasi"),
    ("guru penggerak", "peserta lokakarya", "penulis modul ajar"),
    ("penerima beasiswa", "mahasiswa berprestasi", "peserta magang"),
    ("pustakawan kota", "pegawai yang piket", "pegawai yang memegang kunci"),
    ("warga kelurahan itu", "peserta posyandu", "penerima buku kesehatan"),
    ("operator komputer", "pegawai bersertifikat", "pengguna aplikasi persuratan"),
    ("penyuluh pertanian", "pembina kelompok tani", "penerima sepeda motor dinas"),
)
MOODS: tuple[tuple[Statement, Statement], ...] = (
    (("all", 0, 1), ("all", 1, 2)),
    (("all", 0, 1), ("no", 1, 2)),
    (("some", 0, 1), ("all", 1, 2)),
    (("some", 0, 1), ("no", 1, 2)),
)
CONDITIONALS: tuple[Triple, ...] = (
    ("hujan turun lebat", "jalan ke kantor tergenang", "apel pagi ditunda"),
    ("berkas lengkap", "permohonan diproses hari itu", "pemohon menerima tanda bukti"),
    ("listrik padam", "genset dinyalakan", "pelayanan tetap berjalan"),
    ("anggaran disetujui", "jembatan diperbaiki", "warga lebih cepat ke pasar"),
    ("peserta lulus administrasi", "peserta memperoleh kartu ujian", "peserta boleh memasuki ruang ujian"),
    ("data diperbarui", "laporan dapat dicetak", "rapat dapat dimulai"),
)
WORDS = {
    "all": ("Semua {}", "{} adalah {}"),
    "no": ("Tidak satu pun {}", "{} adalah {}"),
    "some": ("Sebagian {}", "{} adalah {}"),
    "somenot": ("Sebagian {}", "{} bukan {}"),
}
WHO = re.compile(r"(?:orang|pegawai|dokumen|kendaraan) yang (?P<does>.*)")  # "adalah orang yang memakai X": "memakai X"


def _worlds() -> Iterator[frozenset[tuple[bool, ...]]]:
    """Every choice of inhabited cells of the three-set Venn diagram in which no set is empty."""
    for inhabited in product((False, True), repeat=len(CELLS)):
        world = frozenset(cell for cell, there in zip(CELLS, inhabited, strict=True) if there)
        if all(any(cell[term] for cell in world) for term in range(3)):
            yield world


WORLDS = list(_worlds())


def holds(statement: Statement, world: frozenset[tuple[bool, ...]]) -> bool:
    """Whether a statement is true in a world."""
    quantifier, subject, predicate = statement
    members = [cell[predicate] for cell in world if cell[subject]]
    return {"all": all(members), "no": not any(members), "some": any(members), "somenot": not all(members)}[quantifier]


def follows(premises: tuple[Statement, ...], conclusion: Statement) -> bool:
    """Whether the conclusion holds in every world of the premises."""
    return all(holds(conclusion, world) for world in WORLDS if all(holds(each, world) for each in premises))


def _say(statement: Statement, terms: Triple) -> str:
    """As people say it: who does something does it, and is not somebody who does it."""
    quantifier, subject, predicate = statement
    who, whole = WORDS[quantifier]
    does = WHO.fullmatch(terms[predicate])
    if does:
        return f"{who.format(terms[subject])}{' tidak' if quantifier == 'somenot' else ''} {does['does']}"
    return whole.format(who.format(terms[subject]), terms[predicate])


def _strength(statement: Statement) -> int:
    """The traditional test wants the strongest conclusion about the first term."""
    return ("all", "no", "some", "somenot").index(statement[0])


def _categorical(rng: Rng, variant: int) -> Draft:
    terms = TERMS[variant % len(TERMS)]
    premises = MOODS[variant % len(MOODS)]
    candidates: list[Statement] = [(kind, 0, 2) for kind in ("all", "no", "some", "somenot")]
    candidates += [("all", 2, 0), ("no", 2, 1) if premises[1][0] != "no" else ("all", 2, 1), ("all", 2, 1)]
    valid = sorted((each for each in candidates[:4] if follows(premises, each)), key=_strength)
    key = valid[0]
    wrong = [each for each in candidates if not follows(premises, each)]
    none = Option("Tidak dapat ditarik kesimpulan")
    options, index = place(rng, Option(_say(key, terms)), [*(Option(_say(each, terms)) for each in wrong), none])
    stem = f"<p>{_say(premises[0], terms)}.<br>{_say(premises[1], terms)}.</p><p>Kesimpulan yang tepat adalah ...</p>"
    reason = f"Dalam setiap keadaan yang memenuhi kedua premis berlaku: {_say(key, terms).lower()}."
    return Draft("TIU.silogisme", stem, options, index, reason, 0.1 * (variant % 4))


Formula = Callable[[bool, bool, bool], bool]


def _conditional(rng: Rng, variant: int) -> Draft:
    p, q, r = CONDITIONALS[variant % len(CONDITIONALS)]
    rows = [row for row in product((False, True), repeat=3) if (not row[0] or row[1]) and (not row[1] or row[2])]
    if between(rng, 0, 1):
        given, rows = f"Ternyata tidak benar bahwa {r}.", [row for row in rows if not row[2]]
    else:
        given, rows = f"Ternyata {p}.", [row for row in rows if row[0]]
    statements: list[tuple[str, Formula]] = [
        (f"{p} dan {r}".capitalize(), lambda a, _b, c: a and c),
        (f"Tidak benar bahwa {p}", lambda a, _b, _c: not a),
        (f"{p}, tetapi tidak benar bahwa {q}".capitalize(), lambda a, b, _c: a and not b),
        (f"{q}, tetapi tidak benar bahwa {r}".capitalize(), lambda _a, b, c: b and not c),
        (f"{q}, tetapi tidak benar bahwa {p}".capitalize(), lambda a, b, _c: b and not a),
        (f"{r}, tetapi tidak benar bahwa {p}".capitalize(), lambda a, _b, c: c and not a),
    ]
    valid = [text for text, formula in statements if all(formula(*row) for row in rows)]
    assert len(valid) == 1, "exactly one statement may follow"
    wrong = [Option(text) for text, _ in statements if text != valid[0]]
    options, index = place(rng, Option(valid[0]), wrong)
    stem = f"<p>Jika {p}, maka {q}.<br>Jika {q}, maka {r}.<br>{given}</p><p>Kesimpulan yang tepat adalah ...</p>"
    reason = f"Kedua premis bersambung (jika {p}, maka {r}); dengan keterangan ketiga hanya ini yang berlaku."
    return Draft("TIU.silogisme", stem, options, index, reason, 0.3)


def generate(rng: Rng, variant: int) -> Draft:
    """Two of three are categorical."""
    return _conditional(rng, variant // 3) if variant % 3 == 2 else _categorical(rng, variant)
