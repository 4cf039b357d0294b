"""Receive one hand-over: check the signatures, decide, keep the evidence; every authentic byte is kept, applied or not.

Nothing is stored of a delivery whose signature does not hold: whoever has no key must not be able to fill a disk.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import msgspec

from kit.canonical import canonical, sha256_hex
from kit.handover import Envelope, ScoreRecord, parse_envelope, parse_record
from kit.signing import BadSignature, verify_record, verify_webhook
from recruitment.domain.inbox import Incoming, Verdict, contradictions, decide
from recruitment.domain.records import Delivery, StoredScore
from recruitment.service.ports import RecruitmentPort

MALFORMED = "malformed"
MOST = 1_000_000  # attempts and score versions; a larger one is a mistake, and would not fit its column


@dataclass(frozen=True)
class Receipt:
    """What became of a delivery; `verdict` None = it holds no record. `new` = this exact refusal was not known."""

    event_id: str
    verdict: Verdict | None
    problems: tuple[str, ...] = ()
    new: bool = True


async def receive_score(
    unit: RecruitmentPort, headers: Mapping[str, str], body: bytes, public_hex: str, now: datetime
) -> Receipt:
    """Raises `BadSignature`, with nothing stored; every other end is a receipt and must be committed."""
    message_id = verify_webhook(headers, body, public_hex, now)
    sha256 = sha256_hex(body)
    try:
        envelope = parse_envelope(body)
        payload = verify_record(envelope.data.jws, public_hex)
        record = parse_record(payload)
        plain = msgspec.json.decode(payload)
        _require_storable(envelope, record, payload)
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        new = await unit.quarantine(Delivery("", message_id, sha256, body, now), MALFORMED)
        return Receipt(message_id, None, (str(error),), new)
    if canonical(plain) != payload:
        raise BadSignature("record: the signed bytes are not the canonical form")
    delivery = Delivery(envelope.source, envelope.id, sha256, body, now)
    await unit.lock_delivery(envelope.source, envelope.id)
    await unit.lock_delivery(str(record.participant_id), f"{record.exam_id}/{record.attempt}")
    existing = await unit.delivery(envelope.source, envelope.id)
    latest = await unit.latest_version(record.participant_id, record.exam_id, record.attempt)
    problems = contradictions(envelope, record, message_id)
    verdict = decide(existing, latest, Incoming(sha256, record.score_version, problems))
    if verdict is Verdict.MISMATCH:
        return Receipt(envelope.id, verdict, (), await unit.quarantine(delivery, verdict.value))
    if existing is not None:
        return Receipt(envelope.id, verdict, problems, new=False)
    await unit.add_delivery(delivery, verdict, problems)
    if verdict is Verdict.APPLIED:
        await unit.add_score(
            StoredScore(
                participant_id=record.participant_id,
                exam_id=record.exam_id,
                attempt=record.attempt,
                score_version=record.score_version,
                session_id=record.session_id,
                vacancy_code=record.vacancy_id,
                record=plain,
                record_hash=sha256_hex(payload),
                jws=envelope.data.jws,
                source=envelope.source,
                event_id=envelope.id,
                received_at=now,
            )
        )
    return Receipt(envelope.id, verdict, problems)


def _require_storable(envelope: Envelope, record: ScoreRecord, payload: bytes) -> None:
    """Raise `msgspec.ValidationError` for what no database column can hold."""
    if any("\0" in text for text in (envelope.id, envelope.source)) or b"\\u0000" in payload:
        raise msgspec.ValidationError("a text holds a NUL character")
    if not (0 < record.attempt <= MOST and 0 < record.score_version <= MOST):
        raise msgspec.ValidationError(f"attempt or score_version is not in 1..{MOST}")
