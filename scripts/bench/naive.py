"""The design that `ombilin bench` compares with: the same service as one would write it first.

Quart under Hypercorn, JSON by the standard library, one transaction of plain statements per request, the form read from
PostgreSQL at each start. It keeps its own small schema, so that the product's statements do not help it.
"""

from __future__ import annotations

import asyncio
import os
import signal
from typing import Any
from uuid import UUID

import asyncpg
from hypercorn.asyncio import serve
from quart import Quart, jsonify, request

from kit.http.serving import hypercorn_config

SCHEMA = """
create schema if not exists naive;
create table if not exists naive.attempt (id uuid primary key, deadline_at timestamptz, last_seq bigint default 0);
create table if not exists naive.event (
    attempt_id uuid not null references naive.attempt (id), seq bigint not null, client text not null,
    client_seq bigint not null, item text not null, value text not null, at timestamptz not null default now(),
    primary key (attempt_id, seq), unique (attempt_id, client, client_seq));
create table if not exists naive.response (
    attempt_id uuid not null references naive.attempt (id), item text not null, value text not null,
    primary key (attempt_id, item));
create table if not exists naive.item (id text primary key, content json not null);
"""


def create_app(url: str) -> Quart:
    """`/naive/ops` and `/naive/start`; the cookie is the attempt's id."""
    app = Quart("naive")
    pools: list[Any] = []

    @app.before_serving
    async def begin() -> None:
        pools.append(await asyncpg.create_pool(url, min_size=10, max_size=20))

    @app.after_serving
    async def end() -> None:
        await pools[0].close()

    @app.post("/naive/ops")
    async def ops() -> Any:
        attempt_id = UUID(request.cookies["attempt"])
        message = await request.get_json()
        async with pools[0].acquire() as connection, connection.transaction():
            attempt = await connection.fetchrow(
                "select deadline_at > now() as open, last_seq from naive.attempt where id = $1 for update", attempt_id
            )
            for place, op in enumerate(message["ops"], start=1):
                value = op["value"]["base"]["identifier"]
                await connection.execute(
                    "insert into naive.event (attempt_id, seq, client, client_seq, item, value)"
                    " values ($1, $2, $3, $4, $5, $6) on conflict do nothing",
                    attempt_id,
                    attempt["last_seq"] + place,
                    message["client"],
                    op["seq"],
                    op["item"],
                    value,
                )
                await connection.execute(
                    "insert into naive.response values ($1, $2, $3)"
                    " on conflict (attempt_id, item) do update set value = excluded.value",
                    attempt_id,
                    op["item"],
                    value,
                )
            await connection.execute(
                "update naive.attempt set last_seq = last_seq + $2 where id = $1", attempt_id, len(message["ops"])
            )
        return jsonify({"acked": message["ops"][-1]["seq"], "verdicts": []})

    @app.post("/naive/start")
    async def start() -> Any:
        attempt_id = UUID(request.cookies["attempt"])
        async with pools[0].acquire() as connection, connection.transaction():
            await connection.execute(
                "update naive.attempt set deadline_at = now() + interval '100 minutes' where id = $1", attempt_id
            )
            items = await connection.fetch("select id, content from naive.item order by md5(id || $1)", str(attempt_id))
        return jsonify({"items": [{"ref": row["id"], "content": row["content"]} for row in items[:110]]})

    return app


async def main() -> None:
    """Serve until SIGTERM."""
    config = hypercorn_config()
    config.bind = [f"127.0.0.1:{os.environ['OMBILIN_PORT']}"]
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    app: Any = create_app(os.environ["OMBILIN_DATABASE_URL"])
    await serve(app, config, shutdown_trigger=stop.wait)


if __name__ == "__main__":
    asyncio.run(main())
