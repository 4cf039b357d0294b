"""Keys that the server lends to the browser of one attempt.

`key` seals what the browser keeps at rest: it is derived from the attempt, so that every log-in of the same candidate
gets the same one and the next user of the machine gets none. `seal` is the public key (P-256, which every browser has)
that emergency files are sealed for; its private half is derived from the secret and never leaves the server.
"""

from __future__ import annotations

from uuid import UUID

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from kit.signing import b64url, derive_key

CURVE_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # n of P-256, FIPS 186-5


def device_key(secret: str, attempt_id: UUID) -> bytes:
    """32 bytes for AES-GCM in the browser of this attempt."""
    return derive_key(secret, f"device:{attempt_id.hex}")


def seal_key(secret: str) -> ec.EllipticCurvePrivateKey:
    """The private key that opens emergency files."""
    scalar = int.from_bytes(derive_key(secret, "emergency")) % (CURVE_ORDER - 1) + 1
    return ec.derive_private_key(scalar, ec.SECP256R1())


def device_view(secret: str, attempt_id: UUID) -> dict[str, str]:
    """`device` of the bootstrap; both base64url, the public key as an uncompressed point."""
    point = seal_key(secret).public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return {"key": b64url(device_key(secret, attempt_id)), "seal": b64url(point)}
