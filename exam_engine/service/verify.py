"""Is the scored log the one that was acknowledged? The answer in plain words, for a candidate, an auditor, a judge.

Everything is computed anew from an exported attempt (its events and its score versions) and the published key; no
database is asked, so anybody with the export can repeat it. What is wrong is told by the first event that differs.
"""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import msgspec

from exam_engine.domain.chain import GENESIS, link, links
from exam_engine.domain.log import Event
from exam_engine.domain.receipt import AckReceipt, FinalReceipt, NoReceipt, Receipt, ScoreReceipt
from exam_engine.domain.records import Score
from exam_engine.service.ports import ExamUnit
from kit.canonical import canonical, digest
from kit.signing import BadSignature, verify_record

FORMAT = "ombilin.attempt/1"

Recompute = Callable[["AttemptExport", Score], list[str]]
"""What of a score differs when it is computed anew, in words; used where the keys are at hand."""


class AttemptExport(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One attempt as a file: its whole log and every version of its score; no names, no keys of items."""

    format: str
    attempt: UUID
    public_key: str
    events: tuple[Event, ...]
    scores: tuple[Score, ...]


class Finding(msgspec.Struct, frozen=True):
    """`holds`, what was checked in words, what is wrong in words, and the first event that differs."""

    holds: bool
    checked: list[str]
    wrong: list[str]
    first_difference: int | None = None


async def export_attempt(unit: ExamUnit, attempt_id: UUID, public_hex: str) -> AttemptExport:
    """Everything that a verification needs; raises `NoSuchRecord`."""
    await unit.attempts.get(attempt_id)
    events = await unit.attempts.events(attempt_id)
    scores = await unit.scores.versions(attempt_id)
    return AttemptExport(FORMAT, attempt_id, public_hex, tuple(events), tuple(scores))


def read_export(raw: bytes) -> AttemptExport:
    """An export from its JSON; raises `NoReceipt`."""
    try:
        export = msgspec.json.decode(raw, type=AttemptExport)
    except msgspec.MsgspecError as error:
        raise NoReceipt(f"the export cannot be read: {error}") from error
    if export.format != FORMAT:
        raise NoReceipt(f"the export is not of the format {FORMAT}")
    return export


def broken_at(export: AttemptExport) -> tuple[int, str] | None:
    """The first event whose content is not what its stored link says, or that is missing: (seq, what is wrong)."""
    previous = GENESIS
    for place, event in enumerate(sorted(export.events, key=lambda each: each.seq), start=1):
        if event.seq != place:
            return place, f"event {place} is missing from the log"
        if link(previous, export.attempt, event) != event.hash:
            at = event.server_at.strftime("%Y-%m-%d %H:%M:%S.%f")
            return place, f"event {place} ({event.kind}, {at} UTC) is not what was stored: it was changed afterwards"
        previous = event.hash
    return None


def _check_head(export: AttemptExport, seq: int, head: str) -> tuple[str, int | None] | None:
    """What contradicts "after event `seq` the head was `head`": (words, first event that differs)."""
    heads = {event.seq: value.hex() for event, value in links(export.attempt, export.events)}
    broken = broken_at(export)
    if broken is not None and broken[0] <= seq:
        return broken[1], broken[0]
    if seq not in heads:
        return f"the log ends at event {max(heads, default=0)}: what was acknowledged as event {seq} is gone", seq
    if heads[seq] != head:
        return f"the log up to event {seq} was rewritten after the receipt was given: its head is another", None
    return None


def verify_receipt(
    receipt: Receipt, export: AttemptExport, public_hex: str, recompute: Recompute | None = None
) -> Finding:
    """Compare a receipt with the log and the scores; `public_hex` is the published key, not the one of the export."""
    checked: list[str] = []
    wrong: list[str] = []
    first: int | None = None
    score, signed = _score_of(receipt, export, public_hex, wrong)
    if signed:
        checked.append("the receipt was signed by the examination system")
    seq, head, named = _claim(receipt, export, score)
    if named != export.attempt:
        return Finding(False, checked, [f"the receipt is of attempt {named}, the log of attempt {export.attempt}"])
    problem = _check_head(export, seq, head)
    if problem is None:
        checked.append(f"the stored log is the acknowledged one up to event {seq}")
    else:
        wrong.append(problem[0])
        first = problem[1]
    if not isinstance(receipt, AckReceipt):
        if added := _added(export, seq, checked):
            wrong.append(added)
            first = first or seq + 1
        if score is not None:
            wrong += _check_score(score, head, public_hex, checked)
            wrong += recompute(export, score) if recompute else []
            if recompute and not wrong:
                checked.append("the points, computed anew from the log, are those of the score")
    return Finding(not wrong, checked, wrong, first)


def _added(export: AttemptExport, seq: int, checked: list[str]) -> str | None:
    """What is wrong with the events after the scored log; an import that somebody answers for is told, not blamed."""
    later = sorted((event for event in export.events if event.seq > seq), key=lambda each: each.seq)
    if not later:
        return None
    if later[0].kind == "imported" and isinstance(later[0].payload, dict):
        who, why = later[0].payload.get("actor"), later[0].payload.get("reason")
        checked.append(
            f"after this score {len(later)} events were added from an emergency file, decided by {who}: {why}; "
            "only a later score version can count them"
        )
        return None
    return f"{len(later)} events were added after the end"


def _claim(receipt: Receipt, export: AttemptExport, score: Score | None) -> tuple[int, str, UUID]:
    if isinstance(receipt, ScoreReceipt):
        head = score.log_hash if score else ""
        seq = next((event.seq for event in export.events if event.hash.hex() == head), len(export.events))
        return seq, head, score.attempt_id if score else export.attempt
    return receipt.seq, receipt.head, receipt.attempt


def _score_of(receipt: Receipt, export: AttemptExport, public_hex: str, wrong: list[str]) -> tuple[Score | None, bool]:
    """(the score version that the receipt names, whether its signature holds)."""
    if isinstance(receipt, AckReceipt):
        return None, False
    try:
        if isinstance(receipt, FinalReceipt):
            receipt.verify(public_hex)
            wanted = receipt.record_hash
        else:
            wanted = digest(msgspec.json.decode(verify_record(receipt.jws, public_hex)))
    except BadSignature:
        wrong.append("the receipt was not signed with this key: it is forged, mistyped, or of another system")
        return None, False
    score = next((each for each in export.scores if each.record_hash == wanted), None)
    if score is None:
        wrong.append("the score that the receipt names is not among the stored ones")
    return score, True


def _check_score(score: Score, head: str, public_hex: str, checked: list[str]) -> list[str]:
    wrong: list[str] = []
    if digest(score.record) != score.record_hash:
        wrong.append(f"score version {score.version} was changed after it was made")
    try:
        if verify_record(score.jws, public_hex) != canonical(score.record):
            wrong.append(f"the signature of score version {score.version} is for another record")
    except BadSignature:
        wrong.append(f"score version {score.version} does not have the signature of this key")
    if score.log_hash != head:
        wrong.append(f"score version {score.version} was made from another log")
    if not wrong:
        checked.append(f"score version {score.version} was made from this log and carries the system's signature")
    return wrong
