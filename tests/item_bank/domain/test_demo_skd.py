"""The demo bank as a test committee checks one: enough items, one right answer each, no cues, keys recomputed here."""

import re
from collections import Counter
from fractions import Fraction
from importlib.resources import files
from itertools import combinations, pairwise, product
from xml.etree import ElementTree as ET

import pytest

from item_bank.domain.blueprint import parse_blueprint
from item_bank.domain.draw import PoolItem, draw_form
from item_bank.domain.item import problems
from item_bank.formats.html import plain_text
from item_bank.service.catalog import sanitised
from scripts.demo.bank import skd_items
from scripts.demo.tiu.family import tiu_items

FORMS = 3  # a bank holds at least three times what one form needs
ITEMS = skd_items()
BY_CODE = {item.code: item for item in ITEMS}
SKD = parse_blueprint(files("item_bank").joinpath("blueprints", "skd.toml").read_bytes())


def of(topic):
    return [item for item in ITEMS if item.topic.startswith(topic)]


def options(item):
    return item.content.interactions[0].options


def key_of(item):
    return item.content.responses[0].correct["base"]["identifier"]


def key_text(item):
    return next(option.html for option in options(item) if option.id == key_of(item))


def figures(item):
    own = [item.content.figure] if item.content.figure else []
    return own + [option.figure for option in options(item) if option.figure]


def words(item):
    return plain_text(item.content.stem)


def ids(items):
    return [item.code for item in items]


def test_three_forms_of_every_topic():
    have = Counter(item.topic for item in ITEMS)
    wanted = {topic: count * FORMS for section in SKD.sections for topic, count in section.quotas.items()}
    assert {topic: have[topic] for topic in wanted if have[topic] < wanted[topic]} == {}
    assert set(have) == set(wanted)
    assert {section.code: len(of(section.code)) >= section.length * FORMS for section in SKD.sections} == {
        "TWK": True,
        "TIU": True,
        "TKP": True,
    }


def test_codes_are_unique():
    assert len(BY_CODE) == len(ITEMS)


@pytest.mark.parametrize("item", ITEMS, ids=ids(ITEMS))
def test_every_item_is_complete(item):
    content = item.content
    assert problems(sanitised(content)) == []
    assert sanitised(content).stem == content.stem, "sanitising takes nothing away"
    assert len(options(item)) == 5
    assert content.language == "id"
    assert len(content.rationale) > 10
    assert -3 <= item.difficulty <= 3
    for figure in figures(item):
        assert len(figure.alt) > 5
        tags = {element.tag.rpartition("}")[2] for element in ET.fromstring(figure.svg).iter()}
        assert tags <= {"svg", "g", "rect", "polygon", "line", "circle", "text"}
        assert not re.search(r"script|\son\w+=|href", figure.svg)


@pytest.mark.parametrize("item", of("TKP"), ids=ids(of("TKP")))
def test_every_tkp_option_carries_its_own_points(item):
    assert item.content.scoring == "map_response"
    assert sorted(item.content.responses[0].mapping.entries.values()) == ["1", "2", "3", "4", "5"]


@pytest.mark.parametrize("section", ["TWK", "TIU", "TKP"])
def test_the_best_answer_stands_in_every_place_equally_often(section):
    def best(item):
        mapping = item.content.responses[0].mapping
        return max(mapping.entries, key=lambda each: int(mapping.entries[each])) if mapping else key_of(item)

    places = Counter(best(item) for item in of(section))
    assert max(places.values()) - min(places.values()) <= 1
    assert len(places) == 5


@pytest.mark.parametrize("section", ["TWK", "TKP"])
def test_the_longest_option_gives_no_answer_away(section):
    """One in five by chance; a test-wise candidate must not do much better."""

    def is_longest(item):
        points = item.content.responses[0].mapping
        best = max(points.entries, key=lambda each: int(points.entries[each])) if points else key_of(item)
        lengths = {option.id: len(option.html) for option in options(item)}
        return all(lengths[best] > length for each, length in lengths.items() if each != best)

    items = of(section)
    assert sum(map(is_longest, items)) <= {"TWK": 24, "TKP": 30}[section]


