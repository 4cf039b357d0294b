"""Words of the admin module: what an outcome, a verdict, a refusal is called; English message ids, translated later."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from kit.errors import Conflict, Invalid
from kit.http.errors import Words
from kit.http.formats import N_
from recruitment.domain.inbox import Verdict
from recruitment.domain.ranking import Outcome

OUTCOMES: dict[Outcome, str] = {
    Outcome.GOES_ON: N_("Goes on to SKB"),
    Outcome.OUTSIDE: N_("Meets the passing grades, outside the quota"),
    Outcome.BELOW_THRESHOLD: N_("Below a passing grade"),
    Outcome.PENDING: N_("Waits for manual scoring"),
    Outcome.WITHHELD: N_("Withheld"),
    Outcome.UNFIT: N_("Score is not of this test"),
    Outcome.VOID: N_("Void"),
    Outcome.ABSENT: N_("Absent"),
    Outcome.WAITING: N_("No score yet"),
}

PROVISIONAL = "goes-on-provisionally"  # the word of GOES_ON while scores are missing

VERDICTS: dict[str, str] = {
    Verdict.APPLIED: N_("Applied"),
    Verdict.STALE: N_("Refused: older version"),
    Verdict.INCONSISTENT: N_("Refused: contradicts itself"),
    Verdict.MISMATCH: N_("Other content under a known id"),
    "malformed": N_("No readable record"),
}

STATUSES: dict[str, str] = {
    "final": N_("Final"),
    "absent": N_("Absent"),
    "void": N_("Void"),
    "withheld": N_("Withheld"),
    "pending_manual": N_("Waits for manual scoring"),
}

# what recruitment/domain/inbox.py finds, marked here because the domain knows no catalogs
PROBLEMS = (
    N_("the type is not that of a score"),
    N_("the envelope's id is not the webhook-id"),
    N_("the envelope's id is not the record's event_id"),
    N_("the envelope's subject is not the record's participant_id"),
    N_("a section stands twice"),
    N_("a score is not a number"),
    N_("a final score has no sections"),
    N_("the sections do not add up to the total"),
    N_("the section maxima do not add up to total_max"),
    N_("a section lies outside its range"),
    N_("versions and attempts count from 1"),
    N_("version 1 supersedes nothing, a later one says what"),
    N_("a version supersedes an earlier one"),
    N_("a correction has no reason"),
    N_("a correction was approved by one person twice"),
    N_("a time has no zone"),
    N_("submitted before it started"),
)

TIE_KEYS = {
    "total": N_("the total"),
    "SKD": N_("SKD total"),
    "gpa": N_("grade average"),
    "older": N_("the older applicant"),
}

ROLES = {
    "administrator": N_("Administrator"),
    "committee": N_("Selection committee"),
    "auditor": N_("Auditor"),
}


@dataclass(eq=False)
class StaleScore(Conflict):
    """A newer or equal score version of this sitting is here already."""

    event_id: str
    key: ClassVar[str] = "stale-score"


@dataclass(eq=False)
class OtherContent(Conflict):
    """This id came before with other bytes; the delivery waits in quarantine for a human."""

    event_id: str
    key: ClassVar[str] = "other-content"


@dataclass(eq=False)
class UnsoundScore(Invalid):
    """An authentic delivery that holds no record or contradicts itself; `problems` says where."""

    event_id: str
    problems: str
    key: ClassVar[str] = "unsound-score"


MESSAGES: dict[str, Words] = {
    "no-such-vacancy": Words(N_("This vacancy does not exist"), N_("Choose one from the list of vacancies.")),
    "no-such-rule-pack": Words(
        N_("The rule pack %(rule_pack)s is not installed"), N_("Install it; nobody is ranked by other rules.")
    ),
    "bad-rule-pack": Words(N_("The rule pack cannot be used: %(problem)s"), N_("Mend the file and start again.")),
    "unknown-track": Words(
        N_("The rule pack %(rule_pack)s has no passing grades for the track %(track)s"),
        N_("Correct the applicant's track or add the track to a new version of the rule pack."),
    ),
    "stale-score": Words(
        N_("A newer version of this score is here already"), N_("Send a higher score_version, or nothing.")
    ),
    "other-content": Words(
        N_("This id came before with other content"), N_("It is in quarantine; a member of staff must compare the two.")
    ),
    "unsound-score": Words(
        N_("The score record cannot be used: %(problems)s"), N_("Correct the record and send it under a new id.")
    ),
}
