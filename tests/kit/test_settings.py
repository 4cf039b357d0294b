"""Settings: every wrong value is named, all at once, and every field is documented."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from kit.settings import BadSettings, read_settings, setting


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
