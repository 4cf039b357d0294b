"""Webcam frames for robots: the portrait of the fake camera where it is installed, else the empty room."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from scripts.camera import People, jpeg, scene

COUNT = 12
WIDTH = 320


def make_pictures(folder: Path) -> list[str]:
    """Files of slightly different moments."""
    people: People = "one" if find_spec("skimage") else "none"
    paths = []
    for moment in range(COUNT):
        path = folder / f"frame-{moment}.jpg"
        path.write_bytes(jpeg(scene(people, moment * 5), width=WIDTH))
        paths.append(str(path))
    return paths


def make_poison(folder: Path) -> list[str]:
    """Pictures that are none: empty, cut off, far too large, with a broken scan, another format."""
    good = Path(make_pictures(folder)[0]).read_bytes()
    size_at = good.index(b"\xff\xc0") + 5
    scan_at = good.index(b"\xff\xda") + 12
    crafted = {
        "empty": b"",
        "cut": good[: len(good) // 2],
        "huge": good[:size_at] + b"\xff\xdc\xff\xdc" + good[size_at + 4 :],
        "scan": good[:scan_at] + bytes(range(255)) * 8 + good[scan_at:],
        "png": b"\x89PNG\r\n\x1a\n" + good,
    }
    paths = []
    for name, content in crafted.items():
        path = folder / f"poison-{name}.jpg"
        path.write_bytes(content)
        paths.append(str(path))
    return paths
