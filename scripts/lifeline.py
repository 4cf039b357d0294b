"""Children of the supervisor end with it, also when it is killed: on Linux the kernel sends them SIGTERM."""

from __future__ import annotations

import ctypes
import os
import signal
import sys

SUPERVISED = "OMBILIN_SUPERVISED"
PR_SET_PDEATHSIG = 1


def end_with_parent() -> None:
    """Called first by every command; does something only under the supervisor."""
    if sys.platform == "linux" and os.environ.get(SUPERVISED):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
