"""Every number that a rule uses, in one frozen value with its reason.

The exam's `proctoring` settings may replace any of them under the key `thresholds`; nothing else in the package holds
a number that decides whether something is shown to a proctor. The defaults assume one frame per five seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar

from kit.errors import Invalid


@dataclass(eq=False)
class BadThresholds(Invalid):
    """`problems`: one sentence per name that is unknown or value that is not a number above zero."""

    problems: list[str]
    key: ClassVar[str] = "bad-thresholds"


@dataclass(frozen=True)
class Thresholds:
    """Times end in `_s` (seconds), counts in `_frames`."""

    # what is required of this exam
    camera: bool = False
    fullscreen: bool = False
    # reading one frame
    face_score: float = 0.6  # a face is there; low on purpose: missing a real face accuses somebody
    second_face_score: float = 0.8  # another face is there; high on purpose: posters and cups score up to 0.5
    second_face_share: float = 0.004  # smaller second faces (0.4 % of the picture) are pictures on a wall
    hint_score: float = 0.4  # a partly covered face
    torso_difference: float = 14.0  # grey levels: below it what was under the last face is still there
    dark_brightness: float = 16.0  # of 255; faces were still found at 10, a found face is never "dark"
    blank_contrast: float = 10.0  # standard deviation at 1/8 size; a covered lens stays below 6, a room above 20
    # windows: so many of the last so many frames
    absent_frames: int = 3
    hidden_frames: int = 3
    blind_frames: int = 3
    unreadable_frames: int = 3
    window_frames: int = 4
    multiple_frames: int = 2
    multiple_window_frames: int = 3
    clear_frames: int = 2  # so many frames in a row without it close an incident
    window_s: float = 60.0  # older frames do not count together with new ones
    # frozen picture
    identical_frames: int = 6  # the very same bytes: no sensor does that
    still_frames: int = 24  # same hash and a difference below `still_difference`: nobody sits like that for 2 min
    still_difference: float = 0.25  # grey levels between thumbnails; breathing alone moves them by 0.5-2
    # silence and browser signals
    silence_s: float = 30.0
    tab_hidden_s: float = 3.0  # shorter ones are notifications and accidents
    blur_s: float = 15.0  # the window lost the keyboard: often harmless
    merge_s: float = 60.0  # pastes (copies) within a minute of each other are one incident
    # incidents
    long_s: float = 60.0  # from then on the severity is the one of a long incident
    evidence_frames: int = 6  # pictures kept per incident
    evidence_every_s: float = 30.0  # one more picture at most this often while it lasts


def read_thresholds(proctoring: Mapping[str, Any]) -> Thresholds:
    """From an exam's proctoring settings: `camera`, `fullscreen` and `thresholds`; raises `BadThresholds`."""
    given = proctoring.get("thresholds") or {}
    if not isinstance(given, Mapping):
        raise BadThresholds(["thresholds is not a table of names and numbers"])
    known = {each.name: each for each in fields(Thresholds)}
    values: dict[str, Any] = {
        "camera": bool(proctoring.get("camera", False)),
        "fullscreen": bool(proctoring.get("fullscreen", False)),
    }
    problems = []
    for name, value in given.items():
        if name not in known or name in ("camera", "fullscreen"):
            problems.append(f"{name} is not the name of a threshold")
        elif isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e6:
            problems.append(f"{name} must be a number above zero")
        elif known[name].type == "int" and value != int(value):
            problems.append(f"{name} must be a whole number")
        else:
            values[name] = int(value) if known[name].type == "int" else float(value)
    if problems:
        raise BadThresholds(problems)
    return Thresholds(**values)
