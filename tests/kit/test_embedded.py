"""The embedded PostgreSQL: data survives restarts and kills, a second start is quick, failures tell what to do."""

import os
import signal

import asyncpg
import pytest

from kit.embedded import EmbeddedPostgres, PostgresFailed


async def ask(url: str, query: str):
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


async def test_data_survives_a_restart_and_a_kill(tmp_path):
    server = EmbeddedPostgres(tmp_path)
    url = server.start()
    try:
        await ask(url, "create table kept as select 42 as n")
        assert await ask(url, "show fsync") == "on"
        assert await ask(url, "show listen_addresses") == ""
        server.stop()
        assert await ask(server.start(), "select n from kept") == 42
        os.kill(server._pid(), signal.SIGKILL)
        server._process.wait()
        assert await ask(server.start(), "select n from kept") == 42
        assert EmbeddedPostgres(tmp_path).start() == url, "a running server of the same data is adopted"
    finally:
        server.stop()
    server.erase()


def test_a_broken_cluster_says_so(tmp_path):
    server = EmbeddedPostgres(tmp_path)
    with server:
        pass
    (tmp_path / "postgres" / "postgresql.conf").write_text("this is not a setting\n")
    with pytest.raises(PostgresFailed) as refused:
        server.start()
    server.erase()
    assert "postgresql.conf" in str(refused.value)
