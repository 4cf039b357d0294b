"""The hand-over record: what the examination system says about one sitting, and the envelope that carries it.

One strict structure for both products: unknown fields are refused, scores are integers or decimal strings, and an
absent applicant is a status, never a zero. The JSON Schema (2020-12) that third parties read is generated from here.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, TypeAlias
from uuid import UUID

import msgspec

SCHEMA_VERSION = 1
EVENT_TYPE = "id.ombilin.score.v1"
MEDIA_TYPE = "application/cloudevents+json"

Points: TypeAlias = int | str
Status: TypeAlias = Literal["final", "absent", "void", "withheld", "pending_manual"]


class SectionScore(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Points of one section and the most that it can give; `passed` is None where no threshold applies."""

    code: str
    points: Points
    max: Points
    threshold: Points | None
    passed: bool | None


class RulePackRef(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The rule pack that scored the sitting, by content."""

    id: str
    version: str
    sha256: str


class ProctoringSummary(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How many incidents humans upheld, and where the adjudication is kept."""

    flags: int
    adjudication_ref: str | None


class Reason(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Why a later score version replaces an earlier one; two different people approve it."""

    code: str
    objection_id: str | None
    approvers: tuple[str, str]


class ScoreRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The signed facts of one sitting (docs/handover.md)."""

    schema_version: Literal[1]
    event_id: UUID
    exam_id: str
    session_id: str
    participant_id: UUID
    vacancy_id: str
    attempt: int
    status: Status
    sections: tuple[SectionScore, ...]
    total: Points
    total_max: Points
    total_threshold: Points | None
    passed: bool | None
    rule_pack: RulePackRef
    form_hash: str
    key_version: int
    started_at: datetime
    submitted_at: datetime
    minutes_allowed: int
    proctoring: ProctoringSummary
    score_version: int
    supersedes: int | None
    reason: Reason | None
    prev_hash: str


class Evidence(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The data of the envelope: the JWS over the canonical record."""

    jws: str


class Envelope(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """CloudEvents 1.0 in structured JSON mode."""

    specversion: Literal["1.0"]
    id: str
    source: str
    type: str
    subject: str
    time: datetime
    datacontenttype: Literal["application/json"]
    data: Evidence


def to_plain(value: msgspec.Struct) -> Any:
    """The JSON value of a record, ready for `kit.canonical`."""
    return msgspec.to_builtins(value, str_keys=True)


def parse_record(raw: bytes) -> ScoreRecord:
    """A record from its JSON; raises `msgspec.ValidationError` with the path of what is wrong."""
    return msgspec.json.decode(raw, type=ScoreRecord)


def parse_envelope(raw: bytes) -> Envelope:
    """An envelope from its JSON; raises `msgspec.ValidationError`."""
    return msgspec.json.decode(raw, type=Envelope)


def record_schema() -> dict[str, Any]:
    """The published JSON Schema of the record."""
    return msgspec.json.schema(ScoreRecord)
