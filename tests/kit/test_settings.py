"""Settings: every wrong value is named, all at once, and every field is documented."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from kit.settings import (
    HEX_32,
    HEX_SECRET,
    LOG_LEVEL,
    PORT,
    POSTGRES_ADDRESS,
    REDIS_ADDRESS,
    TIME_ZONE,
    WEB_ADDRESS,
    BadSettings,
    read_settings,
    setting,
)


@dataclass(frozen=True)
class Example:
    url: str = setting(help="where", secret=True)
    port: int = setting(8400, "which port")
    loud: bool = setting(False, "how")
    folder: Path | None = setting(None, "in which folder")


def test_defaults_and_values():
    read = read_settings(Example, {"OMBILIN_URL": "x", "OMBILIN_LOUD": "yes"})
    assert (read.url, read.port, read.loud, read.folder) == ("x", 8400, True, None)


def test_all_problems_at_once_and_no_secret_shown():
    with pytest.raises(BadSettings) as refused:
        read_settings(Example, {"OMBILIN_PORT": "eighty", "OMBILIN_LOUD": "very"})
    told = str(refused.value)
    assert "OMBILIN_URL is not set" in told
    assert "OMBILIN_PORT: 'eighty' is not a whole number" in told
    assert "OMBILIN_LOUD: 'very' is not true or false" in told


@pytest.mark.parametrize(
    ("form", "good", "bad"),
    [
        (PORT, [1, 8400, 65535], [0, -1, 65536]),
        (HEX_32, ["ab" * 32], ["ab" * 31, "ab" * 33, "zz" * 32, ""]),
        (HEX_SECRET, ["ab" * 32, "ab" * 64], ["ab" * 31, "a" * 65, "secret" * 20]),
        (WEB_ADDRESS, ["http://127.0.0.1:8400", "https://ujian.example.go.id"], ["foo", "ftp://x", "http://"]),
        (POSTGRES_ADDRESS, ["postgresql://a@/b?host=/run"], ["mysql://a/b", "postgresql:"]),
        (REDIS_ADDRESS, ["redis://live/0", "unix:///run/redis"], ["live"]),
        (TIME_ZONE, ["Asia/Jakarta", "Asia/Jayapura"], ["WIB", "Mars/X"]),
        (LOG_LEVEL, ["info"], ["INFO", "loud"]),
    ],
)
def test_forms(form, good, bad):
    assert all(form.fits(value) for value in good)
    assert not any(form.fits(value) for value in bad)
