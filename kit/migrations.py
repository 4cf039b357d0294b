"""Forward-only migrations: numbered .sql files of a package, applied once each, in order, in one transaction each.

A migration that has landed is never edited: its hash is kept beside its name and compared at each start. There are no
down-migrations; a mistake is mended by the next file. `schema_snapshot` writes what the migrations made, and a test
compares it with the committed snapshot.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from typing import ClassVar

from kit.canonical import sha256_hex
from kit.errors import Fault
from kit.postgres import Connection, load_statements

SQL = load_statements(__package__, "sql/migrations.sql")
_LOCK = 7_316_402_205  # one migration run at a time on a server


@dataclass(eq=False)
class MigrationChanged(Fault):
    """A migration that was applied is no longer the file it was; put it back and add a new one."""

    package: str
    name: str
    key: ClassVar[str] = "migration-changed"


async def migrate(connection: Connection, *, schema: str, package: str) -> list[str]:
    """Apply what is missing of `package`/migrations to `schema`; returns the names applied now."""
    folder = files(package).joinpath("migrations")
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".sql"))
    applied_now: list[str] = []
    async with connection.transaction():
        await connection.execute("select pg_advisory_xact_lock($1)", _LOCK)
        await connection.execute(f'create schema if not exists "{schema}"')
        await connection.execute(SQL.create_ledger.replace("{schema}", schema))
        rows = await connection.fetch(SQL.select_applied.replace("{schema}", schema), package)
        applied = {row["name"]: row["sha256"] for row in rows}
        for name in names:
            text = folder.joinpath(name).read_text(encoding="utf-8").replace("{schema}", schema)
            fingerprint = sha256_hex(text.encode())
            if name in applied:
                if applied[name] != fingerprint:
                    raise MigrationChanged(package, name)
                continue
            await connection.execute(text)
            await connection.execute(SQL.insert_applied.replace("{schema}", schema), package, name, fingerprint)
            applied_now.append(name)
    return applied_now


async def schema_snapshot(connection: Connection, schemas: list[str]) -> str:
    """Every column, constraint, index and trigger of the schemas, one line each, sorted."""
    rows = await connection.fetch(SQL.select_snapshot, schemas)
    return "".join(f"{row['line']}\n" for row in rows)
