"""What needs two people: who is enough, and who may not."""

from datetime import UTC, datetime
from uuid import UUID

import msgspec
import pytest

from exam_engine.domain.proposal import (
    Person,
    Proposal,
    ProposalClosed,
    ProposalState,
    SameProposer,
    agree,
    agreed,
)

ANI, BUDI, LEAD, OTHER_LEAD = Person("ani", False), Person("budi", False), Person("citra", True), Person("dewi", True)
OPEN = Proposal(
    UUID(int=1), UUID(int=2), "terminate", (UUID(int=3),), None, "r", "ani", datetime(2026, 1, 1, tzinfo=UTC)
)


@pytest.mark.parametrize(
    ("people", "enough"),
    [
        ([], False),
        ([ANI], False),
        ([LEAD], False),
        ([ANI, BUDI], False),
        ([ANI, LEAD], True),
        ([LEAD, OTHER_LEAD], True),
        ([ANI, BUDI, LEAD], True),
        ([Person("citra", False), LEAD], False),  # somebody who was promoted is still one person
    ],
)
def test_two_different_people_one_of_them_a_lead(people, enough):
    assert agreed(frozenset(people)) is enough


def test_agreeing_adds_a_person():
    assert OPEN.state is ProposalState.OPEN
    assert agree(OPEN, frozenset(), ANI) == {ANI}
    assert agree(OPEN, frozenset({ANI}), LEAD) == {ANI, LEAD}
    assert agree(OPEN, frozenset({LEAD}), ANI) == {ANI, LEAD}


@pytest.mark.parametrize("same", [ANI, Person("ani", True), Person("".join(["a", "ni"]), False)])
def test_nobody_agrees_twice(same):
    with pytest.raises(SameProposer):
        agree(OPEN, frozenset({ANI, LEAD}), same)


@pytest.mark.parametrize("state", [each for each in ProposalState if each is not ProposalState.OPEN])
def test_what_is_decided_stays_decided(state):
    with pytest.raises(ProposalClosed) as refused:
        agree(msgspec.structs.replace(OPEN, state=state), frozenset({ANI}), LEAD)
    assert refused.value.facts() == {"state": state.value}


def test_a_proposal_is_a_value():
    with pytest.raises(AttributeError):
        OPEN.reason = "another"


def test_errors_are_hashed_by_identity_as_pythons_own():
    assert len({ProposalClosed("open"), ProposalClosed("open")}) == 2


def test_keys_and_states_are_stored_and_shown():
    assert [each.value for each in ProposalState] == ["open", "applied", "declined", "lapsed"]
    assert (ProposalClosed.key, SameProposer.key) == ("proposal-closed", "same-person")
