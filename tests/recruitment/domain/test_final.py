"""Final integration: the worked example to the last digit, the known mistakes, ties down to the birth date."""

from dataclasses import replace
from datetime import date
from fractions import Fraction
from importlib.resources import files
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recruitment.domain.final import (
    BadWeights,
    FinalCandidate,
    OffScale,
    SkbPart,
    combine_skb,
    integrate,
    rank_final,
    shown,
    to_hundred,
)
from recruitment.domain.rulepack import parse_rule_pack

PACK = parse_rule_pack(files("recruitment").joinpath("rulepacks/skd-2024.toml").read_bytes())


def test_worked_example():
    assert shown(to_hundred(Fraction(390), 550), PACK) == "70.909"
    cat = to_hundred(Fraction(350), 500)
    skb = combine_skb([SkbPart(cat, Fraction("0.6")), SkbPart(Fraction(82), Fraction("0.4"))])
    assert (cat, skb) == (70, Fraction("74.8"))
    final = integrate(Fraction(390), skb, PACK)
    assert final == Fraction(2, 5) * Fraction(390 * 100, 550) + Fraction(3, 5) * Fraction("74.8")
    assert str(float(final)).startswith("73.2436")
    assert shown(final, PACK) == "73.244"


@pytest.mark.parametrize(
    ("mistake", "wrong"),
    [
        ("500 instead of 550", Fraction("0.4") * 78 + Fraction("0.6") * Fraction("74.8")),
        ("weights on raw sums", Fraction("0.4") * 390 + Fraction("0.6") * Fraction("74.8")),
        ("SKB not scaled", Fraction("0.4") * Fraction(39000, 550) + Fraction("0.6") * 350),
    ],
)
def test_known_mistakes_are_not_made(mistake, wrong):
    assert integrate(Fraction(390), Fraction("74.8"), PACK) != wrong


@pytest.mark.parametrize(("skd", "skb"), [(551, 50), (-1, 50), (390, 101), (390, 350), (390, -1)])
def test_what_is_off_the_scale_is_refused(skd, skb):
    with pytest.raises(OffScale):
        integrate(Fraction(skd), Fraction(skb), PACK)


def test_weights_must_add_up():
    with pytest.raises(BadWeights):
        combine_skb([SkbPart(Fraction(70), Fraction("0.6")), SkbPart(Fraction(82), Fraction("0.5"))])


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Fraction(0), "0.000"),
        (Fraction(100), "100.000"),
        (Fraction("73.2435"), "73.244"),  # half goes up, also where banker's rounding would not
        (Fraction("73.2445"), "73.245"),
        (Fraction("73.24449999"), "73.244"),
        (Fraction("0.0005"), "0.001"),
        (Fraction("99.9995"), "100.000"),
        (Fraction(1, 3), "0.333"),
    ],
)
def test_display_rounding(value, text):
    assert shown(value, PACK) == text


def person(n, *, twk=90, tiu=115, tkp=185, skb="74.8", gpa="3.50", born=date(1998, 1, 1)):
    skd = {"TWK": Fraction(twk), "TIU": Fraction(tiu), "TKP": Fraction(tkp)}
    return FinalCandidate(UUID(int=n), str(n), skd, Fraction(skb), None if gpa is None else Fraction(gpa), born)


# integrate() is linear: 5.5 SKD points weigh as much as 2/3 of an SKB point, so an equal final with another SKD exists
LESS_SKD = {"twk": 90, "tiu": 115, "tkp": Fraction("174"), "skb": Fraction("74.8") + Fraction(4, 3)}


@pytest.mark.parametrize(
    ("key", "better", "worse"),
    [
        ("final", {"skb": "75"}, {"skb": "74.8"}),
        ("SKD", {}, LESS_SKD),
        ("TKP", {"tkp": 190, "tiu": 110}, {}),
        ("TIU", {"tiu": 120, "twk": 85}, {}),
        ("gpa", {"gpa": "3.51"}, {"gpa": "3.50"}),
        ("gpa", {"gpa": "2.01"}, {"gpa": None}),
        ("older", {"born": date(1997, 12, 31)}, {"born": date(1998, 1, 1)}),
        ("older", {}, {"born": None}),
    ],
)
def test_ties_go_down_the_list(key, better, worse):
    rows = rank_final([person(1, **worse), person(2, **better)], 1, PACK)
    assert [(row.candidate.number, row.rank, row.decided_by, row.placed) for row in rows] == [
        ("2", 1, None, True),
        ("1", 2, key, False),
    ]


@pytest.mark.parametrize(
    ("formasi", "placed", "undecided"),
    [(1, ["1"], []), (2, ["1"], ["2", "3"]), (3, ["1", "2", "3"], []), (9, ["1", "2", "3"], [])],
)
def test_full_equality_at_the_last_post_is_left_to_people(formasi, placed, undecided):
    rows = rank_final([person(3), person(1, skb="80"), person(2)], formasi, PACK)
    assert [row.rank for row in rows] == [1, 2, 2]
    assert [row.candidate.number for row in rows if row.placed] == placed
    assert [row.candidate.number for row in rows if row.undecided] == undecided


_people = st.lists(
    st.tuples(
        st.sampled_from([85, 90]),
        st.sampled_from([110, 115]),
        st.sampled_from(["74.8", "75"]),
        st.sampled_from(["3.5", None]),
    ),
    max_size=10,
).map(lambda rows: [person(n, twk=a, tiu=b, skb=c, gpa=d) for n, (a, b, c, d) in enumerate(rows, start=1)])


@given(_people, st.integers(1, 4), st.randoms(use_true_random=False))
def test_order_of_input_does_not_matter(people, formasi, chance):
    shuffled = list(people)
    chance.shuffle(shuffled)
    assert rank_final(shuffled, formasi, PACK) == rank_final(people, formasi, PACK)


@given(_people, st.integers(1, 4))
def test_never_more_placed_than_posts(people, formasi):
    rows = rank_final(people, formasi, PACK)
    assert sum(row.placed for row in rows) <= formasi
    assert [row.final for row in rows] == sorted((row.final for row in rows), reverse=True)


@given(st.integers(0, 550), st.integers(0, 100))
def test_final_stays_on_its_scale(skd, skb):
    assert 0 <= integrate(Fraction(skd), Fraction(skb), PACK) <= 100


def test_rounding_decides_between_nobody():
    first, second = person(1, skb="74.80001"), person(2, skb="74.8")
    rows = rank_final([replace(second, birth_date=date(1980, 1, 1)), first], 1, PACK)
    assert shown(rows[0].final, PACK) == shown(rows[1].final, PACK)
    assert [row.candidate.number for row in rows] == ["1", "2"]
