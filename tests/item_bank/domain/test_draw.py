"""Drawing forms: quotas met, nothing twice, reproducible for ever, every order possible, shortages named."""

from collections import Counter
from importlib.resources import files
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from item_bank.domain.blueprint import Blueprint, Section, parse_blueprint
from item_bank.domain.draw import PoolItem, Shortage, draw_form

SKD = parse_blueprint(files("item_bank").joinpath("blueprints", "skd.toml").read_bytes())


def pool_for(blueprint: Blueprint, factor: int = 3) -> list[PoolItem]:
    pool, number = [], 0
    for section in blueprint.sections:
        for topic, count in section.quotas.items():
            for _ in range(count * factor):
                number += 1
                pool.append(PoolItem(UUID(int=number), f"X-{number:04}", topic, tuple("ABCDE")))
    return pool


POOL = pool_for(SKD)
TOPIC = {item.version_id: item.topic for item in POOL}


def test_the_shipped_blueprint_is_the_skd():
    assert [(each.code, each.length) for each in SKD.sections] == [("TWK", 30), ("TIU", 35), ("TKP", 45)]


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**63 - 1), st.randoms(use_true_random=False))
def test_quotas_no_repeats_and_the_same_seed_gives_the_same_form(seed, shuffled):
    form = draw_form(SKD, POOL, seed)
    assert [item.position for item in form.items] == list(range(1, 111))
    assert len({item.version_id for item in form.items}) == 110
    drawn = Counter((item.section, TOPIC[item.version_id]) for item in form.items)
    assert drawn == {(section.code, topic): n for section in SKD.sections for topic, n in section.quotas.items()}
    assert all(sorted(item.options) == list("ABCDE") for item in form.items)
    other_order = POOL.copy()
    shuffled.shuffle(other_order)
    assert draw_form(SKD, other_order, seed) == form


def test_a_seed_of_today_gives_this_form_in_every_later_version():
    assert draw_form(SKD, POOL, 20261123).hash == "a608b45b374ea8e3a45168771a99c2565103ca59b38bb5970273e989a8bc8c52"


def test_every_item_and_every_order_is_reachable_and_about_equally_likely():
    tiny = Blueprint("t", "1", (Section("S", "s", "s", {"a": 1}),))
    items = [PoolItem(UUID(int=n), str(n), "a", tuple("ABC")) for n in range(4)]
    draws = [draw_form(tiny, items, seed).items[0] for seed in range(4800)]
    chosen = Counter(item.version_id for item in draws)
    orders = Counter(item.options for item in draws)
    assert len(chosen) == 4
    assert len(orders) == 6
    # chi-square at 3 and 5 degrees of freedom, far in the tail (p < 1e-6)
    assert sum((n - 1200) ** 2 / 1200 for n in chosen.values()) < 31
    assert sum((n - 800) ** 2 / 800 for n in orders.values()) < 37


def test_without_shuffling_the_order_stays():
    plain = Blueprint("t", "1", (Section("S", "s", "s", {"a": 2}, shuffle_items=False, shuffle_options=False),))
    items = [PoolItem(UUID(int=n), str(n), "a", tuple("ABC")) for n in range(2)]
    assert {item.options for item in draw_form(plain, items, 5).items} == {("A", "B", "C")}


def test_a_shortage_is_named():
    pool = [item for item in POOL if item.topic != "TIU.deret"] + [item for item in POOL if item.topic == "TIU.deret"][
        :3
    ]
    with pytest.raises(Shortage) as refused:
        draw_form(SKD, pool, 1)
    assert refused.value.facts() == {"section": "TIU", "topic": "TIU.deret", "needed": 4, "available": 3}
