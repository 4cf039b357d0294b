"""The seat API as a candidate's browser speaks it: the answers of docs/architecture.md, and what must never be told."""

import asyncio
from uuid import UUID

import httpx
import msgspec
import pytest

SEAT = {"X-Ombilin-Seat": "1"}
NOBODY = str(UUID(int=9))
SECRETS = ("correct", "mapping", "rationale", "topic", "difficulty", "scoring", "outcomes", "author", "weight")


def error_of(answer: httpx.Response) -> tuple[int, str]:
    told = answer.json()["error"]
    assert set(told) == {"key", "message", "title", "next_step"}
    return answer.status_code, told["key"]


async def attempt_of(browser) -> str:
    return (await browser.get("bootstrap")).json()["attempt"]["id"]


# log-in and bootstrap


async def test_before_the_start_there_is_nothing_to_see(browser):
    told = (await (await browser()).get("bootstrap")).json()
    assert (told["items"], told["sections"], told["responses"], told["flags"]) == ([], [], {}, [])
    assert told["state"]["phase"] == "preparing"
    assert (told["state"]["deadline"], told["state"]["remaining_s"]) == (None, None)
    assert told["exam"] == {
        "code": "SKD-2026",
        "title": "Uji coba",
        "minutes": 100,
        "grace_s": 0,
        "instructions": ["Satu"],
        "board": True,
    }
    assert told["participant"] == {"number": "T-001", "name": "Name of T-001"}
    assert told["proctoring"] | {"camera": False, "width": 320, "height": 240} == told["proctoring"]


async def test_the_minutes_are_those_of_the_candidate(browser):
    last = await browser("T-020")
    assert (await last.get("bootstrap")).json()["exam"]["minutes"] == 130


@pytest.mark.parametrize(("number", "pin"), [("T-001", "WRONG"), ("T-999", "TEST-1234"), ("", ""), ("T-001\x00", "x")])
async def test_a_wrong_pin_is_one_refusal(stranger, system, number, pin):
    answer = await stranger.log_in(number, pin)
    assert answer.status_code == 401
    assert "PIN" in answer.text


async def test_wrong_pins_are_slowed_and_the_right_one_always_opens(worker, stranger, system):
    async with worker() as fresh:
        stranger.http._transport = httpx.ASGITransport(fresh)
        answers = [await stranger.log_in("T-003", "WRONG") for _ in range(11)]
        right = await stranger.log_in("T-003", "TEST-1234")
    assert [answer.status_code for answer in answers] == [401] * 10 + [429]
    assert int(answers[-1].headers["retry-after"]) > 0
    assert right.status_code == 303, "whoever knows a public number must not be able to lock it out"


# the whole exam


async def test_a_whole_exam(browser, sql):
    someone = await browser()
    items = await someone.start()
    assert [item["position"] for item in items] == list(range(1, 111))
    told = (await someone.get("bootstrap")).json()
    assert [(each["code"], each["first"], each["last"]) for each in told["sections"]] == [
        ("TWK", 1, 30),
        ("TIU", 31, 65),
        ("TKP", 66, 110),
    ]
    assert 5995 < told["state"]["remaining_s"] <= 6000
    refs = [item["ref"] for item in items]
    ops = [someone.op(ref, item["interaction"]["options"][0]["id"]) for ref, item in zip(refs, items, strict=True)]
    ops.append(someone.op(refs[3], None, kind="flag", value=None, flagged=True))
    answer = await someone.post("ops", someone.batch(*ops))
    assert answer.status_code == 200
    assert answer.json()["receipt"].keys() == {"seq", "head"}
    assert {key: answer.json()[key] for key in ("acked", "verdicts", "hold")} == {
        "acked": 111,
        "verdicts": [],
        "hold": False,
    }
    told = (await someone.get("bootstrap")).json()
    assert told["attempt"]["last_revision"] == 111
    assert told["flags"] == [refs[3]]
    assert told["responses"] == {op["item"]: op["value"] for op in ops if op["kind"] == "respond"}
    first, second = await asyncio.gather(someone.post("submit"), someone.post("submit"))
    assert first.json() == second.json() == {"receipt_url": "/exam/receipt"}
    assert (await someone.get("state")).json()["phase"] == "submitted"
    late = await someone.post("ops", someone.batch(someone.op(refs[0], "B")))
    assert [each["verdict"] for each in late.json()["verdicts"]] == ["late"]
    assert late.json()["state"]["phase"] == "submitted"
    assert (await someone.http.get("/exam/")).headers["location"] == "/exam/receipt"
    assert (await someone.http.get("/exam/receipt")).status_code == 200
    assert len(await sql("select 1 from exam.outbox")) == 1


