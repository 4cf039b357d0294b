"""The states of a version: every legal move, who may make it, and that all else is refused."""

from itertools import product
from uuid import UUID

import pytest

from item_bank.domain.versions import Action, IllegalItemMove, NoteMissing, SamePerson, State, move

AUTHOR, OTHER = UUID(int=1), UUID(int=2)
LEGAL = {
    ("draft", "submit"): "review",
    ("review", "send_back"): "draft",
    ("review", "approve"): "approved",
    ("approved", "retire"): "retired",
}


@pytest.mark.parametrize(("state", "action"), list(product(State, Action)))
def test_moves(state, action):
    expected = LEGAL.get((state.value, action.value))
    if expected:
        assert move(state, action, author_id=AUTHOR, actor_id=OTHER, note="why") == expected
    else:
        with pytest.raises(IllegalItemMove):
            move(state, action, author_id=AUTHOR, actor_id=OTHER)


@pytest.mark.parametrize(("state", "action"), [(State.REVIEW, Action.SEND_BACK), (State.APPROVED, Action.RETIRE)])
def test_what_takes_an_item_back_needs_a_note(state, action):
    for note in ("", " \n\t"):
        with pytest.raises(NoteMissing):
            move(state, action, author_id=AUTHOR, actor_id=OTHER, note=note)


@pytest.mark.parametrize("action", [Action.APPROVE, Action.SEND_BACK])
def test_nobody_judges_their_own_item(action):
    with pytest.raises(SamePerson):
        move(State.REVIEW, action, author_id=AUTHOR, actor_id=AUTHOR)
