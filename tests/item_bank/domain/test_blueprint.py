"""Blueprints that no bank could satisfy are refused by name."""

import pytest

from item_bank.domain.blueprint import BadBlueprint, parse_blueprint

GOOD = """
code = "x"
version = "1"
[[sections]]
code = "A"
title_id = "a"
title_en = "a"
quotas = { one = 2 }
[[sections]]
code = "B"
title_id = "b"
title_en = "b"
quotas = { two = 3 }
"""


def test_good():
    assert parse_blueprint(GOOD.encode()).length == 5


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('code = "B"', 'code = "A"', "same code"),
        ("two = 3", "one = 3", "topic one stands in two sections"),
        ("two = 3", "two = 0", "asks for 0 items"),
        ("two = 3 }", 'two = 3 }\ntopics.three = { id = "x", en = "x" }', "title of a topic without items: three"),
        ("two = 3", 'two = "3"', "quotas"),
        ('title_en = "a"', 'titel = "a"', "titel"),
        (GOOD, 'code = "x"\nversion = "1"\nsections = []', "no section"),
        (GOOD, "code = ", "at end of document"),
    ],
)
def test_bad(old, new, told):
    with pytest.raises(BadBlueprint) as refused:
        parse_blueprint(GOOD.replace(old, new, 1).encode())
    assert told in refused.value.problem
