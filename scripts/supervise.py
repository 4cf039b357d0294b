"""The supervisor of one machine: embedded PostgreSQL, the examination system, a vision worker, the admin module.

Children are separate processes that end with it (also when it is killed); one that crashes is started again, with a
growing pause, and that is said. Secrets are made once and kept in DATA/secrets.json, readable by the owner only.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from rich.console import Console
from rich.table import Table

from kit.embedded import EmbeddedPostgres
from kit.errors import Fault
from kit.signing import SigningKey
from scripts.bootstrap import seconds_since_begin
from scripts.lifeline import SUPERVISED

READY_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 15.0
LONGEST_PAUSE_S = 30.0
LAST_PORT = 65535
STEADY_S = 60.0  # a child that ran this long may crash again without a longer pause
EXAM_ROLE, RECRUITMENT_ROLE = "ombilin_exam", "ombilin_recruitment"
ROOT = Path(__file__).resolve().parent.parent

console = Console(stderr=True)


@dataclass
class Child:
    """One supervised process."""

    name: str
    words: list[str]
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    pause_s: float = 1.0
    start_at: float = field(default=0.0)


def arguments() -> argparse.Namespace:
    """The options of `scripts/up.py`."""
    parser = argparse.ArgumentParser(prog="up.py", description="Start Ombilin with its demonstration on this machine.")
    parser.add_argument("--data", type=Path, default=ROOT / ".ombilin", help="where the data are kept")
    parser.add_argument(
        "--port", type=int, default=8400, help="of the examination system; the admin module has the next"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON line when ready, everything else to stderr")
    parser.add_argument("--reset-demo", action="store_true", help="erase the data first")
    return parser.parse_args()


def keep_secrets(data: Path) -> dict[str, str]:
    """The installation's secrets, made at the first start."""
    path = data / "secrets.json"
    if not path.is_file():
        made = {name: secrets.token_hex(32) for name in ("secret_key", "signing_key", "recruitment_secret_key")}
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(made, file)
    kept: dict[str, str] = json.loads(path.read_text())
    return kept


def environment(server: EmbeddedPostgres, kept: dict[str, str], port: int) -> dict[str, str]:
    """The settings of the children (docs/settings.md)."""
    exam, recruitment = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{port + 1}"
    return {
        "OMBILIN_DATABASE_URL": server.url_for(EXAM_ROLE),
        "OMBILIN_RECRUITMENT_DATABASE_URL": server.url_for(RECRUITMENT_ROLE),
        "OMBILIN_SECRET_KEY": kept["secret_key"],
        "OMBILIN_RECRUITMENT_SECRET_KEY": kept["recruitment_secret_key"],
        "OMBILIN_SIGNING_KEY": kept["signing_key"],
        "OMBILIN_HANDOVER_PUBLIC_KEY": SigningKey(kept["signing_key"]).public_hex,
        "OMBILIN_BASE_URL": exam,
        "OMBILIN_RECRUITMENT_BASE_URL": recruitment,
        "OMBILIN_PORT": str(port),
        "OMBILIN_RECRUITMENT_PORT": str(port + 1),
        "OMBILIN_ANNOUNCEMENTS_URL": recruitment,
        "OMBILIN_EXAMINATION_URL": exam,
        "OMBILIN_HANDOVER_URL": f"{recruitment}/inbox/scores",
    }


def make_roles(server: EmbeddedPostgres) -> None:
    """Two roles, each owning only its own schemas."""
    server.run_sql((ROOT / "scripts" / "sql" / "roles.sql").read_text())


def hold(data: Path, port: int) -> TextIO:
    """Take the data folder for this process until it ends; ends with a clear word when another one has it.

    Two supervisors on one folder would stop each other's PostgreSQL, and --reset-demo would erase a running exam.
    """
    file = (data / "lock").open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        console.print(f"[red]{data} is in use by up.py, {file.read().strip()}.[/red] Stop it first, or choose --data.")
        raise SystemExit(1) from None
    file.truncate(0)
    file.write(f"process {os.getpid()}, port {port}\n")
    file.flush()
    return file


def free_ports(port: int) -> None:
    """End with a clear word when somebody else has a port."""
    if not 0 < port < LAST_PORT:
        console.print(f"[red]{port} is not a port that can be used.[/red] Choose --port from 1 to {LAST_PORT - 1}.")
        raise SystemExit(1)
    for each in (port, port + 1):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", each))
            except OSError:
                console.print(f"[red]Port {each} is in use.[/red] Stop what uses it, or choose another with --port N.")
                raise SystemExit(1) from None


