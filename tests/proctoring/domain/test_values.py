"""Readings, thresholds, signals, reviews: the small tables."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from proctoring.domain.measure import FaceBox, Measurement, mean_difference
from proctoring.domain.reading import Reading, read_frame, trace_face
from proctoring.domain.review import (
    AlreadyReviewed,
    Decision,
    ReviewState,
    UnknownDecision,
    decide,
    parse_decision,
)
from proctoring.domain.signals import Signal, UnknownSignal, settle
from proctoring.domain.thresholds import BadThresholds, Thresholds, read_thresholds

NOW = datetime(2026, 2, 3, 1, 0, tzinfo=UTC)
ROOM = Measurement(at=NOW, brightness=110, contrast=50, width=320, height=240, thumb=bytes([90] * 192))


def box(score: float, x: float = 130, side: float = 60) -> FaceBox:
    return FaceBox(x, 60, side, side, score)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"faces": (box(0.9),)}, Reading.FACE),
        ({"faces": (box(0.6),)}, Reading.FACE),
        ({"faces": (box(0.59),)}, Reading.HIDDEN),
        ({"faces": (box(0.39),)}, Reading.ABSENT),
        ({"faces": (box(0.9), box(0.8, 10))}, Reading.MULTIPLE),
        ({"faces": (box(0.9), box(0.79, 10))}, Reading.FACE),
        ({"faces": (box(0.9), box(0.9, 10, side=15))}, Reading.FACE),  # a picture on the wall
        ({}, Reading.ABSENT),
        ({"brightness": 15.9}, Reading.BLIND),
        ({"contrast": 9.9}, Reading.BLIND),
        ({"brightness": 5, "contrast": 3, "faces": (box(0.7),)}, Reading.FACE),  # dim, and still a face
        ({"readable": False}, Reading.UNREADABLE),
    ],
)
def test_one_frame(change, expected):
    assert read_frame(replace(ROOM, **change), Thresholds()) is expected


@pytest.mark.parametrize(
    ("torso", "expected"), [(90, Reading.HIDDEN), (100, Reading.HIDDEN), (110, Reading.ABSENT), (20, Reading.ABSENT)]
)
def test_who_covers_the_face_is_still_there(torso, expected):
    before = trace_face(replace(ROOM, faces=(box(0.9),)))
    now = replace(ROOM, thumb=bytes([torso] * 192))
    assert read_frame(now, Thresholds(), before) is expected


def test_difference_of_thumbnails():
    assert mean_difference(b"\x00\x0a", b"\x0a\x00") == 10
    assert mean_difference(b"", b"") == mean_difference(b"a", b"ab") == 255


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, Thresholds()),
        ({"camera": True, "frame_interval_s": 5}, Thresholds(camera=True)),
        ({"fullscreen": True, "thresholds": None}, Thresholds(fullscreen=True)),
        ({"thresholds": {"silence_s": 45, "absent_frames": 4.0}}, Thresholds(silence_s=45.0, absent_frames=4)),
    ],
)
def test_thresholds_of_an_exam(settings, expected):
    assert read_thresholds(settings) == expected


@pytest.mark.parametrize(
    "given",
    [
        {"silence": 3},
        {"silence_s": 0},
        {"silence_s": "30"},
        {"silence_s": True},
        {"silence_s": float("nan")},
        {"absent_frames": 2.5},
        {"camera": 1},
        [1],
    ],
)
def test_wrong_thresholds_are_named(given):
    with pytest.raises(BadThresholds):
        read_thresholds({"thresholds": given})


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (NOW - timedelta(seconds=4), NOW - timedelta(seconds=4)),
        (NOW + timedelta(seconds=1), NOW),
        (NOW - timedelta(days=2), NOW),
    ],
)
def test_a_wrong_clock_is_set_right(at, expected):
    assert settle(Signal("hidden", at), NOW).at == expected


def test_an_unknown_signal_is_refused():
    with pytest.raises(UnknownSignal):
        settle(Signal("cheating", NOW), NOW)


@pytest.mark.parametrize(("state", "decision"), list(product(ReviewState, Decision)))
def test_only_a_new_incident_is_decided(state, decision):
    if state is ReviewState.NEW:
        assert decide(state, decision).value == decision.value
    else:
        with pytest.raises(AlreadyReviewed):
            decide(state, decision)


@pytest.mark.parametrize("text", ["", "new", "UPHELD", "guilty"])
def test_an_unknown_decision_is_refused(text):
    with pytest.raises(UnknownDecision):
        parse_decision(text)
