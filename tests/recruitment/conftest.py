"""Fixtures of the admin module: the demo's people, a sender with a key, and an application on a fresh database."""

import tomllib
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest

from kit.accounts.store import AccountStore, Staff
from kit.handover import EVENT_TYPE, Envelope, Evidence, ProctoringSummary, RulePackRef, ScoreRecord, SectionScore
from kit.handover import to_plain as plain
from kit.signing import SigningKey
from recruitment.app import create_app
from recruitment.demo import load_demo
from recruitment.settings import Settings
from recruitment.wiring import SCHEMA, build_deps

NOW = datetime(2025, 8, 17, 4, 0, tzinfo=UTC)
SEED = "11" * 32
PASSWORD = "correct horse battery"  # of a throw-away database
PARTICIPANTS = Path(__file__).parents[2] / "scripts" / "demo" / "participants.toml"


@dataclass(frozen=True)
class Sender:
    """The examination system as the inbox sees it: records, envelopes, signed headers."""

    key: SigningKey = SigningKey(SEED)
    source: str = "https://exam.test"

    def record(self, participant: str | UUID, points=(90, 115, 185), **changes: Any) -> ScoreRecord:
        """A sound record; `points` of TWK, TIU, TKP."""
        rules = (("TWK", 150, 65), ("TIU", 175, 80), ("TKP", 225, 166))
        sections = tuple(
            SectionScore(code=code, points=own, max=most, threshold=need, passed=own >= need)
            for own, (code, most, need) in zip(points, rules, strict=True)
        )
        record = ScoreRecord(
            schema_version=1,
            event_id=uuid4(),
            exam_id="SKD-2026",
            session_id="SKD-DEMO",
            participant_id=UUID(str(participant)),
            vacancy_id="PRW-01",
            attempt=1,
            status="final",
            sections=sections,
            total=sum(points),
            total_max=550,
            total_threshold=None,
            passed=all(section.passed for section in sections),
            rule_pack=RulePackRef(id="skd", version="2024.1", sha256="a" * 64),
            form_hash="b" * 64,
            key_version=1,
            started_at=NOW - timedelta(minutes=110),
            submitted_at=NOW - timedelta(minutes=10),
            minutes_allowed=100,
            proctoring=ProctoringSummary(flags=0, adjudication_ref=None),
            score_version=1,
            supersedes=None,
            reason=None,
            prev_hash="0" * 64,
        )
        return msgspec.structs.replace(record, **changes)

    def body(self, record: ScoreRecord, jws: str | None = None, **changes: Any) -> bytes:
        """The envelope of a record."""
        envelope = Envelope(
            specversion="1.0",
            id=str(record.event_id),
            source=self.source,
            type=EVENT_TYPE,
            subject=str(record.participant_id),
            time=record.submitted_at,
            datacontenttype="application/json",
            data=Evidence(jws=jws or self.key.sign_record(plain(record))),
        )
        return msgspec.json.encode(msgspec.structs.replace(envelope, **changes))

    def headers(self, record: ScoreRecord, body: bytes, at: datetime = NOW) -> dict[str, str]:
        """The signed headers of a delivery."""
        return self.key.sign_webhook(str(record.event_id), at, body)

    def with_key(self, seed: str) -> "Sender":
        """The same sender with another key."""
        return replace(self, key=SigningKey(seed))


@pytest.fixture(scope="session")
def participants() -> list[dict[str, Any]]:
    return tomllib.loads(PARTICIPANTS.read_text(encoding="utf-8"))["participant"]


@pytest.fixture(scope="session")
def sender() -> Sender:
    return Sender()


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture(scope="session")
def digest(cheap_digest) -> str:
    """Of the one password."""
    return cheap_digest(PASSWORD)


@pytest.fixture
async def demo_pool(recruitment_pool, participants, digest):
    """The demo's vacancies and applicants, and one account of each role."""
    await load_demo(recruitment_pool, participants, now=NOW)
    async with recruitment_pool.acquire() as connection:
        accounts = AccountStore(connection, SCHEMA)
        for role in ("administrator", "committee", "auditor", "assessor"):
            await accounts.save(Staff(uuid4(), role, f"Name of {role}", role), digest, NOW)
    return recruitment_pool


@pytest.fixture
def deps(demo_pool, sender):
    settings = Settings(
        recruitment_database_url="unused: the pool is given",
        recruitment_secret_key="22" * 32,
        handover_public_key=sender.key.public_hex,
    )
    return build_deps(settings, demo_pool, lambda: NOW)


@pytest.fixture
def client(deps):
    return create_app(deps).test_client()


@pytest.fixture
def deliver(client, sender):
    """Send a record as the examination system does; returns (status, JSON)."""

    async def send(record: ScoreRecord, body: bytes | None = None, headers: dict[str, str] | None = None):
        body = body if body is not None else sender.body(record)
        answer = await client.post("/inbox/scores", data=body, headers=headers or sender.headers(record, body))
        return answer.status_code, await answer.get_json()

    return send


@pytest.fixture
def log_in(client):
    """Log in as a role through the form, as people do."""

    async def enter(role: str = "committee") -> None:
        page = await (await client.get("/staff/login")).get_data(as_text=True)
        token = page.split('name="csrf_token" value="')[1].split('"')[0]
        form = {"csrf_token": token, "username": role, "password": PASSWORD, "next": ""}
        answer = await client.post("/staff/login", form=form)
        assert answer.status_code == 303, await answer.get_data(as_text=True)

    return enter
