"""The gate in front of the JPEG decoder: read the header, refuse what no webcam sends, decode nothing.

A 631-byte JPEG whose header claims 16000x65500 pixels cost a decoder 24 seconds and 6 GB. So the sizes are read from
the markers before anything is decoded: one pass over the headers, no allocation, far below a millisecond. Accepted is
what a browser's canvas makes: one baseline or progressive picture, 8 bits, 1 or 3 components, nothing after its end.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from kit.errors import Invalid

BYTES_LIMIT = 200_000  # ten times a large frame
SIDE_LIMIT = 1280
SIDE_LEAST = 64  # no face is found in less
FILL_LIMIT = 16  # fill bytes before a marker; canvases write none
MARKERS_LIMIT = 64  # segments before the picture; canvases write about 10

_SOI, _EOI, _SOS, _TEM = 0xD8, 0xD9, 0xDA, 0x01
_FRAMES = frozenset({0xC0, 0xC1, 0xC2})  # baseline, extended, progressive
_OTHER_FRAMES = frozenset({0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF})  # lossless, arithmetic, ...


@dataclass(eq=False)
class BadImage(Invalid):
    """`reason`: empty, too-large, not-jpeg, truncated, malformed, unsupported, too-many-pixels, too-small, trailing."""

    reason: str
    key: ClassVar[str] = "bad-image"


@dataclass(frozen=True)
class JpegSize:
    """In pixels, as the header says."""

    width: int
    height: int


def check_jpeg(jpeg: bytes) -> JpegSize:
    """The size of an acceptable JPEG; raises `BadImage`."""
    if not jpeg:
        raise BadImage("empty")
    if len(jpeg) > BYTES_LIMIT:
        raise BadImage("too-large")
    if not jpeg.startswith(b"\xff\xd8\xff"):
        raise BadImage("not-jpeg")
    size: JpegSize | None = None
    position = 2
    for _ in range(MARKERS_LIMIT):
        marker, start, position = _segment(jpeg, position)
        if marker in _FRAMES:
            if size is not None:
                raise BadImage("malformed")
            size = _frame_size(jpeg[start:position])
        elif marker in _OTHER_FRAMES:
            raise BadImage("unsupported")
        elif marker == _SOS:
            if size is None:
                raise BadImage("malformed")
            _check_end(jpeg, position)
            return size
    raise BadImage("malformed")


def _segment(jpeg: bytes, position: int) -> tuple[int, int, int]:
    """Marker, where its contents start and end."""
    for _ in range(FILL_LIMIT):
        if jpeg[position : position + 2] != b"\xff\xff":
            break
        position += 1
    head = jpeg[position : position + 4]
    if len(head) < 4:
        raise BadImage("truncated")
    marker = head[1]
    if head[0] != 0xFF or marker in (0x00, 0xFF, _TEM, _SOI, _EOI) or 0xD0 <= marker <= 0xD7:
        raise BadImage("malformed")
    length = int.from_bytes(head[2:4], "big")
    if length < 2:
        raise BadImage("malformed")
    end = position + 2 + length
    if end > len(jpeg):
        raise BadImage("truncated")
    return marker, position + 4, end


def _frame_size(contents: bytes) -> JpegSize:
    if len(contents) < 6:
        raise BadImage("malformed")
    precision, components = contents[0], contents[5]
    height, width = int.from_bytes(contents[1:3], "big"), int.from_bytes(contents[3:5], "big")
    if precision != 8 or components not in (1, 3):
        raise BadImage("unsupported")
    if len(contents) != 6 + 3 * components:
        raise BadImage("malformed")
    if width > SIDE_LIMIT or height > SIDE_LIMIT:
        raise BadImage("too-many-pixels")
    if width < SIDE_LEAST or height < SIDE_LEAST:
        raise BadImage("too-small")
    return JpegSize(width, height)


def _check_end(jpeg: bytes, scan: int) -> None:
    """The picture must end where the bytes end: what follows an end marker is another file in disguise."""
    end = jpeg.find(b"\xff\xd9", scan)  # inside a scan 0xFF is always stuffed with 0x00, so this is the end marker
    if end < 0:
        raise BadImage("truncated")
    if end == scan:
        raise BadImage("malformed")
    if jpeg[end + 2 :].strip(b"\x00"):
        raise BadImage("trailing")
