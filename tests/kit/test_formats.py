"""Moments as people read them: points in Indonesian, colons in English, always with the zone."""

from datetime import UTC, datetime

import pytest

from kit.http.formats import Formats

AT = datetime(2026, 11, 25, 1, 30, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("locale", "zone", "told"),
    [
        ("id", "Asia/Jakarta", "25 Nov 2026 08.30.05 WIB"),
        ("en", "Asia/Jakarta", "25 Nov 2026 08:30:05 WIB"),
        ("id", "Asia/Jayapura", "25 Nov 2026 10.30.05 WIT"),
    ],
)
def test_a_moment_has_its_zone(locale, zone, told):
    assert Formats(locale, zone).moment(AT) == told


def test_no_moment():
    assert Formats("en", "Asia/Jakarta").moment(None) == ""