async def test_starting_twice_gives_the_same_form(browser):
    someone = await browser()
    assert await someone.start() == await someone.start()


async def test_after_the_end_no_item_is_shown(browser):
    someone = await browser()
    await someone.start()
    await someone.post("submit")
    told = (await someone.get("bootstrap")).json()
    assert (told["items"], told["responses"], told["sections"]) == ([], {}, [])
    assert error_of(await someone.post("start")) == (409, "illegal-move")


async def test_nothing_of_the_keys_reaches_a_candidate(browser, sql):
    someone = await browser()
    payloads = [
        (await someone.get("bootstrap")).text,
        (await someone.post("start")).text,
        (await someone.get("bootstrap")).text,
        (await someone.get("state")).text,
    ]
    items = msgspec.json.decode(payloads[2])["items"]
    payloads.append((await someone.post("ops", someone.batch(someone.op(items[0]["ref"])))).text)
    payloads.append((await someone.http.get("/exam/")).text)
    for item in items:
        assert set(item) == {"ref", "position", "section", "stem", "figure", "interaction"}
        assert set(item["interaction"]) == {"kind", "response", "max_choices", "options"}
        assert all(set(option) == {"id", "html", "figure"} for option in item["interaction"]["options"])
    names = {name for payload in payloads[:5] for name in _names(msgspec.json.decode(payload))}
    assert names & set(SECRETS) == set()
    rationales = await sql("select content ->> 'rationale' as told, topic from bank.item_version")
    for payload in payloads:
        assert [row["topic"] for row in rationales if f'"{row["topic"]}"' in payload] == []
        assert [row["told"] for row in rationales if row["told"] in payload] == []


