"""Signatures: evidence (JWS), transport (Standard Webhooks `v1a`) and short tokens (HMAC).

A score record is signed as a compact JWS (RFC 7515, EdDSA of RFC 8037) over its RFC 8785 form, so that it can be
verified offline years later with the published key alone. Each delivery is signed besides, after Standard Webhooks,
so that the receiver refuses what is old or came from elsewhere before it parses anything.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from joserfc import jws
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import OKPKey

from kit.canonical import canonical
from kit.errors import Unauthenticated

# RFC 9864 renames EdDSA to Ed25519; the contract keeps the name that verifiers of today know
warnings.filterwarnings("ignore", message="EdDSA is deprecated", category=SecurityWarning)

WEBHOOK_TOLERANCE = timedelta(minutes=5)  # what Standard Webhooks recommends


@dataclass(eq=False)
class BadSignature(Unauthenticated):
    """`reason` says what did not hold: missing header, unknown version, expired, signature, algorithm."""

    reason: str
    key: ClassVar[str] = "bad-signature"


def b64url(raw: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def unb64url(text: str) -> bytes:
    """The reverse of `b64url`; raises ValueError where the text is not base64url."""
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def derive_key(secret_hex: str, purpose: str) -> bytes:
    """32 bytes for one purpose out of the one configured secret (HKDF, RFC 5869)."""
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose.encode()).derive(bytes.fromhex(secret_hex))


class SigningKey:
    """An ed25519 private key, from its 32-byte seed in hexadecimal."""

    def __init__(self, seed_hex: str) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(seed_hex))
        self._jwk = OKPKey.import_key(
            {"kty": "OKP", "crv": "Ed25519", "d": b64url(bytes.fromhex(seed_hex)), "x": b64url(self.public)}
        )

    @property
    def public(self) -> bytes:
        """The 32 raw bytes of the public key."""
        return self._key.public_key().public_bytes_raw()

    @property
    def public_hex(self) -> str:
        """The public key, as it is published and configured."""
        return self.public.hex()

    def sign_record(self, record: Any) -> str:
        """A compact JWS over the canonical form of a JSON value."""
        header = {"alg": "EdDSA", "kid": self.public_hex[:16]}
        return jws.serialize_compact(header, canonical(record), self._jwk, algorithms=["EdDSA"])

    def sign_bytes(self, purpose: str, content: bytes) -> bytes:
        """64 bytes: an ed25519 signature for one purpose, for forms too short for a JWS."""
        return self._key.sign(_of_purpose(purpose, content))

    def sign_webhook(self, message_id: str, at: datetime, body: bytes) -> dict[str, str]:
        """The three headers of Standard Webhooks."""
        stamp = str(int(at.timestamp()))
        signature = base64.b64encode(self._key.sign(_webhook_content(message_id, stamp, body))).decode()
        return {"webhook-id": message_id, "webhook-timestamp": stamp, "webhook-signature": f"v1a,{signature}"}


def _of_purpose(purpose: str, content: bytes) -> bytes:
    return purpose.encode() + b"\n" + content


def verify_bytes(purpose: str, content: bytes, signature: bytes, public_hex: str) -> None:
    """Raises `BadSignature` unless `sign_bytes` made the signature with this key, for this purpose."""
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_hex)).verify(signature, _of_purpose(purpose, content))
    except (InvalidSignature, ValueError) as error:
        raise BadSignature(purpose) from error


def _webhook_content(message_id: str, stamp: str, body: bytes) -> bytes:
    return f"{message_id}.{stamp}.".encode() + body


def verify_record(compact: str, public_hex: str) -> bytes:
    """The canonical bytes that were signed; raises `BadSignature` for a wrong key, algorithm or edited byte."""
    key = OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "x": b64url(bytes.fromhex(public_hex))})
    try:
        return bytes(jws.deserialize_compact(compact, key, algorithms=["EdDSA"]).payload)
    except (JoseError, ValueError) as error:
        raise BadSignature(f"record: {type(error).__name__}") from error


def verify_webhook(headers: Mapping[str, str], body: bytes, public_hex: str, now: datetime) -> str:
    """The message id of an authentic, recent delivery; raises `BadSignature`."""
    try:
        message_id, stamp, signatures = (headers[f"webhook-{name}"] for name in ("id", "timestamp", "signature"))
        at = int(stamp)
    except (KeyError, ValueError) as error:
        raise BadSignature("a webhook header is missing or malformed") from error
    if abs(now.timestamp() - at) > WEBHOOK_TOLERANCE.total_seconds():
        raise BadSignature("the timestamp is too old or in the future")
    public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_hex))
    for part in signatures.split():
        version, _, encoded = part.partition(",")
        if version != "v1a":
            continue
        try:
            public.verify(base64.b64decode(encoded, validate=True), _webhook_content(message_id, stamp, body))
        except (InvalidSignature, ValueError):
            continue
        return message_id
    raise BadSignature("no signature of this body fits the key")


def seal_token(key: bytes, payload: str) -> str:
    """`payload.mac`: a token that only a holder of the key can make. The payload is readable: put no secret in it."""
    return f"{payload}.{b64url(hmac.digest(key, payload.encode(), 'sha256')[:18])}"


def open_token(key: bytes, token: str) -> str:
    """The payload of a token that this key sealed; raises `BadSignature`."""
    payload, _, mac = token.rpartition(".")
    expected = b64url(hmac.digest(key, payload.encode(), "sha256")[:18])
    if not payload or not hmac.compare_digest(mac.encode("utf-8", "replace"), expected.encode()):
        raise BadSignature("token")
    return payload


def seal_bytes(key: bytes, plain: bytes, bound_to: bytes) -> bytes:
    """12 random bytes of nonce, then AES-256-GCM; opens only with the same `bound_to`."""
    nonce = os.urandom(12)
    return nonce + AESGCM(key).encrypt(nonce, plain, bound_to)


def open_bytes(key: bytes, sealed: bytes, bound_to: bytes) -> bytes:
    """The reverse of `seal_bytes`; raises `BadSignature` where anything was changed."""
    try:
        return AESGCM(key).decrypt(sealed[:12], sealed[12:], bound_to)
    except (InvalidTag, ValueError) as error:
        raise BadSignature("sealed bytes") from error


def keyed_digest(key: bytes, text: str) -> bytes:
    """Keyed BLAKE2b of a high-entropy code (access PIN): fast to check, useless without the key."""
    return hashlib.blake2b(text.encode(), key=key, digest_size=32).digest()
