"""What one webcam frame measured: numbers about a picture, no judgement.

`vision` makes these values, the rules read them, the store keeps them. Boxes are in pixels of the decoded picture,
brightness and contrast in grey levels (0-255) of the 1/8-size picture, so that noise and compression do not count as
contents. The thumbnail (16x12 grey cells, row by row) lets the rules compare a frame with an earlier one without
keeping its picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

THUMB_WIDTH, THUMB_HEIGHT = 16, 12


@dataclass(frozen=True)
class FaceBox:
    """One detection: left, top, width, height in pixels; score 0-1 of the detector."""

    x: float
    y: float
    width: float
    height: float
    score: float


@dataclass(frozen=True)
class Measurement:
    """One frame. `readable` is False where the picture could not be decoded; then only `at` means anything."""

    at: datetime
    faces: tuple[FaceBox, ...] = ()  # best score first
    brightness: float = 0.0
    contrast: float = 0.0
    sharpness: float = 0.0  # variance of the Laplacian
    dhash: int = 0  # 64 bits
    digest: int = 0  # first 63 bits of the SHA-256 of the JPEG: equal means the very same bytes
    width: int = 0
    height: int = 0
    face_share: float = 0.0  # area of the largest face / area of the picture
    thumb: bytes = b""
    readable: bool = True


def unreadable(at: datetime) -> Measurement:
    """A frame that came but could not be decoded."""
    return Measurement(at=at, readable=False)


def mean_difference(first: bytes, second: bytes) -> float:
    """Mean absolute difference of two thumbnails in grey levels; 255 where they cannot be compared."""
    if not first or len(first) != len(second):
        return 255.0
    return sum(abs(a - b) for a, b in zip(first, second, strict=True)) / len(first)
