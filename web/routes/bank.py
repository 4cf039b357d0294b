"""The item bank for its committee: find, read, submit, approve, send back, retire; what the blueprints need."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from quart import Blueprint, g, redirect, render_template, request

from item_bank.domain.versions import MOVES, NEEDS_NOTE, Action, State
from item_bank.service import catalog
from kit.errors import Forbidden, Invalid
from kit.http.site import requires
from web.bank_view import People, history_steps, topic_titles
from web.views import figure_view
from web.wiring import Deps

BANK_ROLES = ("author", "reviewer", "releaser", "auditor")
PAGE = 25
LAST_PAGE = 100_000  # so that no address asks PostgreSQL for an offset that it cannot count to
TRAIL, VERSIONS = 20, 10  # newest steps of each of the newest versions that an item's page shows
ACTION_ROLES = {
    Action.SUBMIT: ("author", "administrator"),
    Action.SEND_BACK: ("reviewer", "administrator"),
    Action.APPROVE: ("reviewer", "administrator"),
    Action.RETIRE: ("reviewer", "releaser", "administrator"),
}


class NotConfirmed(Invalid):
    """Retiring cannot be taken back, so it must be confirmed."""

    key = "not-confirmed"


def _words(text: str) -> str | None:
    return text.replace("\x00", "").strip()[:100] or None


def bank_routes(deps: Deps) -> Blueprint:
    """Pages under /bank/."""
    routes = Blueprint("bank", __name__)

    @routes.get("/bank/")
    @requires(*BANK_ROLES)
    async def items_page() -> Any:
        wanted = {name: _words(request.args.get(name, "")) for name in ("state", "topic", "text")}
        page = min(max(1, request.args.get("page", 1, int)), LAST_PAGE)
        async with deps.unit() as unit:
            count, items = await unit.bank.items(**wanted, limit=PAGE, offset=(page - 1) * PAGE)
            topics = await unit.bank.topics()
            titles = topic_titles(await unit.bank.blueprints(), g.locale)
        return await render_template(
            "bank/items.html",
            items=items,
            count=count,
            topics=topics,
            titles=titles,
            wanted=wanted,
            page=page,
            pages=max(1, -(-count // PAGE)),
            states=[state.value for state in State],
        )

    @routes.get("/bank/items/<uuid:version_id>")
    @requires(*BANK_ROLES)
    async def item_page(version_id: UUID) -> Any:
        async with deps.unit() as unit:
            version = await unit.bank.version(version_id)
            history = await unit.bank.history(version.item_id)
            trails = {each.id: await unit.accounts.audit_lines(str(each.id), TRAIL) for each in history[:VERSIONS]}
            ids = [person for each in history for person in (each.author_id, each.reviewer_id) if person]
            actors = [line["actor"] for each in trails.values() for line in each]
            people = People(await unit.accounts.people(ids, actors))
            titles = topic_titles(await unit.bank.blueprints(), g.locale)
        state = State(version.state)
        actions = [action for from_state, action in MOVES if from_state is state and _may(action, version.author_id)]
        interaction = version.content.interactions[0]
        declaration = version.content.response(interaction.response)
        points = declaration.mapping.entries if declaration.mapping else {}
        correct = (declaration.correct or {}).get("base") or {}
        return await render_template(
            "bank/item.html",
            version=version,
            steps=history_steps(history[:VERSIONS], trails, people),
            author=people.of(version.author_id),
            titles=titles,
            own=version.author_id == g.staff.id,
            note_needed=any(action in NEEDS_NOTE for action in actions),
            actions=[action.value for action in actions],
            figure=figure_view(version.content.figure),
            options=[
                {
                    "id": option.id,
                    "html": option.html,
                    "figure": figure_view(option.figure),
                    "points": points.get(option.id),
                    "correct": correct.get("identifier") == option.id,
                }
                for option in interaction.options
            ],
        )

    def _may(action: Action, author_id: UUID) -> bool:
        judges = action in (Action.APPROVE, Action.SEND_BACK)
        return g.staff.role in ACTION_ROLES[action] and not (judges and g.staff.id == author_id)

    @routes.post("/bank/items/<uuid:version_id>/<action>")
    @requires(*BANK_ROLES)
    async def judge(version_id: UUID, action: str) -> Any:
        try:
            asked = Action(action)
        except ValueError as error:
            raise Invalid("there is no such step") from error
        if g.staff.role not in ACTION_ROLES[asked]:
            raise Forbidden
        form = await request.form
        note = form.get("note", "").replace("\x00", "").strip()[:2000]
        if asked is Action.RETIRE and form.get("confirmed") != "yes":
            raise NotConfirmed
        async with deps.unit() as unit:
            state = await catalog.judge(unit.bank, version_id, asked, actor_id=g.staff.id, now=g.now, note=note)
            detail = {"state": state.value, "note": note}
            await unit.accounts.audit(g.now, g.staff.username, f"item-{asked.value}", str(version_id), detail)
        return redirect(f"/bank/items/{version_id}", 303)

    @routes.get("/bank/blueprints/")
    @requires(*BANK_ROLES)
    async def blueprints_page() -> Any:
        async with deps.unit() as unit:
            blueprints = await unit.bank.blueprints()
            available = {each.topic: each.approved for each in await unit.bank.topics()}
        titles = topic_titles(blueprints, g.locale)
        return await render_template("bank/blueprints.html", blueprints=blueprints, available=available, titles=titles)

    return routes
