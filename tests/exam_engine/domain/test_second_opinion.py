"""Two scorers that share no code: they agree over any log, changed keys included, and a difference is told in words."""

from datetime import UTC, datetime
from fractions import Fraction
from importlib.resources import files
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_engine.domain.log import Event, fold
from exam_engine.domain.rulepack import parse_rule_pack
from exam_engine.domain.scoring import score_sitting
from exam_engine.domain.second_opinion import UNIT, second_opinion
from exam_engine.service.item_points import given_to_all, points_of
from exam_engine.service.marking import differences
from item_bank.domain.item import ChoiceInteraction, ItemContent, Option
from item_bank.domain.keys import KeyChange, key_problems
from item_bank.domain.response import BaseType, Cardinality, Mapping, ResponseDeclaration

PACK = parse_rule_pack(files("exam_engine").joinpath("rulepacks", "skd-2024.toml").read_bytes())
AT = datetime(2026, 11, 23, tzinfo=UTC)
LETTERS = "ABCDE"
SECTIONS = ["TWK"] * 3 + ["TIU"] * 3 + ["TKP"] * 3
CHOICE = (ChoiceInteraction("R", 1, True, tuple(Option(each, each) for each in LETTERS)),)
BY_KEY = ItemContent(
    language="id",
    stem="?",
    interactions=CHOICE,
    responses=(ResponseDeclaration("R", BaseType.IDENTIFIER, Cardinality.SINGLE, {"base": {"identifier": "A"}}),),
    scoring="match_correct",
)
WEIGHTED = ItemContent(
    language="id",
    stem="?",
    interactions=CHOICE,
    responses=(
        ResponseDeclaration(
            "R",
            BaseType.IDENTIFIER,
            Cardinality.SINGLE,
            None,
            Mapping({"A": "1", "B": "2.5", "C": "3", "D": "4", "E": "5"}),
        ),
    ),
    scoring="map_response",
)
ITEMS = {UUID(int=n): WEIGHTED if section == "TKP" else BY_KEY for n, section in enumerate(SECTIONS)}
ITEMS_APPENDED = Event(
    1,
    "items_appended",
    AT,
    {
        "items": [
            {"position": n + 1, "section": section, "version_id": str(UUID(int=n)), "options": list(LETTERS)}
            for n, section in enumerate(SECTIONS)
        ]
    },
)


def right(item, *options):
    return KeyChange(UUID(int=item), "right", "r", "b", AT, options)


def changed(item, rule, options, points):
    if rule == "full":
        return KeyChange(UUID(int=item), "full", "r", "b", AT)
    if SECTIONS[item] == "TKP":
        return KeyChange(UUID(int=item), "points", "r", "b", AT, (), dict(zip(LETTERS, points, strict=True)))
    return right(item, *options)


answers = st.tuples(st.integers(0, 8), st.sampled_from([*LETTERS, None]), st.integers(1, 6))
logs = st.lists(answers, max_size=25)
keys = st.dictionaries(
    st.integers(0, 8),
    st.tuples(
        st.sampled_from(["full", "own"]),
        st.lists(st.sampled_from(LETTERS), min_size=1, max_size=3, unique=True),
        st.lists(st.sampled_from(["0", "0.25", "1", "4", "5"]), min_size=5, max_size=5),
    ),
    max_size=5,
)


def scored(chosen, changes, track="general"):
    events = [ITEMS_APPENDED] + [
        Event(n, "responded", AT, {"base": {"identifier": letter} if letter else None}, UUID(int=item), revision)
        for n, (item, letter, revision) in enumerate(chosen, start=2)
    ]
    standing = fold(events)
    first = score_sitting(
        standing.sequence, standing.responses, points_of(ITEMS, changes), PACK, track, given_to_all(ITEMS, changes)
    )
    names = ("kind", "seq", "revision", "item_version_id", "payload")
    second = second_opinion(
        [{name: getattr(event, name) for name in names} for event in reversed(events)],
        {str(each): msgspec.to_builtins(content) for each, content in ITEMS.items()},
        {str(each): msgspec.to_builtins(change) for each, change in changes.items()},
        msgspec.to_builtins(PACK),
        track,
    )
    return first, second


@given(logs, keys, st.sampled_from(sorted(PACK.track)))
def test_they_agree_over_any_log_and_any_change_of_keys(chosen, changes, track):
    changes = {UUID(int=item): changed(item, *how) for item, how in changes.items()}
    assert all(key_problems(change, ITEMS[each]) == [] for each, change in changes.items())
    first, second = scored(chosen, changes, track)
    assert differences(first, second) == []


@pytest.mark.parametrize(
    ("letter", "changes", "points"),
    [
        ("A", [], 5),
        ("B", [], 0),
        ("B", [right(0, "B")], 5),
        ("A", [right(0, "B")], 0),
        ("A", [right(0, "A", "C")], 5),
        ("C", [right(0, "A", "C")], 5),
        (None, [right(0, "A", "C")], 0),
        ("E", [KeyChange(UUID(int=0), "full", "r", "b", AT)], 5),
        (None, [KeyChange(UUID(int=0), "full", "r", "b", AT)], 5),
    ],
)
def test_what_a_change_does_to_one_answer(letter, changes, points):
    first, second = scored([(0, letter, 1)], {each.version_id: each for each in changes})
    assert first.sections[0].points == points
    assert second["points"]["TWK"] == points * UNIT


def test_a_void_item_of_weights_gives_the_most_to_everybody():
    first, _ = scored([], {UUID(int=6): KeyChange(UUID(int=6), "full", "r", "b", AT)})
    assert first.sections[2].points == Fraction(5)
    assert first.sections[2].answered == 0


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        ({"total": 7}, "total"),
        ({"passed": True}, "passed"),
        ({"points": {"TWK": 0, "TIU": 5 * UNIT, "TKP": 0}}, "TIU"),
        ({"points": {}}, "not the same sections"),
    ],
)
def test_every_difference_is_told(edit, words):
    first, second = scored([], {})
    assert any(words in line for line in differences(first, second | edit))


@pytest.mark.parametrize(
    ("item", "change", "words"),
    [
        (0, right(0), "at least one option"),
        (0, right(0, "Z"), "option Z does not exist"),
        (6, right(6, "A"), "carry points"),
        (0, KeyChange(UUID(int=0), "points", "r", "b", AT, (), {"A": "1"}), "has a right option"),
        (6, KeyChange(UUID(int=6), "points", "r", "b", AT, (), {"A": "1"}), "every option"),
        (6, KeyChange(UUID(int=6), "points", "r", "b", AT, (), dict.fromkeys(LETTERS, "x")), "x is not a number"),
        (6, KeyChange(UUID(int=6), "points", "r", "b", AT, (), dict.fromkeys(LETTERS, "1/3")), "1/3 is not a number"),
        (0, KeyChange(UUID(int=0), "full", " ", "b", AT), "needs a reason"),
    ],
)
def test_a_key_that_cannot_be_used_is_told_in_words(item, change, words):
    assert any(words in line for line in key_problems(change, ITEMS[UUID(int=item)]))