def numberless(item):
    return re.sub(r"\d+", "#", words(item))


def test_no_two_stories_differ_in_numbers_only():
    assert max(Counter(map(numberless, of("TIU.cerita"))).values()) == 1


def test_a_stem_that_its_option_completes_ends_in_dots():
    bare = [item.code for item in of("TIU") if not words(item).rstrip().endswith("...")]
    assert bare == []


@pytest.mark.parametrize("item", of("TIU.cerita"), ids=ids(of("TIU.cerita")))
def test_story_problems(item):
    """Recomputed from the figures of the story."""
    told = [value(each) for each in re.findall(r"\d[\d.]*", re.sub(r"(?<=\d)\.(?!\d)", " ", words(item)))]
    text = words(item)
    assert "Rp ..." not in text
    if "km/jam" in text:
        hours, speed = sorted(told[:2])
        answer = hours * speed / told[2] * 60
    elif "pagar" in text or "arsip" in text:
        answer = 1 / (1 / told[0] + 1 / told[1])
    elif "Rp" in text:
        answer = told[0] * (100 - told[1]) * (100 - told[2]) / 10_000
    elif "rata-rata" in text:
        answer = (told[0] + 1) * told[2] - told[0] * told[1]
    elif " : " in text:
        answer = told[2] / told[1] * (told[0] + told[1])
    else:
        times, child, later = (
            (told[0], told[2] - told[1], told[1]) if text.startswith("Usia") else (told[1], *told[::2])
        )
        answer = times * child + later
        assert (times - 1) * child >= 20, "parents are at least twenty years older"
    assert [option.id for option in options(item) if value(option.html) == answer] == [key_of(item)]


def trigrams(text):
    plain = " ".join("".join(ch if ch.isalnum() else " " for ch in text.lower()).split())
    padded = f"  {plain} "
    return {padded[n : n + 3] for n in range(len(padded) - 2)}


def test_no_two_authored_stems_are_nearly_the_same():
    grams = {item.code: trigrams(words(item)) for item in ITEMS if not item.topic.startswith("TIU")}
    near = [
        (one, other)
        for one, other in combinations(grams, 2)
        if len(grams[one] & grams[other]) / len(grams[one] | grams[other]) > 0.6
    ]
    assert near == []


def test_no_two_templated_items_look_the_same():
    looks = Counter(
        (words(item), frozenset((option.html, option.figure and option.figure.svg) for option in options(item)))
        for item in of("TIU")
    )
    assert max(looks.values()) == 1


def test_the_same_seed_gives_the_same_items_and_another_seed_others():
    assert tiu_items(7) == tiu_items(7)
    assert tiu_items(7) != tiu_items(8)


@pytest.mark.parametrize("seed", range(1, 6))
def test_every_seed_gives_a_whole_family(seed):
    drafts = tiu_items(seed)
    assert len(drafts) == len(of("TIU"))
    assert max(Counter(draft.key_index for draft in drafts).values()) == len(drafts) // 5


def test_a_form_can_be_drawn():
    pool = []
    for number, item in enumerate(ITEMS):
        pool.append(PoolItem(number, item.code, item.topic, tuple(option.id for option in options(item))))
    assert len({item.version_id for item in draw_form(SKD, pool, 1).items}) == SKD.length


# keys recomputed from what the candidate reads


def value(text):
    """A number as it is written in Indonesian."""
    digits = re.sub(r"[^0-9,/.-]", "", text).replace(".", "").replace(",", ".")
    return Fraction(digits)


def by_differences(terms):
    """The next term where the second differences are constant."""
    first = [b - a for a, b in pairwise(terms)]
    second = {b - a for a, b in pairwise(first)}
    return terms[-1] + first[-1] + second.pop() if len(second) == 1 else None


