"""Writing, judging and finding items; the pool of a blueprint. Versions are only ever added."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID, uuid4

import msgspec

from item_bank.domain.blueprint import Blueprint, blueprint_hash, check_blueprint
from item_bank.domain.draw import PoolItem
from item_bank.domain.item import Figure, ItemContent, content_hash, problems
from item_bank.domain.keys import BadKey, KeyChange, key_problems
from item_bank.domain.records import NewVersion
from item_bank.domain.versions import Action, SamePerson, State, move
from item_bank.formats.html import clean, clean_svg, plain_text
from item_bank.service.ports import BankPort
from kit.errors import Conflict, Invalid


@dataclass(eq=False)
class UnusableItem(Invalid):
    """`code` of the item and everything that is wrong with it."""

    code: str
    problems: list[str]
    key: ClassVar[str] = "unusable-item"


@dataclass(eq=False)
class BlueprintChanged(Conflict):
    """This version of the blueprint exists with another content; give the change a new version."""

    code: str
    version: str
    key: ClassVar[str] = "blueprint-changed"


class NewItem(msgspec.Struct, frozen=True):
    """An item to be written: its code in the bank, topic, guessed difficulty in logits, content."""

    code: str
    topic: str
    difficulty: float
    content: ItemContent


def sanitised(content: ItemContent) -> ItemContent:
    """The content with only allowed markup."""

    def drawing(figure: Figure | None) -> Figure | None:
        return None if figure is None else Figure(clean_svg(figure.svg), figure.alt)

    interactions = tuple(
        msgspec.structs.replace(
            each,
            options=tuple(
                msgspec.structs.replace(option, html=clean(option.html), figure=drawing(option.figure))
                for option in each.options
            ),
        )
        for each in content.interactions
    )
    return msgspec.structs.replace(
        content, stem=clean(content.stem), figure=drawing(content.figure), interactions=interactions
    )


async def import_items(
    bank: BankPort,
    *,
    bank_code: str,
    bank_name: str,
    items: Iterable[NewItem],
    author_id: UUID,
    now: datetime,
    reviewer_id: UUID | None = None,
) -> tuple[int, int]:
    """Add what is new or changed, all or nothing: approved when a reviewer is given, else as drafts.

    Returns (added, unchanged). Raises `UnusableItem` for the first item that could not be used, `SamePerson` for an
    author who would review.
    """
    if reviewer_id == author_id:
        raise SamePerson
    wanted = {each.code: msgspec.structs.replace(each, content=sanitised(each.content)) for each in items}
    for each in wanted.values():
        if found := problems(each.content):
            raise UnusableItem(each.code, found)
    bank_id = await bank.add_bank(uuid4(), bank_code, bank_name)
    await bank.add_items(bank_id, [(uuid4(), code) for code in wanted], now)
    newest = await bank.newest(bank_id, list(wanted))
    versions = [
        _version(each, newest[code].item_id, (newest[code].version or 0) + 1)
        for code, each in wanted.items()
        if (newest[code].content_sha256, newest[code].topic, newest[code].difficulty)
        != (content_hash(each.content), each.topic, each.difficulty)
    ]
    state = State.DRAFT if reviewer_id is None else State.APPROVED
    if state is State.APPROVED:
        await bank.retire_approved([each.item_id for each in versions], now)
    if versions:
        await bank.add_versions(versions, state, author_id, reviewer_id, now)
    return len(versions), len(wanted) - len(versions)


def _version(item: NewItem, item_id: UUID, version: int) -> NewVersion:
    options = " ".join(option.id for each in item.content.interactions for option in each.options)
    return NewVersion(
        id=uuid4(),
        item_id=item_id,
        version=version,
        topic=item.topic,
        difficulty=item.difficulty,
        content=item.content,
        content_sha256=content_hash(item.content),
        stem_text=plain_text(item.content.stem),
        options=options,
    )


async def judge(
    bank: BankPort, version_id: UUID, action: Action, *, actor_id: UUID, now: datetime, note: str = ""
) -> State:
    """Move a version through its states; raises `IllegalItemMove`, `SamePerson` or `NoteMissing`."""
    state, author_id = await bank.lock_version(version_id)
    after = move(state, action, author_id=author_id, actor_id=actor_id, note=note)
    reviewer_id = actor_id if action in (Action.APPROVE, Action.SEND_BACK) else None
    if action is Action.APPROVE:
        version = await bank.version(version_id)
        await bank.retire_approved([version.item_id], now)
    await bank.set_state(version_id, after, reviewer_id, now, note)
    return after


async def load_versions(bank: BankPort, version_ids: Sequence[UUID]) -> dict[UUID, ItemContent]:
    """Contents for delivery and scoring."""
    return await bank.contents(version_ids)


async def blueprint_pool(bank: BankPort, code: str) -> tuple[Blueprint, list[PoolItem]]:
    """A blueprint and the approved items that it may draw."""
    blueprint = await bank.blueprint(code)
    return blueprint, await bank.pool([topic for section in blueprint.sections for topic in section.quotas])


async def save_blueprint(bank: BankPort, blueprint: Blueprint, *, now: datetime) -> None:
    """Add a version of a blueprint; raises `BadBlueprint`, or `BlueprintChanged` for an edit without a new version."""
    sha256 = blueprint_hash(check_blueprint(blueprint))
    if await bank.add_blueprint(blueprint, sha256, now) != sha256:
        raise BlueprintChanged(blueprint.code, blueprint.version)


async def change_key(bank: BankPort, change: KeyChange) -> int:
    """Add a changed key; returns its edition. Raises `BadKey`, or `NoSuchItem` for an unknown version."""
    content = (await bank.contents([change.version_id]))[change.version_id]
    if found := key_problems(change, content):
        raise BadKey(found)
    return await bank.add_key_change(change)
