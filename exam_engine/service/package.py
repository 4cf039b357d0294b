"""The sealed package: a candidate's form, compressed and encrypted, to be fetched before T0 and read after the start.

The key belongs to one attempt: HKDF of the installation's secret and the session, then HMAC of the attempt's id. It is
handed out with the start of that attempt only, so that nobody reads before the clock runs, nor by somebody else's key.
"""

from __future__ import annotations

import hmac
import zlib
from functools import lru_cache
from uuid import UUID

from kit.signing import derive_key, seal_bytes

COMPRESSION = 1  # 136 kB to 32 kB in a millisecond; level 6 gives 26 kB in four


@lru_cache(64)
def _session_key(secret_hex: str, session_id: UUID) -> bytes:
    return derive_key(secret_hex, f"package of session {session_id}")


def package_key(secret_hex: str, session_id: UUID, attempt_id: UUID) -> bytes:
    """The 32 bytes that open the package of an attempt."""
    return hmac.digest(_session_key(secret_hex, session_id), attempt_id.bytes, "sha256")


def seal_package(key: bytes, attempt_id: UUID, form: bytes) -> bytes:
    """The package of a form (JSON); both steps leave the GIL, so call it in a thread."""
    return seal_bytes(key, zlib.compress(form, COMPRESSION), str(attempt_id).encode())
