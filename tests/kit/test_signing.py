"""Signatures: what holds, and every way in which it must not."""

import base64
from datetime import UTC, datetime, timedelta

import pytest

from kit.canonical import canonical
from kit.signing import (
    BadSignature,
    SigningKey,
    derive_key,
    keyed_digest,
    open_bytes,
    open_token,
    seal_bytes,
    seal_token,
    verify_record,
    verify_webhook,
)

KEY, OTHER = SigningKey("11" * 32), SigningKey("22" * 32)
NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
RECORD = {"total": 390, "name": "Ombilin", "sections": [1, 2]}


def test_a_record_is_verified_and_canonical():
    assert verify_record(KEY.sign_record(RECORD), KEY.public_hex) == canonical(RECORD)


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda jws: OTHER.sign_record(RECORD),
        lambda jws: jws.replace(jws.split(".")[1], b64(canonical({**RECORD, "total": 391}))),
        lambda jws: b64(b'{"alg":"none"}') + "." + jws.split(".")[1] + ".",
        lambda jws: b64(b'{"alg":"HS256"}') + "." + ".".join(jws.split(".")[1:]),
        lambda jws: jws[:-2],
        lambda jws: "nonsense",
        lambda jws: "",
    ],
    ids=["other key", "edited byte", "alg none", "alg HS256", "cut", "nonsense", "empty"],
)
def test_a_spoilt_record_is_refused(spoil):
    with pytest.raises(BadSignature):
        verify_record(spoil(KEY.sign_record(RECORD)), KEY.public_hex)


def test_a_webhook_is_verified():
    headers = KEY.sign_webhook("msg-1", NOW, b"{}")
    assert verify_webhook(headers, b"{}", KEY.public_hex, NOW + timedelta(minutes=4)) == "msg-1"


@pytest.mark.parametrize(
    ("change", "body", "later"),
    [
        ({"webhook-id": "msg-2"}, b"{}", 0),
        ({"webhook-timestamp": str(int(NOW.timestamp()) + 1)}, b"{}", 0),
        ({"webhook-timestamp": "soon"}, b"{}", 0),
        ({"webhook-signature": "v1,AAAA"}, b"{}", 0),
        ({"webhook-signature": "v1a,!!!"}, b"{}", 0),
        ({}, b"{ }", 0),
        ({}, b"{}", 6),
        ({}, b"{}", -6),
    ],
)
def test_a_spoilt_webhook_is_refused(change, body, later):
    headers = KEY.sign_webhook("msg-1", NOW, b"{}") | change
    with pytest.raises(BadSignature):
        verify_webhook(headers, body, KEY.public_hex, NOW + timedelta(minutes=later))


def test_tokens():
    key = derive_key("ab" * 32, "seat")
    token = seal_token(key, "a.b.c")
    assert open_token(key, token) == "a.b.c"
    for spoilt in (token[:-1], "x" + token, "a.b.d." + token.rsplit(".", 1)[1], "", ".", "ä" + token):
        with pytest.raises(BadSignature):
            open_token(key, spoilt)


def test_keys_of_different_purposes_differ():
    assert derive_key("ab" * 32, "seat") != derive_key("ab" * 32, "pin")
    assert keyed_digest(b"k" * 32, "1234") != keyed_digest(b"l" * 32, "1234")


def test_sealed_bytes_open_with_their_key_and_what_they_are_bound_to():
    key = bytes(32)
    sealed = seal_bytes(key, b"form", b"attempt")
    assert open_bytes(key, sealed, b"attempt") == b"form"
    assert seal_bytes(key, b"form", b"attempt") != sealed
    for wrong_key, raw, bound_to in (
        (bytes(31) + b"1", sealed, b"attempt"),
        (key, sealed, b"another"),
        (key, sealed[:-1] + bytes([sealed[-1] ^ 1]), b"attempt"),
        (key, b"", b"attempt"),
    ):
        with pytest.raises(BadSignature):
            open_bytes(wrong_key, raw, bound_to)
