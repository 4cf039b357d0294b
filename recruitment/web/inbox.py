"""`POST /inbox/scores`: where signed scores arrive. The signature is the proof of origin; there is no session here.

The transaction is committed before a refusal is answered: a quarantined delivery must stay.
"""

from __future__ import annotations

from typing import Any

import structlog
from quart import Blueprint, g, jsonify, request

from kit.errors import Fault
from kit.http.site import TooLarge, csrf_exempt
from recruitment.domain.inbox import ACCEPTED, Verdict
from recruitment.service.receive_score import Receipt, receive_score
from recruitment.web.deps import Deps
from recruitment.web.words import OtherContent, StaleScore, UnsoundScore

log = structlog.get_logger(__name__)

MAX_DELIVERY = 64 * 1024  # a record of three sections is 3 KB; the widest exam stays far below


def inbox_routes(deps: Deps) -> Blueprint:
    """The one address of the hand-over."""
    routes = Blueprint("inbox", __name__)

    @routes.post("/inbox/scores")
    @csrf_exempt
    async def receive() -> Any:
        if (request.content_length or 0) > MAX_DELIVERY:
            raise TooLarge
        body = await request.get_data(as_text=False)
        assert isinstance(body, bytes), "asked for as bytes"
        if len(body) > MAX_DELIVERY:
            raise TooLarge
        headers = {name.lower(): value for name, value in request.headers.items()}
        async with deps.unit() as unit:
            receipt = await receive_score(unit, headers, body, deps.settings.handover_public_key, g.now)
        _tell(receipt)
        if receipt.verdict not in ACCEPTED:
            raise _refusal(receipt)
        return jsonify({"id": receipt.event_id, "verdict": receipt.verdict})

    return routes


def _tell(receipt: Receipt) -> None:
    verdict = receipt.verdict or "malformed"
    if receipt.verdict in ACCEPTED:
        log.info("handover-received", event_id=receipt.event_id, verdict=verdict)
    else:
        log.error("handover-refused", event_id=receipt.event_id, verdict=verdict, problems=receipt.problems)


def _refusal(receipt: Receipt) -> Fault:
    if receipt.verdict is Verdict.STALE:
        return StaleScore(receipt.event_id)
    if receipt.verdict is Verdict.MISMATCH:
        return OtherContent(receipt.event_id)
    return UnsoundScore(receipt.event_id, "; ".join(receipt.problems)[:500])
