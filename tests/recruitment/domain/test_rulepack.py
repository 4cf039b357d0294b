"""The rule pack is strict data: what does not add up is refused by name."""

import hashlib
from importlib.resources import files

import pytest

from recruitment.domain.rulepack import BadRulePack, UnknownTrack, parse_rule_pack

RAW = files("recruitment").joinpath("rulepacks/skd-2024.toml").read_bytes()


def test_numbers_of_the_published_cycle():
    pack = parse_rule_pack(RAW)
    assert [(section.code, section.max) for section in pack.section] == [("TWK", 150), ("TIU", 175), ("TKP", 225)]
    assert pack.total_max == 550
    assert (pack.selection.multiple, pack.selection.ties) == (3, ("TKP", "TIU", "TWK"))
    assert pack.final.ties == ("SKD", "TKP", "TIU", "TWK", "gpa", "older")
    assert (pack.final.skd_weight, pack.final.skb_weight, pack.final.display_digits) == ("0.40", "0.60", 3)


@pytest.mark.parametrize(
    ("track", "sections", "total", "source"),
    [
        ("general", {"TWK": 65, "TIU": 80, "TKP": 166}, None, "sourced"),
        ("cumlaude", {"TIU": 85}, 311, "sourced"),
        ("diaspora", {"TIU": 85}, 311, "sourced"),
        ("disability", {"TIU": 60}, 286, "sourced"),
        ("papua", {"TIU": 60}, 286, "sourced"),
        ("daerah-tertinggal", {"TIU": 60}, 286, "sourced"),
        ("doctor", {"TIU": 80}, 311, "unverified"),
        ("seafarer-rescuer-volcano", {"TIU": 70}, 286, "unverified"),
    ],
)
def test_passing_grades(track, sections, total, source):
    rules = parse_rule_pack(RAW).track_rules(track)
    assert (rules.sections, rules.total, rules.source) == (sections, total, source)


def test_hash_is_that_of_the_bytes():
    assert parse_rule_pack(RAW).sha256 == hashlib.sha256(RAW).hexdigest()
    assert parse_rule_pack(RAW + b"# edited\n").sha256 != parse_rule_pack(RAW).sha256


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("total_max = 550", "total_max = 500", "add up to 550"),
        ("max = 225", "max = 175", "add up to 500"),
        ('code = "TIU"', 'code = "TWK"', "stands twice"),
        ("multiple = 3", "multiple = 0", "at least 1"),
        ("multiple = 3", 'multiple = "3"', "int"),
        ('ties = ["TKP", "TIU", "TWK"]', 'ties = ["TKD"]', "TKD"),
        ('"gpa", "older"]', '"gpa", "taller"]', "taller"),
        ('skb_weight = "0.60"', 'skb_weight = "0.50"', "add up to 1"),
        ("sections = { TIU = 70 }", "sections = { TUI = 70 }", "TUI"),
        ("display_digits = 3", "display_digit = 3", "display_digit"),
        ('"half-up"', '"bankers"', "bankers"),
        ("[selection]", "[selection", "line"),
    ],
)
def test_refusals_name_what_is_wrong(old, new, told):
    text = RAW.decode()
    assert old in text
    with pytest.raises(BadRulePack, match=told):
        parse_rule_pack(text.replace(old, new, 1).encode())


def test_unknown_track_is_a_typed_error():
    with pytest.raises(UnknownTrack) as caught:
        parse_rule_pack(RAW).track_rules("vip")
    assert caught.value.facts() == {"track": "vip", "rule_pack": "skd-selection 2024.1"}
