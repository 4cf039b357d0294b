"""May a session be opened? The answer of a rehearsal, in words.

The rule: an installation opens for so many candidates as it has carried one and a half times (docs: the published
rehearsal gates the opening). Broken promises forbid; figures beyond their limits forbid as well.
"""

from __future__ import annotations

import msgspec

from scripts.robots.reconcile import Reconciliation

PEAK_FACTOR = 1.5
ACK_P99_LIMIT_MS = 100.0
START_P99_LIMIT_MS = 1000.0


class Verdict(msgspec.Struct, frozen=True):
    """`open_for`: candidates of a session that may be opened; 0 forbids. `reasons` say why not more."""

    open_for: int
    reasons: list[str]
    words: str
    kata: str  # the same in Indonesian


def judge(counted: Reconciliation, *, candidates: int, expected: int = 0) -> Verdict:
    """The verdict on a rehearsal with `candidates`; `expected` is the peak of the session to come, if known."""
    reasons = counted.broken()
    if counted.started < candidates:
        reasons.append(f"only {counted.started} of {candidates} started")
    if counted.ack_p99_ms > ACK_P99_LIMIT_MS:
        reasons.append(f"acknowledgements p99 {counted.ack_p99_ms:.0f} ms > {ACK_P99_LIMIT_MS:.0f} ms")
    if counted.start_p99_ms > START_P99_LIMIT_MS:
        reasons.append(f"starts p99 {counted.start_p99_ms:.0f} ms > {START_P99_LIMIT_MS:.0f} ms")
    open_for = 0 if reasons else int(candidates / PEAK_FACTOR)
    if expected and open_for and open_for < expected:
        reasons.append(f"{expected} expected need a rehearsal with {int(expected * PEAK_FACTOR + 0.5)}")
    if reasons:
        why = "; ".join(reasons)
        return Verdict(open_for, reasons, f"Do not open: {why}.", f"Jangan buka sesi: {why}.")
    return Verdict(
        open_for,
        [],
        f"Open: {candidates} were carried, so a session of up to {open_for} candidates may begin.",
        f"Silakan buka: {candidates} peserta terlayani, sesi sampai dengan {open_for} peserta boleh dimulai.",
    )
