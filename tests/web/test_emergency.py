"""Emergency files: what a lead proctor hands in, what of it counts, and what is refused without a trace."""

import os
import re
from uuid import UUID, uuid4

import httpx
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from kit.clock import utc_now
from kit.signing import b64url, unb64url

FIELD = re.compile(r'name="csrf_token" value="([^"]+)"')
COUNTS = re.compile(r"<dt>[^<]*</dt><dd>(?:<b>)?(\d+)")
FORM = "ombilin-emergency-1"
MINUTE_MS = 60_000


def sealed(told, *batches, form=FORM, salt=None, box=None, attempt=None) -> bytes:
    """A file as web/client/src/candidate/emergency.ts makes it, from a bootstrap."""
    attempt = attempt or told["attempt"]["id"]
    bound = f"{FORM}|{attempt}".encode()
    own = ec.generate_private_key(ec.SECP256R1())
    server = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), unb64url(told["device"]["seal"]))
    lent = salt or unb64url(told["device"]["key"])
    key = HKDF(algorithm=SHA256(), length=32, salt=lent, info=bound).derive(own.exchange(ec.ECDH(), server))
    iv = os.urandom(12)
    plain = msgspec.json.encode({"made_at": 1, "batches": batches, "receipt": None})
    point = own.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return msgspec.json.encode(
        {
            "form": form,
            "attempt": attempt,
            "number": "T-001",
            "made_at": 1,
            "point": b64url(point),
            "iv": b64url(iv),
            "box": b64url(box or AESGCM(key).encrypt(iv, plain, bound)),
        }
    )


