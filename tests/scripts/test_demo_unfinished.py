"""The demonstration gives the committee something to do, and none of it is ever drawn."""

from datetime import timedelta

from item_bank.domain.item import problems
from item_bank.domain.versions import Action
from item_bank.service import catalog
from item_bank.store import BankStore
from kit.clock import utc_now
from kit.postgres import open_connection
from scripts.commands.demo import EXAM_STAFF, staff_id
from scripts.demo.bank import authored, skd_items
from scripts.demo.unfinished import load_unfinished, unfinished
from web.wiring import Unit

AUTHORS = {name for name, _, role in EXAM_STAFF if role == "author"}


def test_the_items_are_good_and_new():
    rows = unfinished()
    assert sorted(row["state"] for row in rows) == ["draft", "draft", "review", "review", "sent_back"]
    assert {row["author"] for row in rows if row["state"] == "review"} == AUTHORS
    items = [authored(row) for row in rows]
    assert [problems(each.content) for each in items] == [[]] * len(rows)
    assert all(sorted(row["scores"]) == [1, 2, 3, 4, 5] for row in rows if "scores" in row)
    approved = skd_items()
    topics = {each.topic for each in approved}
    assert {each.topic for each in items} <= topics
    assert not {each.code for each in items} & {each.code for each in approved}
    assert not {each.content.stem for each in items} & {each.content.stem for each in approved}


async def test_loading_keeps_the_pool_and_what_people_decided(demo_url):
    connection = await open_connection(demo_url)
    try:
        unit, bank, now = Unit(connection), BankStore(connection), utc_now()
        _, before = await catalog.blueprint_pool(bank, "skd")
        await load_unfinished(unit, staff_id, now)
        assert (await catalog.blueprint_pool(bank, "skd"))[1] == before
        count, waiting = await bank.items("review", None, None, 9, 0)
        assert count == 2
        sent_back = next(row for row in unfinished() if row["state"] == "sent_back")
        _, drafts = await bank.items("draft", None, None, 9, 0)
        assert len(drafts) == 3
        returned = await bank.version(next(each.id for each in drafts if each.code == sent_back["code"]))
        assert (returned.note, returned.reviewer_id) == (sent_back["note"], staff_id("penelaah"))
        assert returned.decided_at == now - timedelta(days=1)
        trail = await unit.accounts.audit_lines(str(returned.id), 9)
        assert [line["action"] for line in trail] == ["item-send_back", "item-submit"]
        reviewer = staff_id("penelaah")
        await catalog.judge(bank, waiting[0].id, Action.APPROVE, actor_id=reviewer, now=now)
        await load_unfinished(unit, staff_id, now)
        assert (await bank.items("review", None, None, 9, 0))[0] == 1, "a second loading changes nothing"
        assert (await bank.items("draft", None, None, 9, 0))[0] == 3
    finally:
        await connection.close()