def _names(value):
    if isinstance(value, dict):
        for name, inner in value.items():
            yield name
            yield from _names(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _names(inner)


# what is refused


@pytest.mark.parametrize("path", ["ops", "signals", "frame", "start", "submit", "check", "photo"])
@pytest.mark.parametrize(
    ("headers", "refused"),
    [
        ({}, (403, "bad-csrf")),
        ({"X-Ombilin-Seat": "1", "Origin": "http://evil.test"}, (403, "bad-csrf")),
        ({"X-Ombilin-Seat": "1", "Origin": "null"}, (403, "bad-csrf")),
        ({"X-Ombilin-Seat": "2"}, (403, "bad-csrf")),
    ],
    ids=["no header", "other origin", "null origin", "wrong header"],
)
async def test_a_foreign_page_can_post_nothing(browser, path, headers, refused):
    assert error_of(await (await browser()).post(path, headers=headers)) == refused


@pytest.mark.parametrize("path", ["ops", "signals", "frame", "start", "submit", "check", "photo"])
async def test_without_a_seat_nothing_is_posted(stranger, path):
    assert error_of(await stranger.post(path)) == (401, "unauthenticated")


@pytest.mark.parametrize("path", ["bootstrap", "state"])
@pytest.mark.parametrize("spoil", ["", "nonsense", "a.b.c.d", "cut"])
async def test_without_a_sound_cookie_nothing_is_read(browser, path, spoil):
    someone = await browser()
    cookie = someone.http.cookies.get("ombilin_seat")
    someone.http.cookies.set("ombilin_seat", cookie[:-1] if spoil == "cut" else spoil, domain="exam.test")
    assert (await someone.get(path)).status_code == 401


@pytest.mark.parametrize("path", ["bootstrap", "state"])
async def test_cookies_of_other_applications_do_not_matter(browser, path):
    someone = await browser()
    odd = 'theme={"dark":true, "n":1}; broken; =x; ' + someone.cookies + "; tail=a b"
    async with httpx.AsyncClient(transport=httpx.ASGITransport(someone.app), base_url="http://exam.test") as plain:
        assert (await plain.get(f"/api/seat/{path}", headers={"Cookie": odd})).status_code == 200


DEEP = b"[" * 10_000 + b"]" * 10_000


@pytest.mark.parametrize(
    ("raw", "refused"),
    [
        (b"", 422),
        (b"{", 422),
        (b"null", 422),
        (b"\xff\xfe", 422),
        (b'{"client": "x", "ops": []}', 422),
        (b'{"client": "%s", "ops": [], "extra": 1}' % NOBODY.encode(), 422),
        (b'{"client": "%s", "ops": %s}' % (NOBODY.encode(), DEEP), 422),
        (DEEP, 422),
        (b" " * 300_000, 422),
    ],
    ids=["empty", "cut", "null", "not utf-8", "no uuid", "extra", "deep in", "deep", "oversize"],
)
async def test_what_is_no_batch_is_a_typed_refusal(browser, raw, refused):
    someone = await browser()
    await someone.start()
    answer = await someone.post("ops", raw=raw)
    assert error_of(answer)[0] == refused


BATCH = f'{{"client": "{NOBODY}", "ops": [%s]}}'
OP = '{"seq": 1, "rev": 1, "kind": "respond", "item": "%s", "value": {"base": {"identifier": "A"}}, "at": 1.7e12}'


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"seq": 1', '"seq": NaN'),
        ('"seq": 1', '"seq": 1.5'),
        ('"at": 1.7e12', '"at": NaN'),
        ('"at": 1.7e12', '"at": 1e999'),
        ('"at": 1.7e12', '"at": "now"'),
        ('"kind": "respond"', '"kind": "submit"'),
        ('"rev": 1', '"rev": "1"'),
        ('{"base": {"identifier": "A"}}', DEEP.decode()),
        ('"A"', '"\\ud800"'),
    ],
)
async def test_a_malformed_operation_refuses_the_batch(browser, old, new):
    someone = await browser()
    ref = (await someone.start())[0]["ref"]
    raw = (BATCH % (OP % ref)).replace(old, new, 1)
    assert error_of(await someone.post("ops", raw=raw.encode()))[0] == 422


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"seq": 2**63}, "out of range"),
        ({"seq": 2**70}, "out of range"),
        ({"rev": 2**63}, "out of range"),
        ({"seq": -1}, "out of range"),
        ({"at": -1.0}, "not a time"),
        ({"at": 1e300}, "not a time"),
        ({"value": {"base": {"identifier": "Z"}}}, "does not exist"),
        ({"value": {"base": {"identifier": "A\x00"}}}, "does not exist"),
        ({"value": {"list": {"identifier": ["A", "B"]}}}, "at most 1"),
        ({"value": {"base": {"integer": 2**80}}}, "not identifier"),
        ({"value": {"x": {"y": {"z": 1}}}}, "not identifier"),
        ({"item": NOBODY}, "not in this attempt"),
        ({"item": NOBODY, "kind": "flag"}, "not in this attempt"),
    ],
)
async def test_an_operation_without_sense_is_rejected_alone(browser, changes, reason):
    someone = await browser()
    refs = [item["ref"] for item in await someone.start()]
    bad = someone.op(refs[0], **changes)
    answer = await someone.post("ops", someone.batch(bad, someone.op(refs[1], "C")))
    assert answer.status_code == 200, answer.text
    assert [(each["verdict"], each["seq"]) for each in answer.json()["verdicts"]] == [("rejected", bad["seq"])]
    assert reason in answer.json()["verdicts"][0]["reason"]
    assert list((await someone.get("bootstrap")).json()["responses"]) == [refs[1]]


async def test_another_candidates_item_is_rejected(browser):
    mine, other = await browser("T-001"), await browser("T-002")
    own = {item["ref"] for item in await mine.start()}
    strange = next(item["ref"] for item in await other.start() if item["ref"] not in own)
    told = (await mine.post("ops", mine.batch(mine.op(strange)))).json()
    assert [each["verdict"] for each in told["verdicts"]] == ["rejected"]


async def test_a_heap_has_a_limit(browser):
    someone = await browser()
    ref = (await someone.start())[0]["ref"]
    assert error_of(await someone.post("ops", someone.batch(*(someone.op(ref) for _ in range(501)))))[0] == 422
    answer = await someone.post("ops", someone.batch(*(someone.op(ref) for _ in range(500))))
    assert answer.json()["acked"] == 1001


