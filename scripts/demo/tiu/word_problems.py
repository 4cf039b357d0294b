"""Word problems from local government's everyday life; exact keys, distractors from the usual mistakes."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from scripts.demo.tiu.draft import Draft, Rng, between, numbers, pick, written

JOURNEYS = ((60, 80, 4), (60, 72, 3), (48, 64, 3), (50, 75, 3), (54, 72, 2), (45, 60, 4), (40, 50, 3))  # km/h, km/h, h

Problem = tuple[str, Fraction, list[Fraction], str, str, float]


def _speed(rng: Rng, story: int) -> Problem:
    speed, faster, hours = JOURNEYS[between(rng, 0, len(JOURNEYS) - 1)]
    distance = speed * hours
    key = Fraction(distance, faster) * 60
    stem = (
        f"Mobil dinas menempuh jarak dari Sawahlunto ke sebuah kota dalam {hours} jam dengan kecepatan rata-rata "
        f"{speed} km/jam. Jika kecepatannya {faster} km/jam, waktu yang diperlukan adalah ...",
        f"Truk logistik bencana berangkat dengan kecepatan rata-rata {speed} km/jam dan tiba di posko setelah {hours} "
        f"jam. Di jalan yang sama truk kedua melaju {faster} km/jam. Lama perjalanan truk kedua adalah ...",
    )[story]
    reason = f"Jarak {speed} × {hours} = {distance} km; {distance} : {faster} jam = {written(key)} menit."
    return stem, key, [Fraction(hours * 60 - 10), key + 15, key - 12, key + 30], "{} menit", reason, 0.2


def _work(rng: Rng, story: int) -> Problem:
    a, b = ((6, 12), (10, 15), (12, 24), (20, 30), (6, 3), (8, 24))[between(rng, 0, 5)]
    key = Fraction(a * b, a + b)
    one, two = (("Rina", "Dedi"), ("Yusra", "Hasan"), ("Mira", "Tono"))[between(rng, 0, 2)]
    stem = (
        f"{one} dapat menyelesaikan pendataan arsip dalam {a} hari, sedangkan {two} dalam {b} hari. Jika keduanya "
        "bekerja bersama dengan kecepatan tetap, pendataan itu selesai dalam ...",
        f"Untuk mengecat pagar balai kota, regu {one} memerlukan {a} hari dan regu {two} memerlukan {b} hari. Bila "
        "kedua regu mengecat bersama sejak hari pertama, pagar itu selesai dicat dalam ...",
    )[story]
    reason = f"Setiap hari selesai 1/{a} + 1/{b} = {1 / key} bagian, jadi {written(key)} hari."
    wrong = [Fraction(a + b, 2), Fraction(a + b), key + 1, key + 2, abs(Fraction(b - a))]
    return stem, key, wrong, "{} hari", reason, 0.3


def _discount(rng: Rng, story: int) -> Problem:
    price, first, second = between(rng, 4, 20) * 50_000, between(rng, 2, 4) * 10, 10
    key = Fraction(price * (100 - first) * (100 - second), 10_000)
    stem = (
        f"Harga sebuah printer Rp{written(price)}. Toko memberi potongan {first}%, lalu potongan lagi {second}% dari "
        "harga setelah potongan pertama. Harga yang harus dibayar adalah ...",
        f"Sewa tenda untuk pameran semula Rp{written(price)}. Karena dipesan lebih awal sewanya turun {first}%, dan "
        f"karena dibayar lunas turun lagi {second}% dari sewa yang sudah turun itu. Sewa yang dibayar adalah ...",
    )[story]
    once = Fraction(price * (100 - first - second), 100)
    reason = (
        f"Rp{written(price)} × {100 - first}% × {100 - second}% = Rp{written(key)}; kedua potongan tidak dijumlahkan."
    )
    wrong = [once, Fraction(price * (100 - first), 100), key + price // 20, key - price // 10]
    return stem, key, wrong, "Rp{}", reason, 0.4


def _average(rng: Rng, story: int) -> Problem:
    people, mean, rise = between(rng, 4, 9), between(rng, 60, 80), between(rng, 1, 2)
    key = Fraction((people + 1) * (mean + rise) - people * mean)
    stem = (
        f"Nilai rata-rata {people} peserta pelatihan adalah {mean}. Setelah nilai seorang peserta susulan dimasukkan, "
        f"rata-ratanya menjadi {mean + rise}. Nilai peserta susulan itu adalah ...",
        f"Selama {people} hari sebuah loket melayani rata-rata {mean} pemohon per hari. Bersama hari berikutnya "
        f"rata-ratanya naik menjadi {mean + rise}. Banyak pemohon pada hari berikutnya itu adalah ...",
    )[story]
    reason = f"{people + 1} × {mean + rise} − {people} × {mean} = {written(key)}."
    return stem, key, [Fraction(mean + rise), key - rise, key + people, key - people, key + 1], "{}", reason, 0.5


def _ratio(rng: Rng, story: int) -> Problem:
    a, b = between(rng, 2, 4), (5, 7)[between(rng, 0, 1)]
    unit = between(rng, 6, 15)
    key = Fraction((a + b) * unit)
    stem = (
        f"Perbandingan pegawai laki-laki dan perempuan di sebuah dinas adalah {a} : {b}. Jika pegawai perempuan "
        f"{b * unit} orang, jumlah seluruh pegawai adalah ...",
        f"Di sebuah pelatihan, banyak peserta dari kota berbanding peserta dari desa adalah {a} : {b}. Peserta dari "
        f"desa tercatat {b * unit} orang. Seluruh peserta pelatihan itu berjumlah ...",
    )[story]
    reason = f"Satu bagian = {b * unit} : {b} = {unit}; seluruhnya {a + b} bagian, jadi {written(key)} orang."
    return stem, key, [Fraction(a * unit), Fraction(b * unit + a), key + unit, key - unit], "{} orang", reason, -0.2


def _age(rng: Rng, story: int) -> Problem:
    child, times, later = between(rng, 10, 12), between(rng, 3, 4), between(rng, 4, 10)
    key = Fraction(child * times + later)
    who = pick(rng, ("Pak Amri", "Bu Lestari", "Pak Syafril"))
    stem = (
        f"Usia {who} sekarang {times} kali usia anaknya. Jika {later} tahun lagi usia anaknya {child + later} tahun, "
        f"usia {who} pada saat itu adalah ...",
        f"Anak {who} kini berusia {child} tahun, dan usia {who} {times} kali usia anak itu. Usia {who} {later} tahun "
        "dari sekarang adalah ...",
    )[story]
    reason = f"Usia anak sekarang {child}, usia {who} {child * times}; {later} tahun lagi {written(key)}."
    wrong = [Fraction(times * (child + later)), Fraction(child * times), key + later, key - 3]
    return stem, key, wrong, "{} tahun", reason, 0.0


PROBLEMS: tuple[Callable[[Rng, int], Problem], ...] = (_speed, _work, _discount, _average, _ratio, _age)
STORIES = 2


def generate(rng: Rng, variant: int) -> Draft:
    """One problem; `variant` chooses the kind and the story."""
    round_, kind = divmod(variant, len(PROBLEMS))
    stem, key, wrong, form, reason, difficulty = PROBLEMS[kind](rng, round_ % STORIES)
    options, place = numbers(rng, key, wrong, form)
    return Draft("TIU.cerita", stem, options, place, reason, difficulty)
