"""Items on which the demonstration's committee still works: drafts, some in review, one sent back with a note."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from datetime import datetime, timedelta
from importlib.resources import files
from typing import Any
from uuid import UUID

from item_bank.domain.versions import Action
from item_bank.service import catalog
from scripts.demo.bank import authored
from web.wiring import Unit

REVIEWER = "penelaah"
STEPS = {"draft": (), "review": (Action.SUBMIT,), "sent_back": (Action.SUBMIT, Action.SEND_BACK)}


def unfinished() -> list[dict[str, Any]]:
    """The rows of scripts/demo/skd/unfinished.toml."""
    text = files("scripts").joinpath("demo", "skd", "unfinished.toml").read_text(encoding="utf-8")
    rows: list[dict[str, Any]] = tomllib.loads(text)["item"]
    return rows


async def load_unfinished(unit: Unit, staff_id: Callable[[str], UUID], now: datetime) -> None:
    """Written three days ago and moved a day later each; what is there already stays as people left it."""
    for row in unfinished():
        item, author = authored(row), row["author"]
        at = now - timedelta(days=3)
        added, _ = await catalog.import_items(
            unit.bank, bank_code="SKD", bank_name="SKD 2026", items=[item], author_id=staff_id(author), now=at
        )
        if not added:
            continue
        _, found = await unit.bank.items("draft", item.topic, item.code, 1, 0)
        for action in STEPS[row["state"]]:
            at += timedelta(days=1)
            actor, note = (author, "") if action is Action.SUBMIT else (REVIEWER, row["note"])
            state = await catalog.judge(unit.bank, found[0].id, action, actor_id=staff_id(actor), now=at, note=note)
            detail = {"state": state.value, "note": note}
            await unit.accounts.audit(at, actor, f"item-{action.value}", str(found[0].id), detail)
