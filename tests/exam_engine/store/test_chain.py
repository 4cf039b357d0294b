"""The hash chain in PostgreSQL: Python's bytes, unbroken whatever the writers meet, receipts found."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import exam_engine.store
from exam_engine.domain.chain import GENESIS, event_bytes, links
from exam_engine.domain.log import Event, fold
from exam_engine.domain.operations import Row
from exam_engine.store.attempts import AttemptStore
from exam_engine.store.writer import AnswerWriter
from kit.clock import utc_now
from kit.errors import Unavailable
from kit.postgres import open_connection
from tests.exam_engine.store.test_writer import seat

NOW = utc_now()
ITEMS = [UUID(int=n) for n in range(1, 4)]
BYTES = "select exam.event_bytes($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"

times = st.datetimes(datetime(1970, 1, 1), datetime(2096, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  # Hypothesis adds it
texts = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=20)
numbers = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
values = st.recursive(
    st.booleans() | numbers | texts,
    lambda inner: st.lists(inner | st.none(), max_size=3) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=8,
)
optional_integers = st.none() | st.integers(0, 2**53)
events = st.builds(
    Event,
    seq=st.integers(1, 2**53),
    kind=st.sampled_from(["responded", "started", "credited"]),
    server_at=times,
    payload=st.none() | values,
    item_version_id=st.none() | st.uuids(),
    revision=optional_integers,
    client_id=st.none() | st.uuids(),
    client_seq=optional_integers,
    client_at=st.none() | times,
)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(event=events)
async def test_postgresql_and_python_hash_the_same_bytes(pool, event):
    attempt = UUID(int=5)
    fields = [getattr(event, name) for name in Event.__struct_fields__ if name != "hash"]
    seq, kind, server_at, payload, *client = fields
    assert await pool.fetchval(BYTES, attempt, seq, kind, server_at, payload, *client) == event_bytes(attempt, event)


async def check_chain(connection, attempt) -> list[Event]:
    """The log is numbered from 1 without a gap, every stored link is the computed one, the attempt has the last."""
    log = await AttemptStore(connection).events(attempt)
    assert [event.seq for event in log] == list(range(1, len(log) + 1))
    computed = [head for _, head in links(attempt, log)]
    assert [event.hash for event in log] == computed
    row = await connection.fetchrow("select last_seq, head from exam.attempt where id = $1", attempt)
    assert tuple(row) == (len(log), computed[-1] if computed else GENESIS)
    return log


moves = st.lists(st.tuples(st.integers(0, 2), st.sampled_from("ABCDE"), st.booleans()), min_size=1, max_size=14)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(script=moves, chance=st.integers(0, 2**32 - 1).map(np.random.default_rng))
async def test_any_order_batching_and_repetition_over_two_servers(connection, database_url, script, chance):
    """Two writers of two connections each get every operation once to three times, cut and shuffled by chance."""
    held, client = await seat(connection), uuid4()
    rows, answers, flags = [], {}, {}
    for n, (place, letter, flag) in enumerate(script, start=1):
        item = ITEMS[place]
        payload = letter < "C" if flag else {"base": {"identifier": letter}}
        (flags if flag else answers)[item] = payload
        rows.append(Row(*held, client, n, "flagged" if flag else "responded", item, n, payload, NOW))
    sent = [one for one in rows for _ in range(chance.integers(1, 4))]
    chance.shuffle(sent)
    servers = [AnswerWriter(lambda: open_connection(database_url)) for _ in range(2)]
    for server in servers:
        server.start()
    try:
        saving = []
        while sent:
            part, sent = sent[: (size := int(chance.integers(1, 6)))], sent[size:]
            saving.append(servers[chance.integers(2)].save(part))
        saved = await asyncio.gather(*saving)
    finally:
        await asyncio.gather(*(server.stop() for server in servers))
    log = await check_chain(connection, held[0])
    assert len(log) == len(rows)
    standing = fold(log)
    assert standing.responses == answers
    assert standing.flags == {item for item, on in flags.items() if on}
    assert (await AttemptStore(connection).responses([held[0]]))[held[0]] == answers
    by_seq = {event.seq: event.hash.hex() for event in log}
    for each in saved:
        assert set(each.verdicts) == {"stored"}
        assert by_seq[each.receipt.seq] == each.receipt.head, "a receipt handed out is found again"


async def test_system_events_and_answers_share_one_chain(connection, writer):
    held = await seat(connection)
    store = AttemptStore(connection)
    attempt = await store.append(await store.get(held[0]), "started", {"seed": "7", "a": [1.5, None]}, NOW)
    assert attempt.last_seq == 1
    row = Row(*held, uuid4(), 1, "responded", ITEMS[0], 1, {"base": None}, NOW)
    saved = await writer.save([row])
    await store.append(await store.get(held[0]), "submitted", {}, NOW)
    log = await check_chain(connection, held[0])
    assert [event.kind for event in log] == ["started", "responded", "submitted"]
    assert saved.receipt.head == log[1].hash.hex()
    assert (await writer.save([row])).receipt.head == log[2].hash.hex(), "a replay is told the newest"


async def test_a_batch_with_a_bad_row_leaves_the_chain_whole(connection, writer):
    held, client = await seat(connection), uuid4()
    good = [Row(*held, client, n, "responded", ITEMS[0], n, {"base": None}, NOW) for n in range(1, 6)]
    bad = Row(*held, client, 6, "nonsense", ITEMS[0], 6, None, NOW)
    results = await asyncio.gather(*(writer.save([row]) for row in (*good, bad)), return_exceptions=True)
    assert isinstance(results[-1], Unavailable)
    assert len(await check_chain(connection, held[0])) == 5


async def test_the_migration_links_what_was_stored_before(fresh_url):
    """The log of an installation that had none: 0004 as text, on a schema put back to what it was."""
    text = (Path(exam_engine.store.__file__).parent / "migrations" / "0004_receipts.sql").read_text(encoding="utf-8")
    raw = await asyncpg.connect(fresh_url)
    await raw.execute(
        "alter table exam.attempt drop column head; alter table exam.event drop column hash;"
        "drop aggregate exam.chained(bytea, bytea); drop function exam.chain_step; drop function exam.event_link;"
        "drop function exam.event_bytes;"
    )
    await raw.execute(
        "insert into exam.exam values (gen_random_uuid(), 'X', '{}', '{}', 'skd', 'skd-2024', 100, true, '{}', now());"
        "insert into exam.session select gen_random_uuid(), id, 'S', now(), now() + interval '1 h' from exam.exam;"
        "insert into exam.participant"
        " select gen_random_uuid(), id, n::text, 'N', '\\x00', 'general', 'V', 0 from exam.session,"
        " generate_series(1, 3) n;"
        "insert into exam.attempt (id, participant_id, session_id, status, seed, seat_id, created_at, last_seq)"
        " select gen_random_uuid(), id, session_id, 'preparing', 1, id, now(), 5 from exam.participant;"
        "insert into exam.event (attempt_id, seq, kind, server_at, payload)"
        " select id, n, 'paused', now() + n * interval '1 s', jsonb_build_object('n', n) from exam.attempt,"
        " generate_series(1, 5) n"
    )
    async with raw.transaction():
        await raw.execute(text)
    await raw.close()
    after = await open_connection(fresh_url)
    for row in await after.fetch("select id from exam.attempt"):
        assert len(await check_chain(after, row["id"])) == 5
    await after.close()