class Supervisor:
    """Runs the children until told to stop."""

    def __init__(self, server: EmbeddedPostgres, environ: dict[str, str], log_dir: Path) -> None:
        self._server = server
        self._environ = {**os.environ, **environ, SUPERVISED: "1"}
        self._log_dir = log_dir
        self._stopping = False
        self.children = [
            Child("exam", ["serve"]),
            Child("vision", ["worker", "vision"]),
            Child("recruitment", ["recruitment", "serve"]),
        ]

    def stop(self, *_: Any) -> None:
        """From a signal handler: end soon."""
        self._stopping = True

    def step(self, label: str, *words: str) -> str:
        """Run one command of the command line to its end; returns its output."""
        begun = time.monotonic()
        with console.status(f"{label} ..."):
            done = subprocess.run(
                [sys.executable, "-m", "scripts.cli", *words],
                env=self._environ,
                cwd=ROOT,
                capture_output=True,
                text=True,
                check=False,
            )
        if done.returncode != 0:
            console.print(f"[red]{label} failed:[/red]\n{done.stderr[-3000:]}")
            raise SystemExit(1)
        console.print(f"[green]done[/green] {label} [dim]({time.monotonic() - begun:.1f} s)[/dim]")
        return done.stdout

    def launch(self, child: Child) -> None:
        """Start a child, its output appended to DATA/logs/<name>.log."""
        with (self._log_dir / f"{child.name}.log").open("ab") as log:
            child.process = subprocess.Popen(
                [sys.executable, "-m", "scripts.cli", *child.words],
                env=self._environ,
                cwd=ROOT,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        child.started = time.monotonic()

    def wait_ready(self, urls: list[str]) -> None:
        """Wait until each address answers 200."""
        deadline = time.monotonic() + READY_TIMEOUT_S
        with console.status("Starting the three processes ..."):
            for url in urls:
                while not self._stopping and not _answers(url):
                    self.look_after()
                    if time.monotonic() > deadline:
                        console.print(f"[red]{url} does not answer.[/red] Look into {self._log_dir} for the reason.")
                        raise SystemExit(1)
                    time.sleep(0.1)

    def look_after(self) -> None:
        """Restart what crashed, when its pause is over; PostgreSQL first, because the others need it."""
        now = time.monotonic()
        if not self._server.pids():
            console.print("[yellow]PostgreSQL ended; starting it again[/yellow]")
            try:
                self._server.start()
            except Fault as error:  # what a killed server leaves behind takes some seconds to end
                console.print(f"[yellow]{error}[/yellow]")
                time.sleep(1)
                return
        for child in self.children:
            if child.process is None:
                if now >= child.start_at:
                    self.launch(child)
            elif (status := child.process.poll()) is not None:
                child.pause_s = 1.0 if now - child.started > STEADY_S else min(LONGEST_PAUSE_S, child.pause_s * 2)
                console.print(
                    f"[yellow]{child.name} ended ({status}); starting it again in {child.pause_s:.0f} s[/yellow]"
                )
                child.process, child.start_at = None, now + child.pause_s

    def watch(self) -> None:
        """Until a signal asks to stop."""
        while not self._stopping:
            self.look_after()
            time.sleep(0.2)

    def end(self) -> None:
        """Ask every child to stop, then insist."""
        running = [child.process for child in self.children if child.process and child.process.poll() is None]
        for process in running:
            process.terminate()
        deadline = time.monotonic() + STOP_TIMEOUT_S
        for process in running:
            try:
                process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310  # our own address
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def show(told: dict[str, Any]) -> None:
    """The addresses and logins, for people."""
    console.print(
        f"\n[bold]Ombilin is ready.[/bold]  Examinations: {told['exam_url']}   Admin: {told['recruitment_url']}\n"
    )
    staff = Table("role", "user name", "password", "address", title="Staff")
    for each in told["logins"]:
        staff.add_row(each["role"], each["username"], each["password"], each["url"])
    candidates = Table("participant number", "PIN", "address", title="Candidates (the first of many)")
    for each in told["candidates"][:5]:
        candidates.add_row(each["participant"], each["pin"], each["exam"])
    console.print(staff)
    console.print(candidates)
    console.print("Ctrl-C stops everything; the data stay.")


def main() -> None:
    """Start, tell, watch, stop."""
    options = arguments()
    data: Path = options.data.resolve()
    logs = data / "logs"
    try:
        logs.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        console.print(f"[red]{data} cannot be used: {error.strerror}.[/red] Choose another folder with --data DIR.")
        raise SystemExit(1) from error
    held = hold(data, options.port)
    free_ports(options.port)
    server = EmbeddedPostgres(data)
    if options.reset_demo:
        server.erase()
    kept = keep_secrets(data)
    supervisor = Supervisor(server, environment(server, kept, options.port), logs)
    signal.signal(signal.SIGINT, supervisor.stop)
    signal.signal(signal.SIGTERM, supervisor.stop)
    try:
        with console.status("Starting PostgreSQL ..."):
            server.start()
            make_roles(server)
        console.print("[green]done[/green] PostgreSQL")
        told = json.loads(supervisor.step("Schemas and demonstration", "demo", "set-up"))
        supervisor.wait_ready([f"{told['exam_url']}/readyz", f"{told['recruitment_url']}/readyz"])
        console.print(f"[green]ready[/green] after {seconds_since_begin():.0f} s")
        if options.json:
            print(json.dumps(told), flush=True)
        else:
            show(told)
        supervisor.watch()
    except Fault as error:
        console.print(f"[red]{error}[/red]")
        raise SystemExit(1) from error
    finally:
        console.print("Stopping ...")
        supervisor.end()
        server.stop()
        held.close()


if __name__ == "__main__":
    main()