def by_recurrence(terms):
    """The next term where each is the sum of the two before."""
    fits = all(terms[n] == terms[n - 1] + terms[n - 2] for n in range(2, len(terms)))
    return terms[-1] + terms[-2] if fits else None


def by_line(terms):
    """The next term where each is a x + b of the one before, a and b whole."""
    (x, y, z), rest = terms[:3], terms
    if x == y or (z - y) % (y - x):
        return None
    a = (z - y) // (y - x)
    b = y - a * x
    return a * rest[-1] + b if all(q == a * p + b for p, q in pairwise(rest)) else None


def by_turns(terms):
    """The next term where every second term grows by the same, or doubling and taking away take turns."""
    odd, even = terms[::2], terms[1::2]
    steps = [{b - a for a, b in pairwise(row)} for row in (odd, even)]
    if all(len(each) == 1 for each in steps):
        return odd[-1] + steps[0].pop()
    less = {even[n] - odd[n + 1] for n in range(2)}
    return even[-1] - less.pop() if len(less) == 1 and all(b == 2 * a for a, b in zip(odd, even, strict=True)) else None


@pytest.mark.parametrize("item", of("TIU.deret"), ids=ids(of("TIU.deret")))
def test_number_series(item):
    terms = [int(value(part)) for part in re.search(r"deret (.*), \.\.\.", words(item)).group(1).split(", ")]
    assert len(set(terms)) > 3, "more than two numbers taking turns"
    found = {rule(terms) for rule in (by_differences, by_recurrence, by_line, by_turns)} - {None}
    assert found == {value(key_text(item))}, "every simple rule that fits gives the key"
    assert sum(value(option.html) in found for option in options(item)) == 1


@pytest.mark.parametrize("item", of("TIU.berhitung"), ids=ids(of("TIU.berhitung")))
def test_arithmetic(item):
    task = re.fullmatch(r"(?:Hasil dari )?(.*) adalah \.\.\.", words(item)).group(1)
    assert words(item).count(" dari ") == 1, "not two of them in a row"
    task = re.sub(r"(\d+)% dari (\d+)", r"\1/100*\2", task)
    task = re.sub(r"(\d+),(\d+)", r"\1.\2", task)
    task = re.sub(r"(\d+)²", r"\1*\1", task).replace("×", "*").replace(":", "/").replace("−", "-")
    assert re.fullmatch(r"[0-9+*/(). -]+", task)
    exact = eval(re.sub(r"\d+(\.\d+)?", r"Fraction('\g<0>')", task), {"Fraction": Fraction})
    assert [option.id for option in options(item) if value(option.html) == exact] == [key_of(item)]
    assert len({value(option.html) for option in options(item)}) == 5
    assert len({"/" in option.html for option in options(item)}) == 1, "all options in one form"


SETS = [dict(zip("SMP", bits, strict=True)) for bits in product((False, True), repeat=3)]


def letter_of(term, terms):
    """S, M or P for each different term, as it comes."""
    if term.lower() not in terms:
        terms[term.lower()] = "SMP"[len(terms)]
    return terms[term.lower()]


def spelt_out(sentence):
    """`Semua perawat memakai X` as `Semua perawat adalah ... X`: the nouns of the bank that a verb stands for."""
    for verb, noun in (
        ("mengikuti diklat", "pegawai yang mengikuti diklat"),
        ("memperoleh sertifikat", "pegawai yang memperoleh sertifikat"),
        ("memakai tanda pengenal", "orang yang memakai tanda pengenal"),
        ("dialihmediakan", "dokumen yang dialihmediakan"),
        ("disimpan di pusat data", "dokumen yang disimpan di pusat data"),
        ("diperiksa setiap bulan", "kendaraan yang diperiksa setiap bulan"),
        ("terlatih evakuasi", "orang yang terlatih evakuasi"),
        ("piket", "pegawai yang piket"),
        ("memegang kunci", "pegawai yang memegang kunci"),
    ):
        if sentence.endswith(f" tidak {verb}"):
            return sentence.removesuffix(f"tidak {verb}") + f"bukan {noun}"
        if sentence.endswith(f" {verb}"):
            return sentence.removesuffix(verb) + f"adalah {noun}"
    return sentence


