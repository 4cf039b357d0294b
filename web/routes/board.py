"""The public score board: a table that is complete without JavaScript and moves with it (SSE)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

from quart import Blueprint, g, render_template

from exam_engine.domain.records import Exam, Session
from exam_engine.service.board import Board, board_meta, by_points
from kit.errors import NotFound
from kit.http.sse import Event, event_stream
from web.live_board import LiveBoard
from web.views import section_titles
from web.wiring import Deps


class NoBoard(NotFound):
    """There is no such session, or its exam shows no live scores."""

    key = "no-board"


def board_routes(deps: Deps) -> Blueprint:
    """`/board/...` pages and their event streams."""
    routes = Blueprint("board", __name__)
    boards: dict[UUID, LiveBoard] = {}

    async def of(code: str) -> tuple[Session, Exam, LiveBoard]:
        async with deps.unit() as unit:
            session = await unit.exams.session_by_code(code)
            exam = await unit.exams.exam(session.exam_id)
        if not exam.board:
            raise NoBoard
        if session.id not in boards:
            boards[session.id] = LiveBoard(deps, Board(session.id, deps.rule_packs[exam.rule_pack], deps.items))
        return session, exam, boards[session.id]

    @routes.get("/board/<code>")
    async def board_page(code: str) -> Any:
        session, exam, live = await of(code)
        blueprint, _ = await deps.item_pool(exam.blueprint, g.now)
        meta = board_meta(deps.rule_packs[exam.rule_pack])
        return await render_template(
            "board.html",
            session=session,
            exam=exam,
            meta=meta,
            titles=section_titles(blueprint, g.locale),
            rows=by_points(await live.rows(), meta.ties),
        )

    @routes.get("/api/board/<code>/events")
    async def board_events(code: str) -> Any:
        _, exam, live = await of(code)

        async def events() -> AsyncIterator[Event]:
            yield "meta", board_meta(deps.rule_packs[exam.rule_pack])
            async for event in live.events():
                yield event

        return await event_stream(events())

    return routes
