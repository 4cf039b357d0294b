"""What the pages of the item bank show: topics in words, and the history of an item as who did what when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from item_bank.domain.blueprint import Blueprint
from item_bank.domain.records import HistoryLine
from item_bank.domain.versions import State
from kit.accounts.store import Staff
from kit.http.formats import LocaleCode

WRITTEN = "written"
REPLACED = "replaced"
OF_STATE = {
    State.DRAFT: "item-send_back",
    State.REVIEW: "item-submit",
    State.APPROVED: "item-approve",
    State.RETIRED: "item-retire",
}


class Step(msgspec.Struct, frozen=True):
    """One line of a history; `who` is empty where nobody is known for it."""

    version_id: UUID
    version: int
    step: str
    at: datetime
    who: str
    note: str


class People:
    """Names by id and by user name."""

    def __init__(self, staff: Iterable[Staff]) -> None:
        known = list(staff)
        self._by_id = {each.id: each.name for each in known}
        self._by_username = {each.username: each.name for each in known}

    def of(self, staff_id: UUID | None) -> str:
        """The name, or nothing."""
        return self._by_id.get(staff_id, "") if staff_id else ""

    def called(self, username: str) -> str:
        """The name, or the user name of somebody unknown."""
        return self._by_username.get(username, username)


def topic_titles(blueprints: Iterable[Blueprint], locale: LocaleCode) -> dict[str, str]:
    """What the topics are called in the reader's language."""
    return {
        topic: title.id if locale == "id" else title.en
        for blueprint in blueprints
        for section in blueprint.sections
        for topic, title in section.topics.items()
    }


def history_steps(
    history: Sequence[HistoryLine], trails: Mapping[UUID, Sequence[dict[str, Any]]], people: People
) -> list[Step]:
    """All steps of all versions, the newest first; what no audit line tells follows from the version itself."""
    found: list[Step] = []
    newest = max((each.version for each in history), default=0)
    for each in history:
        lines = trails.get(each.id, ())
        steps = [
            Step(
                each.id,
                each.version,
                line["action"],
                line["at"],
                people.called(line["actor"]),
                line["detail"].get("note", ""),
            )
            for line in lines
        ]
        last = OF_STATE[State(each.state)]
        if each.decided_at and (not steps or max(steps, key=lambda step: step.at).step != last):
            steps.append(_implied(each, last, people, replaced=each.version < newest))
        steps.append(Step(each.id, each.version, WRITTEN, each.created_at, people.of(each.author_id), ""))
        found += steps
    return sorted(found, key=lambda step: (step.at, step.version, step.step != WRITTEN), reverse=True)


def _implied(line: HistoryLine, last: str, people: People, *, replaced: bool) -> Step:
    """The last step of a version that was moved without an audit line: by an import, or for a newer version."""
    state = State(line.state)
    assert line.decided_at is not None, "somebody has moved it"
    if state is State.RETIRED:
        return Step(line.id, line.version, REPLACED if replaced else last, line.decided_at, "", line.note)
    by = line.author_id if state is State.REVIEW else line.reviewer_id
    return Step(line.id, line.version, last, line.decided_at, people.of(by), line.note)
