"""The forms of an answer receipt, and reading what somebody brings.

The final receipt is small enough for a QR code and for a line of text: `OMBILIN1.` and base32 of version, attempt, seq,
head of the log, hash of the score record, ed25519 signature. An intermediate one, `<attempt>:<seq>:<head>`, is what the
candidate's browser kept of an acknowledgement; it is not signed, but no log that was changed gives its head. The JWS
of a score is taken as well.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from typing import ClassVar, TypeAlias
from uuid import UUID

import msgspec

from kit.errors import Invalid
from kit.signing import SigningKey, verify_bytes

PREFIX = "OMBILIN1."
PURPOSE = "ombilin-receipt-1"
VERSION = 1
SIZE = 1 + 16 + 4 + 32 + 32
SIGNATURE = 64
LONGEST = 65_536  # of a text that is tried; the JWS of a score has about 2,000 characters
_INTERMEDIATE = re.compile(r"([0-9a-fA-F-]{32,36}):(\d{1,15}):([0-9a-fA-F]{64})")
_JWS = re.compile(r"[\w-]+\.[\w-]+\.[\w-]+")


@dataclass(eq=False)
class NoReceipt(Invalid):
    """`problem` says why the text is no receipt."""

    problem: str
    key: ClassVar[str] = "no-receipt"

    def __str__(self) -> str:
        return f"This is no receipt: {self.problem}"


class FinalReceipt(msgspec.Struct, frozen=True):
    """The log of `attempt` ends at event `seq` with `head`; it was scored as the record with `record_hash`."""

    attempt: UUID
    seq: int
    head: str
    record_hash: str
    signature: bytes = b""

    def content(self) -> bytes:
        """What is signed."""
        numbers = bytes([VERSION]) + self.attempt.bytes + self.seq.to_bytes(4, "big")
        return numbers + bytes.fromhex(self.head) + bytes.fromhex(self.record_hash)

    def signed(self, key: SigningKey) -> FinalReceipt:
        """With our signature."""
        return msgspec.structs.replace(self, signature=key.sign_bytes(PURPOSE, self.content()))

    def verify(self, public_hex: str) -> None:
        """Raises `BadSignature` unless the key signed it."""
        verify_bytes(PURPOSE, self.content(), self.signature, public_hex)

    def text(self) -> str:
        """The short text, all of it in the alphabet that QR codes hold best."""
        return PREFIX + base64.b32encode(self.content() + self.signature).decode().rstrip("=")


class AckReceipt(msgspec.Struct, frozen=True):
    """What an acknowledgement said: after event `seq` the head was `head`."""

    attempt: UUID
    seq: int
    head: str

    def text(self) -> str:
        """One line."""
        return f"{self.attempt}:{self.seq}:{self.head}"


class ScoreReceipt(msgspec.Struct, frozen=True):
    """The JWS of a score record; its signature is checked later, with the key."""

    jws: str


Receipt: TypeAlias = FinalReceipt | AckReceipt | ScoreReceipt


def read_receipt(text: str) -> Receipt:
    """A receipt from its text, whatever spaces and line breaks came in between; raises `NoReceipt`."""
    packed = "".join(text[:LONGEST].split())
    if packed.upper().startswith(PREFIX):
        return _final(packed.upper().removeprefix(PREFIX))
    if found := _INTERMEDIATE.fullmatch(packed):
        try:
            return AckReceipt(UUID(found[1]), int(found[2]), found[3].lower())
        except ValueError as error:
            raise NoReceipt("the attempt is not a UUID") from error
    if _JWS.fullmatch(packed):
        return ScoreReceipt(packed)
    raise NoReceipt(f"it is neither {PREFIX}..., nor attempt:seq:head, nor the JWS of a score")


def _final(encoded: str) -> FinalReceipt:
    try:
        raw = base64.b32decode(encoded + "=" * (-len(encoded) % 8))
    except (binascii.Error, ValueError) as error:
        raise NoReceipt("a character is wrong or missing") from error
    if len(raw) != SIZE + SIGNATURE or raw[0] != VERSION:
        raise NoReceipt("it is not whole, or of another version")
    return FinalReceipt(
        attempt=UUID(bytes=raw[1:17]),
        seq=int.from_bytes(raw[17:21], "big"),
        head=raw[21:53].hex(),
        record_hash=raw[53:85].hex(),
        signature=raw[85:],
    )
