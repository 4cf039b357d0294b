"""What the rules remember of one attempt between two observations: small, frozen, stored as JSON in the attempt's row.

Any worker can go on with it, so nothing that a rule needs lives in a process.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from proctoring.domain.incident import Incident, Kind
from proctoring.domain.reading import FaceTrace, Reading


@dataclass(frozen=True)
class Seen:
    """One frame of the window. `frame` refers to its picture while it may become evidence, else it is empty."""

    at: datetime
    reading: Reading
    frozen: bool = False
    frame: str = ""
    attached: bool = False  # the picture belongs to an incident


@dataclass(frozen=True)
class Last:
    """The last readable frame, to compare the next one with."""

    digest: int
    dhash: int
    thumb: bytes


@dataclass(frozen=True)
class RuleState:
    """Of one attempt. `begun_at` is None until the exam says that it began; then silence is judged as well."""

    begun_at: datetime | None = None
    off: bool = False  # paused or over: frames are measured, nothing is raised
    window: tuple[Seen, ...] = ()
    last: Last | None = None
    face: FaceTrace | None = None
    identical: int = 0  # frames in a row with the very same bytes
    still: int = 0  # frames in a row that hardly differ
    open: tuple[Incident, ...] = ()
    quiet_from: datetime | None = None  # silence is counted from here
    hidden_since: datetime | None = None
    blurred_since: datetime | None = None
    trouble: str = ""  # camera_lost or offline, as the browser said
    unsupported: tuple[str, ...] = ()

    def incident(self, kind: Kind, topic: str = "") -> Incident | None:
        """The open incident of a kind and topic."""
        return next((each for each in self.open if (each.kind, each.topic) == (kind, topic)), None)


@dataclass(frozen=True)
class Tick:
    """Time passed. `heard_at`: when the last frame arrived, also one that was not worked on yet.

    `listening_since`: nobody is blamed for silence before we listened. `widespread`: most attempts are silent at once.
    """

    at: datetime
    heard_at: datetime | None = None
    listening_since: datetime | None = None
    widespread: bool = False


@dataclass(frozen=True)
class Watch:
    """The exam began or went on (`on`), or was paused or ended."""

    at: datetime
    on: bool
