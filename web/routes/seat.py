"""The rarer calls of a seat: bootstrap, photo, check, start, submit. The hot ones are in web/hot.py."""

from __future__ import annotations

from typing import Any

import msgspec
from quart import Blueprint, Response, g, jsonify, request

from exam_engine.domain.attempt import Action, Status
from exam_engine.domain.deadline import allowance_of
from exam_engine.domain.log import fold
from exam_engine.service.finish import finish
from exam_engine.service.seat import note_check, note_photo
from kit.clock import milliseconds
from kit.errors import Invalid
from kit.http.site import BadCsrf, Site, TooLarge, csrf_exempt
from proctoring.service.messages import messages_of
from proctoring.service.photos import store_identity_photo
from proctoring.service.signals import record_check
from web.device import device_view
from web.seat import Seats, SeatToken, read_token, wire_state
from web.starting import Starting
from web.views import exam_view, form_view, opens_view, proctoring_view
from web.watching import ended, forget_pictures
from web.wiring import Deps

PHOTO_LIMIT = 200 * 1024


def seat_routes(deps: Deps, seats: Seats, site: Site, starting: Starting) -> Blueprint:
    """Under /api/seat/; every call carries the seat cookie, POST the header that no foreign form can send."""
    routes = Blueprint("seat", __name__)

    def token() -> SeatToken:
        if request.method == "POST" and request.headers.get("X-Ombilin-Seat") != "1":
            raise BadCsrf
        return read_token(deps.keys.seat, site.read_cookie("seat"))

    async def announce(seat: SeatToken) -> None:
        seats.forget(seat.attempt_id)
        await deps.bus.publish(f"seat.{seat.attempt_id}", {"kind": "state"})
        await deps.bus.publish(f"proctor.{seat.session_id}", {"kind": "candidate", "attempt": str(seat.attempt_id)})

    @routes.get("/api/seat/bootstrap")
    async def bootstrap() -> Any:
        return _json(await _bootstrap(deps, seats, token(), site))

    @routes.post("/api/seat/photo")
    @csrf_exempt
    async def photo() -> Any:
        seat = token()
        await seats.attempt(seat)
        if (request.content_length or 0) > PHOTO_LIMIT:
            raise TooLarge
        jpeg = await request.body
        async with deps.unit() as unit:
            await store_identity_photo(unit, attempt_id=seat.attempt_id, jpeg=jpeg, now=g.now)
            await note_photo(unit, seat.attempt_id, g.now)
        await announce(seat)
        return jsonify({"ok": True})

    @routes.post("/api/seat/check")
    @csrf_exempt
    async def check() -> Any:
        seat = token()
        await seats.attempt(seat)
        results = _check_results(await request.get_json(silent=True))
        async with deps.unit() as unit:
            await record_check(unit, attempt_id=seat.attempt_id, results=results, now=g.now)
            await note_check(unit, seat.attempt_id, g.now)
        await announce(seat)
        return jsonify({"ok": True})

    @routes.post("/api/seat/start")
    @csrf_exempt
    async def begin() -> Any:
        seat = token()
        await starting.begin_here(seat)
        return _json(await _bootstrap(deps, seats, seat, site))

    @routes.post("/api/seat/submit")
    @csrf_exempt
    async def submit() -> Any:
        seat = token()
        await seats.attempt(seat, fresh=True)
        async with deps.unit() as unit:
            await finish(unit, seat.attempt_id, Action.SUBMIT, deps.marking)
            await ended(unit, seat.attempt_id, seat.session_id, now=g.now)
        await forget_pictures(deps.frames, [seat.attempt_id])
        await announce(seat)
        return jsonify({"receipt_url": "/exam/receipt"})

    return routes


def _json(value: Any) -> Response:
    # a whole form has 136 kB: msgspec writes it ten times faster than jsonify
    return Response(msgspec.json.encode(value), content_type="application/json")


def _check_results(body: Any) -> list[dict[str, Any]]:
    results = body.get("results") if isinstance(body, dict) else None
    if not isinstance(results, list) or len(results) > 20:
        raise Invalid("results must be a list of at most 20 checks")
    return [
        {
            "name": str(each.get("name", ""))[:40],
            "ok": bool(each.get("ok")),
            "detail": str(each.get("detail", ""))[:300],
        }
        for each in results
        if isinstance(each, dict)
    ]


async def _bootstrap(deps: Deps, seats: Seats, seat: SeatToken, site: Site) -> dict[str, Any]:
    attempt = await seats.attempt(seat, fresh=True)
    async with deps.unit() as unit:
        person = await unit.exams.participant(attempt.participant_id)
        session = await unit.exams.session(attempt.session_id)
        exam = await unit.exams.exam(session.exam_id)
        standing = fold(await unit.attempts.events(attempt.id))
        messages = await messages_of(unit, attempt.id)
    allowance = allowance_of(exam, person, deps.rule_packs[exam.rule_pack])
    running = attempt.status in (Status.ACTIVE, Status.PAUSED)
    blueprint, _ = await deps.item_pool(exam.blueprint, g.now)
    contents = await deps.items.contents([item.version_id for item in standing.sequence]) if running else {}
    form: dict[str, Any] = {"sections": [], "items": []}
    if running:
        form = form_view(blueprint, standing.sequence, contents, g.locale)
    return {
        "exam": exam_view(exam, g.locale, allowance, site.translate),
        "participant": {"number": person.number, "name": person.name},
        "attempt": {
            "id": str(attempt.id),
            "photo": attempt.photo_at is not None,
            "checked": attempt.checked_at is not None,
            "last_revision": standing.last_revision,
        },
        "device": device_view(deps.settings.secret_key, attempt.id),
        "state": wire_state(attempt, g.now),
        "opens": opens_view(session, g.now),
        "proctoring": proctoring_view(exam),
        **form,
        "responses": {str(item): value for item, value in standing.responses.items()} if running else {},
        "flags": [str(item) for item in standing.flags] if running else [],
        "messages": [
            {"id": str(each.id), "text": each.text, "at": milliseconds(each.at), "from": each.author}
            for each in messages
        ],
    }
