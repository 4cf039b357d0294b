"""Films for a browser's fake camera: motion JPEG of the portrait that scikit-image ships, once, twice or not at all.

Part of the test dependencies; the portrait is NASA's and in the public domain.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
People = Literal["one", "two", "none"]

WIDTH, HEIGHT = 640, 480
FRAMES = 60
SWAY = 6  # pixels: still enough to be one person, never two equal frames
BOOKS = 19


def scene(people: People, moment: int, *, light: float = 1.0, mirrored: bool = False) -> Picture:
    """640x480 BGR: what a webcam sees at a moment; `light` brightens, `mirrored` turns the room around."""
    sway = round(SWAY * np.sin(2 * np.pi * moment / FRAMES))
    if people == "one":
        picture = _portrait(0, 512, sway)
    elif people == "two":
        half = _portrait(70, 326, sway)
        picture = np.hstack([half, half[:, ::-1]])
    else:
        picture = _empty_room()
    noise = np.random.default_rng(moment).integers(0, 6, (HEIGHT, WIDTH, 1))
    lit = picture[:, ::-1] if mirrored else picture
    return np.asarray(np.clip(lit * light + noise, 0, 255), np.uint8)


def _portrait(left: int, right: int, sway: int) -> Picture:
    """Columns of the portrait, scaled to the camera's height; `sway` moves the view."""
    import skimage.data

    astronaut: Picture = skimage.data.astronaut()  # type: ignore[no-untyped-call]  # ships without types
    view = np.roll(astronaut[SWAY : 384 + SWAY], sway, axis=1)[:, left:right]
    bgr = cv2.cvtColor(view, cv2.COLOR_RGB2BGR)
    width = WIDTH * (right - left) // 512
    return np.asarray(cv2.resize(bgr, (width, HEIGHT), interpolation=cv2.INTER_AREA), np.uint8)


def _empty_room() -> Picture:
    """A wall, a shelf of books, the back of a chair."""
    room = np.full((HEIGHT, WIDTH, 3), (176, 186, 192), np.uint8)
    cv2.rectangle(room, (40, 170), (600, 182), (70, 95, 125), -1)
    chance = np.random.default_rng(7)
    for book in range(BOOKS):
        left, tall = 60 + 27 * book, int(chance.integers(70, 130))
        colour = [int(part) for part in chance.integers(40, 190, 3)]
        cv2.rectangle(room, (left, 170 - tall), (left + 22, 169), colour, -1)
    cv2.ellipse(room, (320, 480), (150, 210), 0, 180, 360, (60, 62, 68), -1)
    cv2.ellipse(room, (320, 480), (120, 175), 0, 180, 360, (88, 90, 98), -1)
    return room


def jpeg(picture: Picture, *, width: int = WIDTH) -> bytes:
    """As a browser would send it."""
    small = cv2.resize(picture, (width, width * HEIGHT // WIDTH), interpolation=cv2.INTER_AREA)
    return cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, 80])[1].tobytes()


def film(path: Path, people: People) -> Path:
    """Write one loop."""
    with path.open("wb") as file:
        for moment in range(FRAMES):
            file.write(jpeg(scene(people, moment)))
    return path
