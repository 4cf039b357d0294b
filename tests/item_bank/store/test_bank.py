"""The bank in PostgreSQL: importing twice, what never changes, who may judge, finding, pool, blueprints."""

from datetime import timedelta
from uuid import UUID, uuid4

import asyncpg
import pytest

from item_bank.domain.blueprint import Blueprint, Section
from item_bank.domain.item import ChoiceInteraction, ItemContent, Option
from item_bank.domain.response import BaseType, Cardinality, ResponseDeclaration
from item_bank.domain.versions import Action, IllegalItemMove, NoteMissing, SamePerson, State
from item_bank.service.catalog import (
    BlueprintChanged,
    NewItem,
    UnusableItem,
    blueprint_pool,
    import_items,
    judge,
    load_versions,
    save_blueprint,
)
from item_bank.store import BankStore, NoSuchItem
from kit.clock import utc_now

AUTHOR, REVIEWER = UUID(int=1), UUID(int=2)
NOW = utc_now()


def item(code="A-1", *, stem="Which?", topic="T.one", difficulty=0.1, key="B", letters="ABC", rationale="") -> NewItem:
    options = tuple(Option(letter, f"<strong>option</strong> {letter}") for letter in letters)
    content = ItemContent(
        language="id",
        stem=stem,
        interactions=(ChoiceInteraction("R", 1, True, options),),
        responses=(ResponseDeclaration("R", BaseType.IDENTIFIER, Cardinality.SINGLE, {"base": {"identifier": key}}),),
        scoring="match_correct",
        rationale=rationale,
    )
    return NewItem(code, topic, difficulty, content)


@pytest.fixture
async def connection(pool):
    async with pool.acquire() as connection:
        yield connection


@pytest.fixture
def bank(connection) -> BankStore:
    return BankStore(connection)


@pytest.fixture
def bring(bank):
    async def bring(*items, reviewer=REVIEWER, now=NOW):
        return await import_items(
            bank, bank_code="X", bank_name="x", items=items, author_id=AUTHOR, reviewer_id=reviewer, now=now
        )

    return bring


async def versions(bank, code="A-1"):
    """(version, state) of an item, newest first."""
    _, (line,) = await bank.items(None, None, code, 1, 0)
    newest = await bank.version(line.id)
    return [(each.version, each.state) for each in await bank.history(newest.item_id)]


async def newest_id(bank, code="A-1") -> UUID:
    _, (line,) = await bank.items(None, None, code, 1, 0)
    return line.id


# importing


async def test_the_same_items_twice_add_nothing(bring, bank):
    assert await bring(item("A-1"), item("A-2")) == (2, 0)
    assert await bring(item("A-1"), item("A-2")) == (0, 2)
    assert await versions(bank) == [(1, "approved")]


@pytest.mark.parametrize(
    "changed",
    [item(stem="What?"), item(key="C"), item(letters="ABCD"), item(topic="T.two"), item(difficulty=0.2)],
    ids=["stem", "key", "options", "topic", "difficulty"],
)
async def test_what_changed_is_a_new_version_and_the_old_one_retires(bring, bank, changed):
    await bring(item())
    assert await bring(changed) == (1, 0)
    assert await versions(bank) == [(2, "approved"), (1, "retired")]
    assert [each.topic for each in await bank.pool(["T.one", "T.two"])] == [changed.topic]


async def test_a_draft_leaves_the_approved_version_in_use(bring, bank):
    await bring(item())
    await bring(item(stem="What?"), reviewer=None)
    assert await versions(bank) == [(2, "draft"), (1, "approved")]
    assert len(await bank.pool(["T.one"])) == 1


async def test_one_unusable_item_stops_the_whole_import(bring, bank):
    with pytest.raises(UnusableItem) as refused:
        await bring(item("A-1"), item("A-2", key="Z"))
    assert refused.value.code == "A-2"
    assert await bank.items(None, None, None, 9, 0) == (0, [])


async def test_an_author_reviews_nothing_of_their_own(bring):
    with pytest.raises(SamePerson):
        await bring(item(), reviewer=AUTHOR)


async def test_markup_is_cleaned_on_the_way_in(bring, bank):
    await bring(item(stem='<p onclick="x()">Which<script>x()</script>?</p>'))
    assert (await bank.version(await newest_id(bank))).content.stem == "<p>Which?</p>"


async def test_contents_come_back_as_they_went_in(bring, bank):
    await bring(item())
    version_id = await newest_id(bank)
    assert await load_versions(bank, [version_id]) == {version_id: item().content}
    with pytest.raises(NoSuchItem):
        await load_versions(bank, [version_id, uuid4()])


