"""Pictures of the public scikit-image set as webcam frames."""

import cv2
import numpy as np
import pytest
import skimage.data


def as_frame(picture: np.ndarray) -> np.ndarray:
    """Cut and shrink to 320x240, BGR."""
    if picture.ndim == 2:
        picture = np.stack([picture] * 3, -1)
    scale = max(320 / picture.shape[1], 240 / picture.shape[0])
    small = cv2.resize(picture[..., :3], None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    top, left = (small.shape[0] - 240) // 4, (small.shape[1] - 320) // 2
    return np.ascontiguousarray(small[top : top + 240, left : left + 320, ::-1])


def as_jpeg(picture: np.ndarray, quality: int = 60) -> bytes:
    """What a canvas sends."""
    return cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()


@pytest.fixture(scope="session")
def portrait() -> np.ndarray:
    """One face."""
    return as_frame(skimage.data.astronaut())


@pytest.fixture(scope="session")
def portrait_jpeg(portrait) -> bytes:
    """The same, as it is sent."""
    return as_jpeg(portrait)


@pytest.fixture(scope="session")
def jpeg_of():
    """`jpeg_of("coffee")`: a picture of scikit-image as a frame."""
    return lambda name: as_jpeg(as_frame(getattr(skimage.data, name)()))


@pytest.fixture(scope="session")
def encode():
    """A picture as a JPEG."""
    return as_jpeg
