"""One frame read: which of six things it shows. A reading is a word for numbers, not yet anything for a human.

A found face settles the question, however dark or blank the picture is: faces are found at a mean brightness of 10,
and calling such a picture "dark" would accuse people with dark skin in dim rooms. Only without a face do the other
readings come, the harmless ones first.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from math import ceil, floor

from proctoring.domain.measure import THUMB_HEIGHT, THUMB_WIDTH, FaceBox, Measurement
from proctoring.domain.thresholds import Thresholds

TORSO_HEIGHTS = 1.5  # of the face box, below it
FEWEST_CELLS = 4  # fewer cells of the thumbnail say nothing


class Reading(StrEnum):
    """Stored with the measurement."""

    FACE = "face"
    MULTIPLE = "multiple"
    HIDDEN = "hidden"
    ABSENT = "absent"
    BLIND = "blind"
    UNREADABLE = "unreadable"


@dataclass(frozen=True)
class FaceTrace:
    """The last frame that showed a face: its thumbnail and where the face was, as shares of width and height."""

    thumb: bytes
    left: float
    top: float
    width: float
    height: float


def trace_face(measurement: Measurement) -> FaceTrace:
    """What to remember of a frame with a face."""
    face = measurement.faces[0]
    return FaceTrace(
        thumb=measurement.thumb,
        left=face.x / measurement.width,
        top=face.y / measurement.height,
        width=face.width / measurement.width,
        height=face.height / measurement.height,
    )


def read_frame(measurement: Measurement, thresholds: Thresholds, before: FaceTrace | None = None) -> Reading:
    """What the frame shows. `before`: the last frame with a face, for the hint that somebody still sits there."""
    if not measurement.readable:
        return Reading.UNREADABLE
    others = [face for face in measurement.faces if _is_other_face(face, measurement, thresholds)]
    if len(others) >= 2:
        return Reading.MULTIPLE
    best = max((face.score for face in measurement.faces), default=0.0)
    if best >= thresholds.face_score:
        return Reading.FACE
    if measurement.brightness < thresholds.dark_brightness or measurement.contrast < thresholds.blank_contrast:
        return Reading.BLIND
    if best >= thresholds.hint_score or (before is not None and _torso_stays(measurement.thumb, before, thresholds)):
        return Reading.HIDDEN
    return Reading.ABSENT


def _is_other_face(face: FaceBox, measurement: Measurement, thresholds: Thresholds) -> bool:
    share = face.width * face.height / (measurement.width * measurement.height)
    return face.score >= thresholds.second_face_score and share >= thresholds.second_face_share


def _torso_stays(thumb: bytes, before: FaceTrace, thresholds: Thresholds) -> bool:
    """Whether what was under the last face is still there: who covers the face stays, who leaves uncovers the wall."""
    if len(thumb) != len(before.thumb) or len(thumb) != THUMB_WIDTH * THUMB_HEIGHT:
        return False
    centre = before.left + before.width / 2
    columns = range(
        max(0, ceil((centre - before.width) * THUMB_WIDTH)),
        min(THUMB_WIDTH, floor((centre + before.width) * THUMB_WIDTH)),
    )
    bottom = before.top + before.height
    rows = range(
        max(0, ceil(bottom * THUMB_HEIGHT)),
        min(THUMB_HEIGHT, floor((bottom + TORSO_HEIGHTS * before.height) * THUMB_HEIGHT)),
    )
    cells = [row * THUMB_WIDTH + column for row in rows for column in columns]
    if len(cells) < FEWEST_CELLS:
        return False
    return sum(abs(thumb[cell] - before.thumb[cell]) for cell in cells) / len(cells) < thresholds.torso_difference
