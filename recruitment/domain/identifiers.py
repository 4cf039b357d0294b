"""NIK and NIP: what a number says, and warnings where it does not fit. A warning never rejects anybody.

NIK: 16 digits PPKKCC DDMMYY NNNN, women's day + 40, no checksum; registry mistakes are common and the card stays valid.
NIP: 18 digits YYYYMMDD YYYYMM S NNN (birth, appointment, sex 1 man 2 woman, serial).
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Literal

Sex = Literal["man", "woman"]


class IdentifierWarning(StrEnum):
    """What looks wrong; the applicant or the office explains it, nobody is refused for it."""

    LENGTH = "length"
    NOT_DIGITS = "not-digits"
    REGION = "region"
    NO_SUCH_DATE = "no-such-date"
    OTHER_BIRTH_DATE = "other-birth-date"
    OTHER_SEX = "other-sex"
    SERIAL = "serial"
    APPOINTMENT = "appointment"


def check_nik(nik: str, birth_date: date | None = None, sex: Sex | None = None) -> tuple[IdentifierWarning, ...]:
    """Warnings on a NIK, compared with the birth date and sex of the application where they are known."""
    if form := _form(nik, 16):
        return form
    warnings: list[IdentifierWarning] = []
    if "00" in (nik[0:2], nik[2:4], nik[4:6]):
        warnings.append(IdentifierWarning.REGION)
    day, month, year = int(nik[6:8]), int(nik[8:10]), int(nik[10:12])
    written_sex: Sex = "woman" if day > 40 else "man"
    day -= 40 if day > 40 else 0
    # the century is not written: a two-digit year exists when it does in either
    if not any(_exists(century + year, month, day) for century in (1900, 2000)):
        warnings.append(IdentifierWarning.NO_SUCH_DATE)
    elif birth_date is not None and (birth_date.day, birth_date.month, birth_date.year % 100) != (day, month, year):
        warnings.append(IdentifierWarning.OTHER_BIRTH_DATE)
    if sex is not None and sex != written_sex:
        warnings.append(IdentifierWarning.OTHER_SEX)
    if nik[12:] == "0000":
        warnings.append(IdentifierWarning.SERIAL)
    return tuple(warnings)


def check_nip(nip: str, birth_date: date | None = None, sex: Sex | None = None) -> tuple[IdentifierWarning, ...]:
    """Warnings on a NIP, compared with the birth date and sex that are known."""
    if form := _form(nip, 18):
        return form
    warnings: list[IdentifierWarning] = []
    born = int(nip[0:4]), int(nip[4:6]), int(nip[6:8])
    if not _exists(*born):
        warnings.append(IdentifierWarning.NO_SUCH_DATE)
    elif birth_date is not None and (birth_date.year, birth_date.month, birth_date.day) != born:
        warnings.append(IdentifierWarning.OTHER_BIRTH_DATE)
    appointed = int(nip[8:12]), int(nip[12:14])
    if not _exists(*appointed, 1) or appointed[0] <= born[0]:
        warnings.append(IdentifierWarning.APPOINTMENT)
    written_sex = {"1": "man", "2": "woman"}.get(nip[14])
    if written_sex is None or (sex is not None and sex != written_sex):
        warnings.append(IdentifierWarning.OTHER_SEX)
    if nip[15:] == "000":
        warnings.append(IdentifierWarning.SERIAL)
    return tuple(warnings)


def _form(text: str, length: int) -> tuple[IdentifierWarning, ...]:
    if not (text.isascii() and text.isdigit()):
        return (IdentifierWarning.NOT_DIGITS,)
    return () if len(text) == length else (IdentifierWarning.LENGTH,)


def _exists(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True
