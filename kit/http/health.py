"""Liveness and readiness, for supervisors and proxies."""

from __future__ import annotations

from typing import Any

from quart import Blueprint, jsonify

from kit.postgres import Pool


def health_routes(pool: Pool) -> Blueprint:
    """`/livez`: the loop turns. `/readyz`: the database answers."""
    routes = Blueprint("health", __name__)

    @routes.get("/livez")
    async def live() -> Any:
        return jsonify({"ok": True})

    @routes.get("/readyz")
    async def ready() -> Any:
        try:
            await pool.fetchval("select 1", timeout=2)
        except Exception as error:
            return jsonify({"ok": False, "database": type(error).__name__}), 503
        return jsonify({"ok": True})

    return routes