@pytest.mark.parametrize(
    ("path", "raw", "status"),
    [
        ("frame", b"", 422),
        ("frame", b"not a jpeg", 422),
        ("frame", b"\xff\xd8\xff" + b"x" * 300_000, 422),
        ("photo", b"", 422),
        ("photo", b"\xff\xd8\xff\xe0", 422),
        ("photo", b"\xff\xd8\xff" + b"x" * 300_000, 422),
        ("photo", b"x" * 3_000_000, 422),
        ("signals", b'{"signals": [{"kind": "hidden", "at": 1e300}]}', 422),
        ("signals", b'{"signals": [{"kind": "telepathy", "at": 1}]}', 422),
        ("signals", b'{"signals": [' + b'{"kind":"hidden","at":1},' * 200 + b'{"kind":"hidden","at":1}]}', 422),
        ("signals", b" " * 40_000, 422),
        ("signals", b'{"signals": [{"kind": "hidden", "at": 1000}]}', 204),
        ("check", b'{"results": 1}', 422),
        ("check", b"[", 422),
        ("check", b'{"results": [{"name": "camera", "ok": true, "detail": "a\\u0000b"}]}', 422),
        ("check", b'{"results": [{"name": "camera", "ok": true, "detail": "fine"}, 7]}', 200),
        ("signals", b'{"signals": [{"kind": "hidden", "at": 1000, "detail": {"a": "\\u0000"}}]}', 422),
    ],
)
async def test_other_bodies(browser, path, raw, status):
    answer = await (await browser()).post(path, raw=raw)
    assert answer.status_code == status, answer.text
    if status >= 400:
        error_of(answer)


async def test_after_the_end_nobody_is_watched(browser, sql, jpeg):
    someone = await browser()
    await someone.start()
    stamped = SEAT | {"X-Captured-At": "1764060000000"}
    assert (await someone.post("frame", raw=jpeg, headers=stamped)).status_code == 204
    await someone.post("submit")
    before = len(await sql("select 1 from proctor.signal"))
    assert (await someone.post("frame", raw=jpeg, headers=stamped)).status_code == 204
    assert (await someone.post("signals", {"signals": [{"kind": "hidden", "at": 1000}]})).status_code == 204
    assert await sql("select 1 from proctor.live_frame where attempt_id = $1", await attempt_of(someone)) == []
    assert len(await sql("select 1 from proctor.signal")) == before


@pytest.mark.parametrize("stamp", ["", "soon", "nan", "inf", "-inf", "1e300"])
async def test_a_frame_without_a_time_is_refused(browser, jpeg, stamp):
    answer = await (await browser()).post("frame", raw=jpeg, headers=SEAT | {"X-Captured-At": stamp})
    assert error_of(answer) == (422, "invalid")


async def test_an_exam_with_a_camera_waits_for_the_photo(browser, sql, jpeg):
    await sql("update exam.exam set proctoring = proctoring || '{\"camera\": true}'")
    try:
        someone = await browser()
        assert error_of(await someone.post("start")) == (409, "photo-needed")
        assert (await someone.post("photo", raw=jpeg)).json() == {"ok": True}
        assert (await someone.get("bootstrap")).json()["attempt"]["photo"] is True
        assert len(await someone.start()) == 110
    finally:
        await sql("update exam.exam set proctoring = proctoring || '{\"camera\": false}'")


# takeover


async def test_the_older_device_is_told_everywhere(browser):
    old = await browser()
    ref = (await old.start())[0]["ref"]
    new = await browser()
    batch = old.batch(old.op(ref))
    for answer in (
        await old.get("bootstrap"),
        await old.get("state"),
        await old.post("start"),
        await old.post("ops", batch),
        await old.post("submit"),
        await old.post("check", {"results": []}),
    ):
        assert error_of(answer) == (409, "superseded")
    assert (await new.post("ops", new.batch(new.op(ref)))).json()["acked"] == 1


async def test_the_queue_of_the_older_device_is_safe_after_logging_in_again(browser):
    """Acknowledged once, repeated by the same browser under a new seat: still acknowledged, still once."""
    someone = await browser()
    ref = (await someone.start())[0]["ref"]
    batch = someone.batch(someone.op(ref, "D"))
    assert (await someone.post("ops", batch)).json()["acked"] == 1
    await someone.log_in("T-001", "TEST-1234")
    assert (await someone.post("ops", batch)).json()["acked"] == 1
    assert (await someone.get("bootstrap")).json()["responses"] == {ref: {"base": {"identifier": "D"}}}


# pause


async def test_a_pause_holds_and_a_resume_takes(browser, proctor):
    someone = await browser()
    ref = (await someone.start())[0]["ref"]
    await proctor("pause", await attempt_of(someone))
    batch = someone.batch(someone.op(ref))
    held = (await someone.post("ops", batch)).json()
    assert (held["acked"], held["hold"], held["verdicts"]) == (0, True, [])
    assert (held["state"]["phase"], held["state"]["deadline"]) == ("paused", None)
    assert error_of(await someone.post("submit")) == (409, "illegal-move")
    await proctor("resume", await attempt_of(someone))
    assert (await someone.post("ops", batch)).json()["acked"] == 1


