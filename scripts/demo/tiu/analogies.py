"""Verbal analogies from a table of relations; distractors come from other relations or are the key turned round."""

from __future__ import annotations

from scripts.demo.tiu.draft import Draft, Option, Rng, place

Pair = tuple[str, str]
RELATIONS: dict[str, tuple[Pair, ...]] = {
    "pekerja dan alat utamanya": (
        ("petani", "cangkul"),
        ("penjahit", "jarum"),
        ("dokter", "stetoskop"),
        ("juru ukur", "teodolit"),
    ),
    "bahan dan hasil olahannya": (
        ("kedelai", "tempe"),
        ("padi", "beras"),
        ("tebu", "gula"),
        ("kapas", "benang"),
    ),
    "bagian dan keseluruhannya": (
        ("halaman", "buku"),
        ("bata", "dinding"),
        ("gerbong", "kereta"),
        ("ranting", "pohon"),
    ),
    "gejala dan alat pengukurnya": (
        ("suhu", "termometer"),
        ("gempa", "seismograf"),
        ("tekanan udara", "barometer"),
        ("arus listrik", "amperemeter"),
    ),
    "sebab dan akibatnya": (
        ("hujan lebat", "banjir"),
        ("kemarau", "kekeringan"),
        ("kelalaian", "kecelakaan"),
        ("infeksi", "demam"),
    ),
    "pekerja dan tempat kerjanya": (
        ("pustakawan", "perpustakaan"),
        ("hakim", "pengadilan"),
        ("penambang", "lubang tambang"),
        ("perawat", "puskesmas"),
    ),
    "kata dan lawannya": (
        ("langka", "melimpah"),
        ("pusat", "tepi"),
        ("ringkas", "bertele-tele"),
        ("tunggal", "majemuk"),
    ),
    "kata dan padanannya": (
        ("cermat", "teliti"),
        ("sahih", "absah"),
        ("mufakat", "sepakat"),
        ("kendala", "hambatan"),
    ),
    "hewan dan tempat hidupnya": (
        ("lebah", "sarang"),
        ("ikan", "air"),
        ("beruang", "hutan"),
        ("unta", "gurun"),
    ),
    "satuan dan besarannya": (
        ("meter", "panjang"),
        ("sekon", "waktu"),
        ("kelvin", "suhu"),
        ("joule", "energi"),
    ),
    "karya dan penciptanya": (
        ("lagu", "komponis"),
        ("patung", "pemahat"),
        ("novel", "pengarang"),
        ("undang-undang", "legislator"),
    ),
    "benda dan fungsinya": (
        ("gunting", "memotong"),
        ("timbangan", "menimbang"),
        ("sapu", "membersihkan"),
        ("kunci", "membuka"),
    ),
}
NAMES = tuple(RELATIONS)


def _shown(pair: Pair) -> str:
    return f"{pair[0]} : {pair[1]}"


def generate(rng: Rng, variant: int) -> Draft:
    """One analogy; `variant` chooses the relation."""
    name = NAMES[variant % len(NAMES)]
    own = RELATIONS[name]
    asked, right = (own[index] for index in rng.permutation(len(own))[:2])
    others = [NAMES[index] for index in rng.permutation(len(NAMES)) if NAMES[index] != name]
    wrong = [(right[1], right[0])] if not name.startswith("kata") else []
    wrong += [RELATIONS[other][int(rng.integers(4))] for other in others[:5]]
    options, index = place(rng, Option(_shown(right)), [Option(_shown(pair)) for pair in wrong])
    stem = f"{_shown(asked).upper()} = ..."
    reason = f"Hubungannya: {name}; urutannya sama seperti pada soal."
    return Draft("TIU.analogi", stem, options, index, reason, -0.3 + 0.1 * (variant % 6))
