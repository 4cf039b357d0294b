"""Films for a browser's fake camera: motion JPEG of the portrait that scikit-image ships, once, twice or not at all.

Part of the test dependencies; the portrait is NASA's and in the public domain.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]

WIDTH, HEIGHT, FACE = 640, 480, 300
FRAMES = 60
SWAY = 8  # pixels: still enough to be one person, never two equal frames
PLACES = {"one": (170,), "two": (10, 330), "none": ()}


def scene(*lefts: int, seed: int, wall: tuple[int, int, int] = (150, 150, 150)) -> Picture:
    """640x480 BGR: the portrait at each left edge, before a wall with a picture on it and a little noise."""
    picture = np.empty((HEIGHT, WIDTH, 3), np.uint8)
    picture[:] = wall
    picture += np.random.default_rng(seed).integers(0, 12, picture.shape, dtype=np.uint8)
    cv2.rectangle(picture, (40, 30), (200, 150), (120, 130, 95), -1)
    portrait = cv2.cvtColor(_portrait(), cv2.COLOR_RGB2BGR)
    for left in lefts:
        picture[HEIGHT - FACE :, left : left + FACE] = portrait
    return picture


def _portrait() -> Picture:
    import skimage.data

    astronaut: Picture = skimage.data.astronaut()  # type: ignore[no-untyped-call]  # ships without types
    return astronaut[0:FACE, 80 : 80 + FACE]


def jpeg(picture: Picture, *, width: int = WIDTH) -> bytes:
    """As a browser would send it."""
    small = cv2.resize(picture, (width, width * HEIGHT // WIDTH), interpolation=cv2.INTER_AREA)
    return cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, 80])[1].tobytes()


def film(path: Path, people: str) -> Path:
    """Write one loop; `people` is `one`, `two` or `none`."""
    with path.open("wb") as file:
        for number in range(FRAMES):
            sway = round(SWAY * np.sin(2 * np.pi * number / FRAMES))
            file.write(jpeg(scene(*(left + sway for left in PLACES[people]), seed=number)))
    return path