# the socket


async def test_the_socket_acknowledges_and_answers_pings(browser):
    someone = await browser()
    ref = (await someone.start())[0]["ref"]
    socket = someone.socket()
    assert (await socket.heard())["state"]["phase"] == "active"
    await socket.tell({"ping": 7})
    assert (await socket.heard())["pong"] == 7
    await socket.tell(someone.batch(someone.op(ref)))
    told = (await socket.heard())["ack"]
    assert (told["acked"], told["hold"], told["state"]["phase"]) == (1, False, "active")


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "",
        "{}",
        "[]",
        "null",
        '{"ping": "x"}',
        '{"ping": 1.5}',
        '{"ops": []}',
        '{"client": "x", "ops": []}',
        '{"surprise": 1}',
        DEEP.decode(),
        '{"ping": NaN}',
    ],
)
async def test_a_message_without_sense_is_told_and_the_socket_lives(browser, text):
    someone = await browser()
    socket = someone.socket()
    await socket.heard()
    await socket.tell(text)
    assert (await socket.heard())["error"]["key"] == "invalid"
    await socket.tell({"ping": 2**63})
    assert (await socket.heard())["pong"] == 2**63


async def test_binary_is_refused(browser):
    socket = (await browser()).socket()
    await socket.heard()
    await socket.tell_bytes(b"\x00")
    assert await socket.heard() is None
    assert socket.closed == 1003


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"origin": "http://evil.test"}, 4403),
        ({"origin": "null"}, 4403),
        ({"cookie": ""}, 4401),
        ({"cookie": "ombilin_seat=x.y"}, 4401),
    ],
)
async def test_a_socket_of_nobody_is_not_accepted(browser, headers, code):
    socket = (await browser()).socket(**headers)
    assert await socket.heard() is None
    assert (socket.closed, socket.accepted) == (code, False)


async def test_operations_of_a_superseded_socket_are_told_so(browser):
    old = await browser()
    ref = (await old.start())[0]["ref"]
    socket = old.socket()
    await socket.heard()
    await browser()
    await socket.tell(old.batch(old.op(ref)))
    assert await socket.heard() == {"superseded": True}
    later = old.socket()
    assert await later.heard() == {"superseded": True} or later.closed == 4409


# two workers on one database


async def test_two_workers_tell_each_other(browser, worker, proctor, sql):
    async with worker() as first, worker() as second:
        someone = await browser(at=first)
        ref = (await someone.start())[0]["ref"]
        socket = someone.socket()
        assert (await socket.heard())["state"]["phase"] == "active"
        await proctor("pause", await attempt_of(someone))
        assert (await socket.heard())["state"]["phase"] == "paused"
        await proctor("resume", await attempt_of(someone))
        assert (await socket.heard())["state"]["phase"] == "active"
        again = await browser(at=second)
        assert await socket.heard() == {"superseded": True}
        assert (await again.post("ops", again.batch(again.op(ref)))).json()["acked"] == 1


async def test_a_newer_seat_of_another_worker_is_believed_before_the_bus_says_so(browser, app, worker):
    """The shared application follows no bus here: what it remembers of the seat is old."""
    old = await browser()
    await old.start()
    assert (await old.post("signals", {"signals": []})).status_code == 204
    async with worker() as elsewhere:
        new = await browser(at=elsewhere)
    new.http._transport = httpx.ASGITransport(app)
    assert (await new.post("signals", {"signals": []})).status_code == 204
    assert error_of(await old.post("signals", {"signals": []})) == (409, "superseded")


async def test_lost_bus_messages_are_made_good(browser, worker, sql, system):
    """A worker whose listener was cut off tells its sockets how they stand as soon as it listens again."""
    async with worker() as one:
        someone = await browser(at=one)
        await someone.start()
        socket = someone.socket()
        assert (await socket.heard())["state"]["phase"] == "active"
        attempt_id = await attempt_of(someone)
        async with system.pool.acquire() as connection, connection.transaction():
            await connection.execute("lock pg_authid in access exclusive mode")
            await connection.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'ombilin-bus'"
                " and datname = current_database()"
            )
            await connection.execute(
                "update exam.attempt set status = 'paused', paused_at = now() where id = $1", attempt_id
            )
            await connection.execute("select pg_notify('ombilin', '[\"nobody\", {}]')")
        while (await socket.heard())["state"]["phase"] != "paused":
            pass
