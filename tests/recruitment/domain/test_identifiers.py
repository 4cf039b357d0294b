"""NIK and NIP: each row is a number and what it warns of. A warning is told, never a refusal."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recruitment.domain.identifiers import IdentifierWarning as W
from recruitment.domain.identifiers import check_nik, check_nip


@pytest.mark.parametrize(
    ("nik", "born", "sex", "warnings"),
    [
        ("1373021708990001", date(1999, 8, 17), "man", ()),
        ("1373025708990001", date(1999, 8, 17), "woman", ()),  # a woman's day is 17 + 40
        ("1373025708990001", date(1999, 8, 17), "man", (W.OTHER_SEX,)),
        ("1373021708990001", None, None, ()),
        ("1373021708990001", date(1999, 8, 18), "man", (W.OTHER_BIRTH_DATE,)),
        ("1373021708040001", date(2004, 8, 17), None, ()),  # the century is not written
        ("1373023002990001", date(1999, 3, 2), None, (W.NO_SUCH_DATE,)),
        ("1373022902000001", date(2000, 2, 29), None, ()),
        ("1373020013990001", None, None, (W.NO_SUCH_DATE,)),
        ("0073021708990001", None, None, (W.REGION,)),
        ("1373021708990000", None, None, (W.SERIAL,)),
        ("137302170899001", None, None, (W.LENGTH,)),
        ("13730217089900011", None, None, (W.LENGTH,)),
        ("1373.0217.0899.01", None, None, (W.NOT_DIGITS,)),
        ("１３７３021708990001", None, None, (W.NOT_DIGITS,)),
        ("", None, None, (W.NOT_DIGITS,)),
    ],
)
def test_nik(nik, born, sex, warnings):
    assert check_nik(nik, born, sex) == warnings


@pytest.mark.parametrize(
    ("nip", "born", "sex", "warnings"),
    [
        ("198508172010011003", date(1985, 8, 17), "man", ()),
        ("198508172010012003", date(1985, 8, 17), "woman", ()),
        ("198508172010012003", date(1985, 8, 17), "man", (W.OTHER_SEX,)),
        ("198508172010013003", None, None, (W.OTHER_SEX,)),
        ("198508182010011003", date(1985, 8, 17), None, (W.OTHER_BIRTH_DATE,)),
        ("198513172010011003", None, None, (W.NO_SUCH_DATE,)),
        ("198508172010131003", None, None, (W.APPOINTMENT,)),
        ("198508171980011003", None, None, (W.APPOINTMENT,)),
        ("198508172010011000", None, None, (W.SERIAL,)),
        ("19850817 201001 1 003", None, None, (W.NOT_DIGITS,)),
        ("1985081720100110", None, None, (W.LENGTH,)),
    ],
)
def test_nip(nip, born, sex, warnings):
    assert check_nip(nip, born, sex) == warnings


@given(st.text(max_size=20))
def test_nothing_that_people_type_is_an_error(text):
    check_nik(text)
    check_nip(text)


@given(st.text(alphabet="0123456789", min_size=16, max_size=18))
def test_no_digits_are_an_error(text):
    check_nik(text[:16], date(1999, 8, 17), "woman")
    check_nip(text.ljust(18, "0"), date(1999, 8, 17), "woman")
