"""PostgreSQL plumbing: the pool, named statements from .sql files, the refusal of a server that may lose commits."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, ClassVar, TypeAlias

import asyncpg
import msgspec

from kit.errors import Fault

Connection: TypeAlias = Any  # asyncpg.Connection or the pool's proxy of it; asyncpg ships no types
Pool: TypeAlias = Any

_STATEMENT = re.compile(r"^-- name: (\w+)\s*$", re.MULTILINE)
_SCHEMA = re.compile(r"^[a-z_][a-z0-9_]*$")
_json = msgspec.json


@dataclass(eq=False)
class NotDurable(Fault):
    """The server may lose what it acknowledged: `settings` names the switches that are off."""

    settings: list[str]
    key: ClassVar[str] = "not-durable"


async def _prepare_connection(connection: Connection) -> None:
    for name in ("json", "jsonb"):
        await connection.set_type_codec(
            name, schema="pg_catalog", encoder=lambda v: _json.encode(v).decode(), decoder=_json.decode
        )


async def _no_reset(_connection: Connection) -> None:
    """Session state is never changed, so asyncpg's RESET at each release would only double the round trips."""


async def open_pool(url: str, *, min_size: int = 1, max_size: int = 10, application: str = "ombilin") -> Pool:
    """A pool whose connections read and write JSON as Python values.

    No prepared-statement names are shared across transactions by us, so it works behind PgBouncer when the URL says
    `statement_cache_size=0`.
    """
    return await asyncpg.create_pool(
        url,
        min_size=min_size,
        max_size=max_size,
        init=_prepare_connection,
        reset=_no_reset,
        command_timeout=30,
        server_settings={"application_name": application},
    )


async def open_connection(url: str, *, application: str = "ombilin") -> Connection:
    """One connection of its own (LISTEN, writers), with the same JSON codecs."""
    connection = await asyncpg.connect(url, command_timeout=30, server_settings={"application_name": application})
    await _prepare_connection(connection)
    return connection


async def require_durable(connection: Connection) -> None:
    """Raise `NotDurable` where fsync, full_page_writes or synchronous_commit is off."""
    wanted = ("fsync", "full_page_writes", "synchronous_commit")
    off = [name for name in wanted if await connection.fetchval("select current_setting($1)", name) == "off"]
    if off:
        raise NotDurable(off)


class Statements:
    """The named statements of one .sql file, as attributes."""

    def __init__(self, source: str, statements: dict[str, str]) -> None:
        self._source = source
        self._statements = statements

    def __getattr__(self, name: str) -> str:
        try:
            return self._statements[name]
        except KeyError:
            raise AttributeError(f"{self._source} has no statement named {name}") from None


def load_statements(package: str | None, path: str, *, schema: str | None = None) -> Statements:
    """Read `path` of `package`. `{schema}` in the file is filled here, once, with a checked identifier."""
    assert package is not None, "call it from inside a package: load_statements(__package__, ...)"
    text = files(package).joinpath(path).read_text(encoding="utf-8")
    if schema is not None:
        assert _SCHEMA.match(schema), f"not a schema name: {schema}"
        text = text.replace("{schema}", schema)
    parts = _STATEMENT.split(text)
    names = parts[1::2]
    assert len(names) == len(set(names)), f"{package}/{path}: a statement name stands twice"
    return Statements(f"{package}/{path}", dict(zip(names, (body.strip() for body in parts[2::2]), strict=True)))


def like_words(text: str | None) -> list[str] | None:
    """A LIKE pattern for each word of a search, so that `... ilike all(...)` finds them in any order; None for none."""
    words = (text or "").split()
    return ["%" + word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%" for word in words] or None
