"""The staff log-in page, the same in both products: a plain form that works without JavaScript."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from quart import Blueprint, g, redirect, render_template, request

from kit.accounts.service import SESSION_HOURS, Limiter, WrongCredentials, log_in, log_out
from kit.accounts.store import AccountStore
from kit.http.errors import words_of
from kit.http.site import Site, local_target


def staff_login_routes(site: Site, home: str) -> Blueprint:
    """`/staff/login` and `/staff/logout`; `home` is where a log-in without `next` leads."""
    routes = Blueprint("staff", __name__)
    limiter = Limiter(8, timedelta(minutes=5))

    @asynccontextmanager
    async def accounts() -> AsyncIterator[AccountStore]:
        async with site.pool.acquire() as connection, connection.transaction():
            yield AccountStore(connection, site.options.schema)

    @routes.get("/staff/login")
    async def login_page() -> Any:
        return await render_template("staff_login.html", problem=None, username="", next=request.args.get("next", ""))

    @routes.post("/staff/login")
    async def login() -> Any:
        form = await request.form
        username, target = form.get("username", "")[:100], form.get("next", "")
        limiter.hit(username.strip().lower(), g.now)
        try:
            staff, token = await log_in(accounts, username, form.get("password", ""), g.now)
        except WrongCredentials as error:
            title, next_step = words_of(error, site.translate, site.options.messages)
            problem = f"{title}. {next_step}"
            return await render_template("staff_login.html", problem=problem, username=username, next=target), 401
        limiter.forget(staff.username)
        answer = redirect(local_target(target, home), 303)
        site.set_cookie(answer, "staff", token, max_age=SESSION_HOURS * 3600)
        return answer

    @routes.post("/staff/logout")
    async def logout() -> Any:
        token = site.read_cookie("staff")
        if token:
            async with accounts() as store:
                await log_out(store, token)
        answer = redirect("/", 303)
        site.drop_cookie(answer, "staff")
        return answer

    return routes
