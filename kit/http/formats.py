"""Languages and the written form of dates and numbers.

Catalogs are .po files, read once at start (no compiled binaries in the repository). Message ids are English; Indonesian
is the default language and complete, which a test checks.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from importlib.resources import files
from io import BytesIO
from typing import Literal, TypeAlias
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime, format_time
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from babel.support import Translations

LocaleCode: TypeAlias = Literal["id", "en"]
LOCALES: tuple[LocaleCode, ...] = ("id", "en")
DEFAULT_LOCALE: LocaleCode = "id"
_ZONE_NAMES = {"Asia/Jakarta": "WIB", "Asia/Makassar": "WITA", "Asia/Jayapura": "WIT"}


def N_(message: str) -> str:  # gettext's customary name for "mark, translate later"
    """Mark a message for extraction without translating it here."""
    return message


def locale_code(text: str | None) -> LocaleCode:
    """A known language, or the default."""
    return next((code for code in LOCALES if code == text), DEFAULT_LOCALE)


def load_catalogs(packages: Iterable[str]) -> dict[LocaleCode, Translations]:
    """The merged catalogs of the packages' `locale/<code>.po` files."""
    merged: dict[LocaleCode, Translations] = {}
    for code in LOCALES:
        whole = Translations()
        for package in packages:
            source = files(package).joinpath("locale", f"{code}.po")
            if not source.is_file():
                continue
            compiled = BytesIO()
            write_mo(compiled, read_po(BytesIO(source.read_bytes()), locale=code))
            compiled.seek(0)
            whole.merge(Translations(compiled))
        merged[code] = whole
    return merged


class Formats:
    """Dates and numbers as people of a language in a time zone write them."""

    def __init__(self, locale: LocaleCode, zone: str) -> None:
        self._locale = "id_ID" if locale == "id" else "en_GB"
        self._zone = ZoneInfo(zone)
        self._zone_name = _ZONE_NAMES.get(zone)

    def date(self, at: datetime | None) -> str:
        """`17 Agustus 2025`."""
        return "" if at is None else format_date(at.astimezone(self._zone), format="long", locale=self._locale)

    def time(self, at: datetime | None) -> str:
        """`08.30 WIB`."""
        if at is None:
            return ""
        local = at.astimezone(self._zone)
        return f"{format_time(local, format='short', locale=self._locale)} {self._zone_name or local.tzname()}"

    def moment(self, at: datetime | None) -> str:
        """`17 Agu 2025 08.30.05 WIB`; in English with colons."""
        if at is None:
            return ""
        local = at.astimezone(self._zone)
        pattern = "d MMM y HH.mm.ss" if self._locale == "id_ID" else "d MMM y HH:mm:ss"
        return f"{format_datetime(local, pattern, locale=self._locale)} {self._zone_name or local.tzname()}"

    def number(self, value: float | None, digits: int = 0) -> str:
        """`1.234,50` with fixed digits; nothing for None."""
        if value is None:
            return ""
        pattern = "#,##0" + ("." + "0" * digits if digits else "")
        return format_decimal(value, format=pattern, locale=self._locale)