# what SQL itself refuses


@pytest.mark.parametrize(
    "change",
    [
        'content = content || \'{"stem": "x"}\'',
        "topic = 'T.other'",
        "difficulty = 5",
        "option_ids = array['A']",
        "stem_text = 'x'",
        "author_id = gen_random_uuid()",
        "reviewer_id = gen_random_uuid()",
        "version = 7",
        "state = 'draft'",
        "state = 'review'",
    ],
)
@pytest.mark.parametrize("state", ["approved", "retired"])
async def test_an_approved_version_is_never_changed(bring, connection, state, change):
    await bring(item())
    if state == "retired":
        await connection.execute("update bank.item_version set state = 'retired'")
    with pytest.raises(asyncpg.IntegrityConstraintViolationError):
        await connection.execute(f"update bank.item_version set {change}")
    with pytest.raises(asyncpg.IntegrityConstraintViolationError):
        await connection.execute("delete from bank.item_version")


async def test_a_draft_may_be_written_and_thrown_away(bring, connection):
    await bring(item(), reviewer=None)
    await connection.execute("update bank.item_version set topic = 'T.other', difficulty = 1")
    await connection.execute("delete from bank.item_version")


@pytest.mark.parametrize(
    ("state", "author", "reviewer", "constraint"),
    [
        ("approved", AUTHOR, AUTHOR, "author_is_not_reviewer"),
        ("draft", AUTHOR, AUTHOR, "author_is_not_reviewer"),
        ("approved", AUTHOR, None, "item_version_check"),
        ("retired", AUTHOR, None, "item_version_check"),
        ("printed", AUTHOR, REVIEWER, "item_version_state_check"),
    ],
)
async def test_constraints_hold_without_our_code(bring, connection, state, author, reviewer, constraint):
    await bring(item(), reviewer=None)
    with pytest.raises(asyncpg.CheckViolationError) as refused:
        await connection.execute(
            "insert into bank.item_version (id, item_id, version, state, topic, difficulty, content, content_sha256,"
            " stem_text, option_ids, author_id, reviewer_id, created_at)"
            " select gen_random_uuid(), item_id, 2, $1, topic, 0, content, 's', 's', option_ids, $2, $3, now()"
            " from bank.item_version",
            state,
            author,
            reviewer,
        )
    assert refused.value.constraint_name == constraint


async def test_no_two_approved_versions_of_an_item(bring, connection):
    await bring(item())
    with pytest.raises(asyncpg.UniqueViolationError):
        await connection.execute(
            "insert into bank.item_version (id, item_id, version, state, topic, difficulty, content, content_sha256,"
            " stem_text, option_ids, author_id, reviewer_id, created_at)"
            " select gen_random_uuid(), item_id, 2, state, topic, 0, content, 's', 's', option_ids, author_id,"
            " reviewer_id, now() from bank.item_version"
        )


# states


@pytest.mark.parametrize(
    ("moves", "ends"),
    [
        ([("submit", AUTHOR)], "review"),
        ([("submit", AUTHOR), ("approve", REVIEWER)], "approved"),
        ([("submit", AUTHOR), ("send_back", REVIEWER)], "draft"),
        ([("submit", AUTHOR), ("send_back", REVIEWER), ("submit", AUTHOR), ("approve", REVIEWER)], "approved"),
        ([("submit", AUTHOR), ("approve", REVIEWER), ("retire", REVIEWER)], "retired"),
        ([("submit", AUTHOR), ("send_back", REVIEWER, " ")], NoteMissing),
        ([("submit", AUTHOR), ("approve", REVIEWER, ""), ("retire", REVIEWER, "")], NoteMissing),
        ([("approve", REVIEWER)], IllegalItemMove),
        ([("submit", AUTHOR), ("approve", AUTHOR)], SamePerson),
        ([("submit", AUTHOR), ("send_back", AUTHOR)], SamePerson),
        ([("submit", AUTHOR), ("submit", AUTHOR)], IllegalItemMove),
    ],
)
async def test_judging(bring, bank, moves, ends):
    await bring(item(), reviewer=None)
    version_id = await newest_id(bank)

    async def walk():
        for name, actor, *note in moves:
            told = note[0] if note else name
            last = await judge(bank, version_id, Action(name), actor_id=actor, now=NOW, note=told)
        return last

    if isinstance(ends, str):
        assert await walk() == ends
        version = await bank.version(version_id)
        assert (version.state, version.note) == (ends, moves[-1][0])
        if ends in ("approved", "retired"):
            assert version.reviewer_id == REVIEWER
    else:
        with pytest.raises(ends):
            await walk()


