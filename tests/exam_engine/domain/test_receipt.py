"""Receipts as text: what was written is read again, whatever spaces came in; anything else is refused in words."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_engine.domain.receipt import AckReceipt, FinalReceipt, NoReceipt, ScoreReceipt, read_receipt
from kit.signing import BadSignature, SigningKey

KEY, OTHER = SigningKey("11" * 32), SigningKey("22" * 32)
hashes = st.binary(min_size=32, max_size=32).map(bytes.hex)


@given(st.uuids(), st.integers(0, 2**32 - 1), hashes, hashes, st.integers(1, 60))
def test_a_final_receipt_is_read_again_and_carries_the_signature(attempt, seq, head, record, width):
    receipt = FinalReceipt(attempt, seq, head, record).signed(KEY)
    text = receipt.text()
    assert len(text) < 260
    folded = "\n ".join(text[at : at + width] for at in range(0, len(text), width))
    for form in (text, folded, text.lower()):
        again = read_receipt(form)
        assert again == receipt
        again.verify(KEY.public_hex)
    with pytest.raises(BadSignature):
        receipt.verify(OTHER.public_hex)


@given(st.integers(9, 245), st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"))
def test_a_changed_character_is_noticed(place, letter):
    text = FinalReceipt(UUID(int=1), 7, "ab" * 32, "cd" * 32).signed(KEY).text()
    if text[place : place + 1] in ("", letter):
        return
    try:
        changed = read_receipt(text[:place] + letter + text[place + 1 :])
    except NoReceipt:
        return
    if changed != read_receipt(text):  # the last character has bits that mean nothing
        with pytest.raises(BadSignature):
            changed.verify(KEY.public_hex)


@given(st.uuids(), st.integers(0, 10**15 - 1), hashes)
def test_an_intermediate_receipt_is_read_again(attempt, seq, head):
    receipt = AckReceipt(attempt, seq, head)
    assert read_receipt(f"  {receipt.text()}\n") == receipt


def test_a_jws_is_taken_as_it_is():
    jws = KEY.sign_record({"a": 1})
    assert read_receipt(jws) == ScoreReceipt(jws)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "OMBILIN1.",
        "OMBILIN1.0000",
        "OMBILIN1." + "A" * 239,
        "OMBILIN2." + "A" * 239,
        "1:2:3",
        f"{'-' * 36}:1:{'a' * 64}",
        "a.b",
        "a" * 100_000,
        "OMBILIN1.\u0131" * 40,
    ],
)
def test_anything_else_is_refused(text):
    with pytest.raises(NoReceipt):
        read_receipt(text)
