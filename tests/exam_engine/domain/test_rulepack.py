"""Reading rule packs: the shipped one, and what a wrong one is told."""

from importlib.resources import files

import pytest

from exam_engine.domain.rulepack import BadRulePack, parse_rule_pack
from kit.canonical import sha256_hex

RAW = files("exam_engine").joinpath("rulepacks", "skd-2024.toml").read_bytes()


def test_the_shipped_pack():
    pack = parse_rule_pack(RAW)
    assert (pack.id, pack.version, pack.minutes, pack.total_max) == ("skd", "2024.1", 100, 550)
    assert [(each.code, each.max) for each in pack.section] == [("TWK", 150), ("TIU", 175), ("TKP", 225)]
    assert pack.sha256 == sha256_hex(RAW)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (b"total_max = 550", b"total_max = 500", "add up to 550"),
        (b"max = 150", b"maximum = 150", "maximum"),
        (b'rule = "weights"', b'rule = "guess"', "guess"),
        (b"sections = { TWK = 65", b"sections = { TWX = 65", "TWX"),
        (b"minutes = 100", b'minutes = "100"', "minutes"),
        (b"[[section]]", b"[[section", "line"),
        (b"skd", b"\xff\xfe", "utf-8"),
    ],
)
def test_a_wrong_pack_is_refused_with_what_is_wrong(old, new, told):
    with pytest.raises(BadRulePack) as refused:
        parse_rule_pack(RAW.replace(old, new, 1))
    assert told in refused.value.problem


def test_unknown_track_and_section_are_named():
    pack = parse_rule_pack(RAW)
    with pytest.raises(BadRulePack, match="astronaut"):
        pack.thresholds("astronaut")
    with pytest.raises(BadRulePack, match="SKB"):
        pack.rule("SKB")
