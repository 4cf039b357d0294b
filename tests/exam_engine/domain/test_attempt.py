"""The transition table: every legal move, and that everything else is refused."""

from itertools import product

import pytest

from exam_engine.domain.attempt import ENDED, MOVES, Action, IllegalMove, Status, move

LEGAL = {
    ("preparing", "start"): "active",
    ("active", "pause"): "paused",
    ("paused", "resume"): "active",
    ("active", "credit"): "active",
    ("paused", "credit"): "paused",
    ("active", "submit"): "submitted",
    ("active", "expire"): "expired",
    ("active", "terminate"): "terminated",
    ("paused", "terminate"): "terminated",
}


@pytest.mark.parametrize(("status", "action"), list(product(Status, Action)))
def test_every_pair_is_either_in_the_table_or_refused(status, action):
    expected = LEGAL.get((status.value, action.value))
    if expected is None:
        with pytest.raises(IllegalMove) as refused:
            move(status, action)
        assert refused.value.facts() == {"status": status.value, "action": action.value}
    else:
        assert move(status, action) == expected


def test_refusals_are_hashed_by_identity_as_pythons_own():
    assert len({IllegalMove("active", "start"), IllegalMove("active", "start")}) == 2


def test_nothing_leaves_an_ended_attempt():
    assert not [pair for pair in MOVES if pair[0] in ENDED]


def test_every_state_is_reachable():
    assert {Status.PREPARING, *MOVES.values()} == set(Status)