@pytest.fixture
async def hand_in(app, world, system):
    """`await hand_in(raw)`: a lead proctor's form; returns (status, the five counts in order, the page)."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://exam.test") as http:
        token = FIELD.search((await http.get("/staff/login")).text)[1]
        form = {"csrf_token": token, "username": "lead_proctor", "password": world.password}
        assert (await http.post("/staff/login", data=form)).status_code == 303

        async def send(raw, reason="network of room 2", session=world.session_id):
            path = f"/proctor/sessions/{session}/emergency"
            token = FIELD.search((await http.get(path)).text)[1]
            form = {"csrf_token": token, "reason": reason}
            answer = await http.post(path, data=form, files={"file": ("x.ombilin", raw)})
            return answer.status_code, [int(each) for each in COUNTS.findall(answer.text)], answer.text

        yield send


async def started(browser, number="T-001"):
    own = await browser(number)
    items = await own.start()
    return own, items, (await own.get("bootstrap")).json()


async def log_of(sql, told):
    return await sql(
        "select kind, payload, revision from exam.event where attempt_id = $1 order by seq", UUID(told["attempt"]["id"])
    )


async def test_what_did_not_arrive_counts_once(browser, hand_in, sql):
    own, items, told = await started(browser)
    arrived = own.op(items[0]["ref"], "A")
    assert (await own.post("ops", own.batch(arrived))).json()["acked"] == 1
    lost = [own.op(items[1]["ref"], "B"), own.op(items[2]["ref"], "C")]
    marked = own.op(items[1]["ref"], kind="flag", flagged=True)
    del marked["value"]
    raw = sealed(told, own.batch(arrived, *lost, marked))
    assert (await hand_in(raw))[:2] == (200, [3, 1, 0, 0, 0])
    log = await log_of(sql, told)
    assert [each["kind"] for each in log[-4:]] == ["imported", "responded", "responded", "flagged"]
    assert log[-4]["payload"]["actor"] == "lead_proctor"
    assert log[-4]["payload"]["reason"] == "network of room 2"
    again = (await own.get("bootstrap")).json()
    assert again["responses"][items[2]["ref"]] == {"base": {"identifier": "C"}}
    assert again["flags"] == [items[1]["ref"]]
    assert (await hand_in(raw))[:2] == (200, [0, 4, 0, 0, 0])
    assert len(await log_of(sql, told)) == len(log)
    assert (await own.post("ops", own.batch(*lost, marked))).json()["verdicts"] == []
    assert len(await log_of(sql, told)) == len(log), "the page that sends them later doubles nothing"
    audit = await sql("select detail from ops.audit where action = 'emergency-imported' order by at")
    assert [each["detail"]["accepted"] for each in audit] == [3, 0]


async def test_a_newer_answer_is_not_undone(browser, hand_in, sql):
    own, items, told = await started(browser)
    old, new = own.op(items[0]["ref"], "A"), own.op(items[0]["ref"], "B")
    await own.post("ops", own.batch(new))
    assert (await hand_in(sealed(told, own.batch(old))))[:2] == (200, [1, 0, 0, 0, 0])
    assert (await own.get("bootstrap")).json()["responses"][items[0]["ref"]] == {"base": {"identifier": "B"}}
    rows = await sql("select value from exam.response where attempt_id = $1", UUID(told["attempt"]["id"]))
    assert [each["value"] for each in rows] == [{"base": {"identifier": "B"}}]


async def test_only_what_was_made_in_time_and_makes_sense(browser, hand_in):
    own, items, told = await started(browser)
    now = utc_now().timestamp() * 1000
    ops = [
        own.op(items[0]["ref"], "A", at=told["state"]["now"] - 60 * MINUTE_MS),
        own.op(items[1]["ref"], "A", at=told["state"]["deadline"] + 1),
        own.op(items[2]["ref"], "A", at=now + 10 * MINUTE_MS),
        own.op(items[3]["ref"], "NO SUCH OPTION"),
        own.op(str(uuid4()), "A"),
    ]
    assert (await hand_in(sealed(told, own.batch(*ops))))[:2] == (200, [0, 0, 2, 1, 2])


async def test_after_the_end_the_log_grows_and_the_score_stays(browser, hand_in, sql):
    own, items, told = await started(browser)
    lost = own.op(items[0]["ref"], "A")
    late = own.op(items[1]["ref"], "A", at=utc_now().timestamp() * 1000 + MINUTE_MS)
    assert (await own.post("submit")).status_code == 200
    before = await sql("select version, record_hash from exam.score")
    status, counts, page = await hand_in(sealed(told, own.batch(lost, late)))
    assert (status, counts) == (200, [1, 0, 1, 0, 0])
    assert "notice-warn" in page
    assert await sql("select version, record_hash from exam.score") == before


async def test_an_attempt_that_has_not_begun_takes_nothing(browser, hand_in):
    own = await browser("T-002")
    told = (await own.get("bootstrap")).json()
    assert (await hand_in(sealed(told, own.batch(own.op(str(uuid4()))))))[0] == 409


async def test_files_that_are_not_the_candidates(browser, hand_in, sql):
    """A changed byte, another attempt, a key that was never lent, another form: one refusal, nothing written."""
    own, items, told = await started(browser)
    _, _, foreign = await started(browser, "T-002")
    batch = own.batch(own.op(items[0]["ref"]))
    before = len(await log_of(sql, told))
    good = msgspec.json.decode(sealed(told, batch))
    flipped = good["box"][:-2] + ("AA" if good["box"][-2:] != "AA" else "BB")
    bad = [
        b"",
        b"{}",
        b"\xff\xfe",
        b"[" * 100_000,
        b"x" * (1024 * 1024 + 1),
        sealed(told, batch, form="ombilin-emergency-2"),
        sealed(told, batch, salt=bytes(32)),
        sealed(told, batch, box=b"short"),
        sealed(told, batch, attempt=foreign["attempt"]["id"]),
        msgspec.json.encode(good | {"attempt": foreign["attempt"]["id"]}),
        msgspec.json.encode(good | {"box": flipped}),
        msgspec.json.encode(good | {"point": b64url(b"\x04" + bytes(64))}),
        msgspec.json.encode(good | {"iv": "?"}),
        sealed(told, {"client": "no uuid", "ops": []}),
    ]
    for raw in bad:
        assert (await hand_in(raw))[0] == 422
    assert (await hand_in(msgspec.json.encode(good), reason="  "))[0] == 422
    assert len(await log_of(sql, told)) == before


async def test_the_console_of_another_session_refuses_it(browser, hand_in, sql):
    own, items, told = await started(browser)
    other = uuid4()
    await sql(
        "insert into exam.session (id, exam_id, code, opens_at, closes_at)"
        " select $1, exam_id, 'OTHER', opens_at, closes_at from exam.session limit 1",
        other,
    )
    try:
        raw = sealed(told, own.batch(own.op(items[0]["ref"])))
        assert (await hand_in(raw, session=other))[0] == 422
    finally:
        await sql("delete from exam.session where id = $1", other)


async def test_each_attempt_has_a_key_of_its_own(browser):
    _, _, one = await started(browser)
    _, _, two = await started(browser, "T-002")
    assert one["device"]["key"] != two["device"]["key"]
    assert one["device"]["seal"] == two["device"]["seal"]
    again = await browser("T-001")
    assert (await again.get("bootstrap")).json()["device"] == one["device"], "the next log-in opens what was sealed"