async def test_approving_a_newer_version_retires_the_older(bring, bank):
    await bring(item())
    await bring(item(stem="What?"), reviewer=None)
    version_id = await newest_id(bank)
    await judge(bank, version_id, Action.SUBMIT, actor_id=AUTHOR, now=NOW)
    assert await judge(bank, version_id, Action.APPROVE, actor_id=REVIEWER, now=NOW) is State.APPROVED
    assert await versions(bank) == [(2, "approved"), (1, "retired")]


async def test_judging_what_is_not_there(bank):
    with pytest.raises(NoSuchItem):
        await judge(bank, uuid4(), Action.SUBMIT, actor_id=AUTHOR, now=NOW)


# finding


@pytest.fixture
async def filled(bring):
    """Twelve items: A-01 .. A-10 approved in two topics, D-1 and D-2 drafts with odd signs."""
    stems = {n: f"<p>Number <em>{n}</em></p>" for n in range(1, 11)}
    await bring(*(item(f"A-{n:02}", stem=stems[n], topic=f"T.{'one' if n % 2 else 'two'}") for n in stems))
    await bring(item("D-1", stem="100% sure_ness"), item("D-2", stem="back\\slash", rationale="Because"), reviewer=None)


@pytest.mark.parametrize(
    ("state", "topic", "text", "codes"),
    [
        ("draft", None, None, ["D-1", "D-2"]),
        ("approved", "T.two", None, ["A-02", "A-04", "A-06", "A-08", "A-10"]),
        (None, None, "number 1", ["A-01", "A-10"]),
        (None, None, "a-0", [f"A-0{n}" for n in range(1, 10)]),
        (None, None, "NUMBER a-10", ["A-10"]),
        (None, None, "sure_ness 100%", ["D-1"]),
        (None, None, "sure_ness slash", []),
        (None, None, "d-2 B because", ["D-2"]),  # an option and the rationale
        (None, None, "strong", []),  # markup is no word
        (None, None, "100%", ["D-1"]),
        (None, None, "%", ["D-1"]),
        (None, None, "_", ["D-1"]),
        (None, None, "k\\s", ["D-2"]),
        (None, None, "' or 1=1 --", []),
        (None, None, "a\x00", []),
        ("approved\x00", None, None, []),
        ("printed", None, None, []),
    ],
)
async def test_filters(filled, bank, state, topic, text, codes):
    count, lines = await bank.items(state, topic, text, 100, 0)
    assert [line.code for line in lines] == codes
    assert count == len(codes)


@pytest.mark.parametrize(("limit", "offset", "codes"), [(3, 0, 3), (3, 9, 3), (5, 10, 2), (5, 99, 0), (5, 10**20, 0)])
async def test_pages(filled, bank, limit, offset, codes):
    count, lines = await bank.items(None, None, None, limit, offset)
    assert len(lines) == codes
    assert count == 12 or offset > 10**9


async def test_only_the_newest_version_is_listed_and_counted(filled, bring, bank):
    await bring(item("A-01", stem="Number one"))
    count, lines = await bank.items(None, None, "A-01", 9, 0)
    assert (count, [line.version for line in lines]) == (1, [2])
    counted = {each.topic: (each.approved, each.all_states) for each in await bank.topics()}
    assert counted == {"T.one": (5, 7), "T.two": (5, 5)}


# pool and blueprints


def plan(version="1", **quotas) -> Blueprint:
    return Blueprint("b", version, (Section("S", "s", "s", {f"T.{name}": count for name, count in quotas.items()}),))


async def test_the_pool_of_a_blueprint_is_what_is_approved_in_its_topics(filled, bank):
    await save_blueprint(bank, plan(one=2), now=NOW)
    blueprint, pool = await blueprint_pool(bank, "b")
    assert blueprint == plan(one=2)
    assert sorted(each.code for each in pool) == ["A-01", "A-03", "A-05", "A-07", "A-09"]
    assert {each.option_ids for each in pool} == {("A", "B", "C")}


async def test_blueprint_versions(bank, connection):
    await save_blueprint(bank, plan(one=2), now=NOW)
    await save_blueprint(bank, plan(one=2), now=NOW)
    with pytest.raises(BlueprintChanged):
        await save_blueprint(bank, plan(one=3), now=NOW)
    await save_blueprint(bank, plan("2", one=3), now=NOW + timedelta(seconds=1))
    assert await bank.blueprint("b") == plan("2", one=3)
    assert await bank.blueprints() == [plan("2", one=3)]
    with pytest.raises(NoSuchItem):
        await bank.blueprint("none")
    with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="append-only"):
        await connection.execute("update bank.blueprint set definition = '{}'")
