"""The candidate's pages: log in, the examination, the receipt."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from quart import Blueprint, Response, g, redirect, render_template, request

from exam_engine.domain.attempt import ENDED, Status
from exam_engine.domain.records import Attempt
from exam_engine.service.seat import WrongPin, normal_number, take_seat
from kit.accounts.service import Limiter
from kit.errors import Conflict, Fault, Unauthenticated
from kit.http.errors import words_of
from kit.http.site import Site
from web.assets import worker_script
from web.messages import MESSAGES
from web.seat import Seats, SeatToken, read_token
from web.views import final_receipt, qr_svg, section_titles
from web.wiring import Deps

SEAT_HOURS = 12  # longer than any session


def candidate_routes(deps: Deps, seats: Seats, site: Site) -> Blueprint:
    """Pages under /exam/ ; the calls of the runner are in seat.py."""
    routes = Blueprint("candidate", __name__)
    limiter = Limiter(10, timedelta(minutes=5))

    def token() -> SeatToken:
        return read_token(deps.keys.seat, site.read_cookie("seat"))

    @routes.get("/exam/login")
    async def login_page() -> Any:
        return await render_template("candidate/login.html", problem=None, number="")

    @routes.post("/exam/login")
    async def login() -> Any:
        form = await request.form
        number, pin = form.get("number", "").strip(), form.get("pin", "")
        fresh = Attempt(
            id=uuid4(),
            participant_id=UUID(int=0),
            session_id=UUID(int=0),
            ordinal=1,
            status=Status.PREPARING,
            seed=secrets.randbits(63),
            seat_id=uuid4(),
            created_at=g.now,
        )
        try:
            async with deps.unit() as unit:
                seat = await take_seat(unit, number=number, pin=pin, key=deps.keys.pin, fresh=fresh, now=g.now)
                await unit.accounts.audit(
                    g.now, f"participant:{number}", "seat-taken", str(seat.attempt_id), {"again": seat.taken_over}
                )
        except WrongPin as error:
            # only wrong PINs count, and the right one always opens: nobody can lock out a number that is public
            limiter.hit(normal_number(number[:64]), g.now)
            problem = ". ".join(words_of(error, site.translate, MESSAGES))
            return await render_template("candidate/login.html", problem=problem, number=number[:64]), 401
        limiter.forget(normal_number(number[:64]))
        await deps.bus.publish(f"seat.{seat.attempt_id}", {"kind": "seat"})
        await deps.bus.publish(f"proctor.{seat.session_id}", {"kind": "candidate", "attempt": str(seat.attempt_id)})
        held = SeatToken(seat.attempt_id, seat.seat_id, seat.session_id)
        answer = redirect("/exam/", 303)
        site.set_cookie(answer, "seat", held.seal(deps.keys.seat), max_age=SEAT_HOURS * 3600)
        return answer

    @routes.get("/exam/")
    async def exam_page() -> Any:
        try:
            attempt = await seats.attempt(token(), fresh=True)
        except Fault:
            return redirect("/exam/login", 303)
        if attempt.status in ENDED:
            return redirect("/exam/receipt", 303)
        return await render_template("candidate/app.html")

    @routes.get("/exam/sw.js")
    async def service_worker() -> Any:
        script = worker_script((site.static("ombilin.css"), site.static("mark.svg")))
        return Response(script, content_type="text/javascript; charset=utf-8", headers={"Cache-Control": "no-cache"})

    @routes.get("/exam/receipt")
    async def receipt_page() -> Any:
        try:
            attempt = await seats.attempt(token(), fresh=True)
        except (Unauthenticated, Conflict):
            return redirect("/exam/login", 303)
        if attempt.status not in ENDED:
            return redirect("/exam/", 303)
        async with deps.unit() as unit:
            score = await unit.scores.latest(attempt.id)
            scored_seq = await unit.attempts.seq_of(attempt.id, score.log_hash) if score else 0
            person = await unit.exams.participant(attempt.participant_id)
            session = await unit.exams.session(attempt.session_id)
            exam = await unit.exams.exam(session.exam_id)
            answered = (await unit.attempts.answered([attempt.id])).get(attempt.id, 0)
            sequence = (await unit.attempts.sequences([attempt.id])).get(attempt.id, ())
        blueprint, _ = await deps.item_pool(exam.blueprint, g.now)
        receipt = final_receipt(score, scored_seq, deps.marking.signing_key).text() if score else ""
        return await render_template(
            "candidate/receipt.html",
            receipt=receipt,
            qr=qr_svg(receipt),
            attempt=attempt,
            score=score,
            person=person,
            session=session,
            exam=exam,
            answered=answered,
            item_count=len(sequence),
            titles=section_titles(blueprint, g.locale),
        )

    @routes.post("/exam/logout")
    async def logout() -> Any:
        answer = redirect("/exam/login", 303)
        site.drop_cookie(answer, "seat")
        return answer

    return routes
