"""Several processes on one port: started, replaced at once when one is lost, stopped together.

Each worker listens on the port itself (SO_REUSEPORT: the kernel spreads connections over the living). The parent only
reserves the port and watches; it holds no connection, so that nothing is lost with it but the supervision.
"""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from types import FrameType

import structlog

from kit.errors import Fault
from kit.http.serving import listening_socket

log = structlog.get_logger(__name__)

LOOK_S = 0.05
STOP_S = 15.0
YOUNG_S = 5.0  # a worker that ends sooner has failed to start
FAILURES = 5  # in a row, then the parent gives up: it is not an accident


class WorkersFail(Fault):
    """Workers end as soon as they start; each has said why in the log."""

    key = "workers-fail"


class Workers:
    """`run` returns after SIGTERM or SIGINT."""

    def __init__(self, command: Sequence[str], environ: Mapping[str, str], count: int) -> None:
        self._command = list(command)
        self._environ = dict(environ)
        self._count = count
        self._stopping = False
        self._running: dict[subprocess.Popen[bytes], float] = {}
        self._failures = 0

    def run(self, host: str, port: int) -> None:
        """Keep `count` workers alive; raises `WorkersFail`."""
        reserved = listening_socket(host, port, share_port=True)
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, self._stop)
        try:
            while not self._stopping:
                self._look()
                time.sleep(LOOK_S)
        finally:
            self._end()
            reserved.close()

    def _stop(self, _signal: int, _frame: FrameType | None) -> None:
        self._stopping = True

    def _look(self) -> None:
        now = time.monotonic()
        for process, begun in list(self._running.items()):
            if process.poll() is None:
                continue
            del self._running[process]
            log.warning("worker-lost", pid=process.pid, status=process.returncode)
            self._failures = self._failures + 1 if now - begun < YOUNG_S else 0
            if self._failures >= FAILURES:
                raise WorkersFail
        while len(self._running) < self._count:
            process = subprocess.Popen(self._command, env=self._environ, stdin=subprocess.DEVNULL)
            self._running[process] = now
            log.info("worker-started", pid=process.pid)

    def _end(self) -> None:
        for process in self._running:
            process.terminate()
        until = time.monotonic() + STOP_S
        for process in self._running:
            try:
                process.wait(max(0.1, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