def categorical(sentence, terms):
    """A statement about a world: a world is the list of kinds of people that exist."""
    for pattern, holds in (
        (r"Semua (.*) adalah (.*)", lambda a, b, world: all(x[b] for x in world if x[a])),
        (r"Tidak satu pun (.*) adalah (.*)", lambda a, b, world: not any(x[a] and x[b] for x in world)),
        (r"Sebagian (.*) adalah (.*)", lambda a, b, world: any(x[a] and x[b] for x in world)),
        (r"Sebagian (.*) bukan (.*)", lambda a, b, world: any(x[a] and not x[b] for x in world)),
    ):
        if found := re.fullmatch(pattern, spelt_out(sentence), re.IGNORECASE):
            one, other = (letter_of(part, terms) for part in found.groups())
            return lambda world: holds(one, other, world)
    return None


def conditional(sentence, terms):
    """A statement about one case, as a function of what is true in it."""

    def atom(text):
        text = text[0].lower() + text[1:]
        if text.startswith("ternyata "):
            return atom(text.removeprefix("ternyata "))
        if text.startswith("tidak benar bahwa "):
            inner = atom(text.removeprefix("tidak benar bahwa "))
            return lambda case: not inner(case)
        letter = letter_of(text, terms)
        return lambda case: case[letter]

    if found := re.fullmatch(r"Jika (.*), maka (.*)", sentence):
        one, other = map(atom, found.groups())
        return lambda case: not one(case) or other(case)
    parts = re.split(r", tetapi | dan ", sentence)
    tests = [atom(part) for part in parts]
    return lambda case: all(test(case) for test in tests)


@pytest.mark.parametrize("item", of("TIU.silogisme"), ids=ids(of("TIU.silogisme")))
def test_syllogisms(item):
    given = re.sub(r"Kesimpulan yang tepat.*", "", words(item)).strip()
    premises = [sentence.strip() for sentence in given.split(".") if sentence.strip()]
    terms: dict[str, str] = {}
    if premises[0].startswith("Jika"):
        read, worlds = conditional, SETS
    else:
        read = categorical
        every = (world for n in range(1, 9) for world in combinations(SETS, n))
        worlds = [world for world in every if all(any(x[letter] for x in world) for letter in "SMP")]
    tests = [read(premise, terms) for premise in premises]
    possible = [world for world in worlds if all(test(world) for test in tests)]
    assert possible, "the premises do not contradict each other"
    follows = []
    for option in options(item):
        claim = None if option.html.startswith("Tidak dapat ditarik") else read(option.html, terms)
        if claim is not None and all(claim(world) for world in possible):
            follows.append(option.id)
    assert follows == [key_of(item)]


@pytest.mark.parametrize("item", of("TIU.perbandingan"), ids=ids(of("TIU.perbandingan")))
def test_comparisons_have_one_true_statement(item):
    """No two of the statements offered can be true at once: only 'larger' and 'twice' could, and never stand together
    where Y is positive and X twice Y."""
    texts = {option.html for option in options(item)}
    if key_text(item) == "X dua kali Y":
        assert "X lebih besar daripada Y" not in texts
    assert "Hubungan X dan Y tidak dapat ditentukan" in texts


@pytest.mark.parametrize("item", of("TIU.figural-analogi"), ids=ids(of("TIU.figural-analogi")))
def test_a_figural_pair_tells_the_whole_change(item):
    first, _, second, _, third, *_ = item.content.figure.alt.split("; ")
    assert ("kosong" in first) == ("kosong" in third)
    dots = [int(re.search(r"(\d) titik", text).group(1)) for text in (first, second, third)]
    assert dots[1] - dots[0] in (0, 1)
    assert dots[2] + dots[1] - dots[0] <= 4
