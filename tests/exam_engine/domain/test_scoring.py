"""Scores of SKD sittings: the worked examples of the selection rules, and properties."""

from fractions import Fraction
from importlib.resources import files
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_engine.domain.log import SequenceItem
from exam_engine.domain.rulepack import parse_rule_pack
from exam_engine.domain.scoring import ScoreAboveMaximum, score_sitting, written

PACK = parse_rule_pack(files("exam_engine").joinpath("rulepacks", "skd-2024.toml").read_bytes())
SEQUENCE = [
    SequenceItem(n + 1, "TWK" if n < 30 else "TIU" if n < 65 else "TKP", UUID(int=n), ("A", "B", "C", "D", "E"))
    for n in range(110)
]
RIGHT, WRONG, BLANK = {"base": {"identifier": "A"}}, {"base": {"identifier": "B"}}, {"base": None}


def points(version_id, value):
    """Items 0..64: A is the key. Items 65..109: the option's letter carries 1..5."""
    letter = value["base"]["identifier"]
    return Fraction(int(letter == "A")) if version_id.int < 65 else Fraction("ABCDE".index(letter) + 1)


def sitting(twk, tiu, tkp):
    """Responses with so many right in TWK and TIU, and so many points in TKP (45 items, or fewer for few points)."""
    values = {UUID(int=n): RIGHT if n < twk else WRONG for n in range(30)}
    values |= {UUID(int=30 + n): RIGHT if n < tiu else WRONG for n in range(35)}
    left = tkp
    for n in range(45):
        rest = 45 - n - 1
        give = min(5, max(0, left - rest if left - rest > 0 else min(left, 1)))
        left -= give
        values[UUID(int=65 + n)] = {"base": {"identifier": "ABCDE"[give - 1]}} if give else BLANK
    return values


@pytest.mark.parametrize(
    ("track", "twk", "tiu", "tkp", "total", "passed"),
    [
        ("general", 18, 23, 185, 390, True),
        ("general", 13, 16, 166, 311, True),
        ("general", 12, 35, 225, 460, False),  # TWK 60 < 65 although the total is high
        ("general", 30, 15, 225, 450, False),
        ("general", 30, 35, 165, 490, False),
        ("disability", 10, 13, 175, 290, True),  # TWK 50 is below 65, but has no gate here
        ("disability", 10, 11, 190, 295, False),
        ("disability", 10, 12, 175, 285, False),  # total 285 < 286
        ("cumlaude", 10, 17, 176, 311, True),
        ("cumlaude", 10, 16, 225, 355, False),
        ("general", 0, 0, 0, 0, False),
        ("general", 30, 35, 225, 550, True),
    ],
)
def test_worked_examples(track, twk, tiu, tkp, total, passed):
    result = score_sitting(SEQUENCE, sitting(twk, tiu, tkp), points, PACK, track)
    assert [each.points for each in result.sections] == [twk * 5, tiu * 5, tkp]
    assert (result.total, result.passed) == (total, passed)


def test_sections_without_a_threshold_say_so():
    result = score_sitting(SEQUENCE, {}, points, PACK, "disability")
    assert [(each.code, each.threshold, each.passed) for each in result.sections] == [
        ("TWK", None, None),
        ("TIU", 60, False),
        ("TKP", None, None),
    ]


def test_more_than_the_maximum_is_our_mistake_and_stops():
    many = [SequenceItem(n + 1, "TWK", UUID(int=n), ("A",)) for n in range(31)]
    with pytest.raises(ScoreAboveMaximum) as refused:
        score_sitting(many, {UUID(int=n): RIGHT for n in range(31)}, points, PACK, "general")
    assert refused.value.facts() == {"section": "TWK", "points": "155", "maximum": 150}
    assert len({refused.value, ScoreAboveMaximum("TWK", "155", 150)}) == 2, "hashed by identity, as Python's own errors"


def test_results_are_values():
    result = score_sitting(SEQUENCE, {}, points, PACK, "general")
    for value, name in ((result, "total"), (result.sections[0], "points")):
        with pytest.raises(AttributeError):
            setattr(value, name, 0)


@given(st.dictionaries(st.integers(0, 109).map(lambda n: UUID(int=n)), st.sampled_from("ABCDE"), max_size=110))
def test_bounds_and_blank(chosen):
    values = {item: {"base": {"identifier": letter}} for item, letter in chosen.items()}
    result = score_sitting(SEQUENCE, values, points, PACK, "general")
    assert result.total == sum(each.points for each in result.sections) <= 550
    assert sum(each.answered for each in result.sections) == len(values)
    assert score_sitting(SEQUENCE, values | {UUID(int=5): BLANK}, points, PACK, "general").total <= result.total


@pytest.mark.parametrize(
    ("value", "text"), [(Fraction(390), 390), (Fraction(1, 2), "0.5"), (Fraction(2, 3), "0.666667")]
)
def test_written(value, text):
    assert written(value) == text
