"""Opens an emergency file and hands its content to the use case; the page and the command line share it.

The form is described in docs/architecture.md; web/client/src/candidate/emergency.ts writes it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from exam_engine.domain.emergency import FILE_LIMIT, FORM, Content, Envelope, Imported
from exam_engine.service.emergency import import_emergency
from kit.errors import Invalid
from kit.signing import unb64url
from web.device import device_key, seal_key
from web.wiring import Deps

REASON_LIMIT = 500


@dataclass(eq=False)
class UnreadableFile(Invalid):
    """No emergency file of this system, or not the one that the candidate saved."""

    key: ClassVar[str] = "emergency-unreadable"


@dataclass(eq=False)
class OtherSession(Invalid):
    """The file is of a candidate of another session."""

    key: ClassVar[str] = "emergency-other-session"


def open_envelope(secret: str, raw: bytes) -> tuple[Envelope, Content]:
    """Decrypt and check; raises `UnreadableFile`, without saying what did not fit."""
    if len(raw) > FILE_LIMIT:
        raise UnreadableFile
    try:
        envelope = msgspec.json.decode(raw, type=Envelope)
        bound = f"{FORM}|{envelope.attempt}".encode()
        point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), unb64url(envelope.point))
        shared = seal_key(secret).exchange(ec.ECDH(), point)
        salt = device_key(secret, envelope.attempt)
        key = HKDF(algorithm=SHA256(), length=32, salt=salt, info=bound).derive(shared)
        plain = AESGCM(key).decrypt(unb64url(envelope.iv), unb64url(envelope.box), bound)
        return envelope, msgspec.json.decode(plain, type=Content)
    except (msgspec.MsgspecError, InvalidTag, ValueError, RecursionError) as error:
        raise UnreadableFile from error


async def take_file(
    deps: Deps, raw: bytes, *, actor: str, reason: str, now: Callable[[], datetime], session_id: UUID | None = None
) -> tuple[Envelope, Imported]:
    """One transaction: the operations that count, the decision in the log, the audit row."""
    reason = reason.strip()[:REASON_LIMIT]
    if not reason:
        raise Invalid("reason must not be empty")
    envelope, content = open_envelope(deps.settings.secret_key, raw)
    legal = await deps.legal.of(envelope.attempt)
    sha256 = hashlib.sha256(raw).hexdigest()
    async with deps.unit() as unit:
        attempt = await unit.attempts.get(envelope.attempt)
        if session_id is not None and attempt.session_id != session_id:
            raise OtherSession
        imported = await import_emergency(unit, attempt.id, content, legal, actor=actor, reason=reason, sha256=sha256)
        detail = {"reason": reason, "sha256": sha256, **msgspec.to_builtins(imported)}
        await unit.accounts.audit(now(), actor, "emergency-imported", str(attempt.id), detail)
    await deps.bus.publish(f"seat.{attempt.id}", {"kind": "state"})
    await deps.bus.publish(f"proctor.{attempt.session_id}", {"kind": "candidate", "attempt": str(attempt.id)})
    return envelope, imported
