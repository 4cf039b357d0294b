"""English message ids of incidents, signals and actions. Wording is part of the rules: it says what was measured.

"No face in the picture", never "the candidate left". `%(name)s` places are filled from the facts after translation;
a kind without words of its own is shown under its stored name.
"""

from __future__ import annotations

from kit.http.formats import N_

# (kind, topic) -> title, summary
INCIDENTS: dict[tuple[str, str], tuple[str, str]] = {
    ("ABSENT", ""): (
        N_("No face in the picture"),
        N_("No face was found in %(frames)s of %(of)s pictures."),
    ),
    ("FACE_HIDDEN", ""): (
        N_("Face not visible"),
        N_("Somebody seems to be there, but the face was not seen in %(frames)s of %(of)s pictures."),
    ),
    ("MULTIPLE", ""): (
        N_("More than one face"),
        N_("%(faces)s faces were found; a poster or a passer-by can be the reason."),
    ),
    ("MISMATCH", ""): (
        N_("The face differs from the identity photo"),
        N_("The comparison with the identity photo was below the threshold."),
    ),
    ("BLIND", ""): (
        N_("The camera shows nothing"),
        N_("The picture was dark, covered or blank in %(frames)s of %(of)s pictures."),
    ),
    ("FROZEN", ""): (
        N_("The picture does not move"),
        N_("%(frames)s pictures in a row hardly differ; a stopped camera can be the reason."),
    ),
    ("UNVERIFIABLE", ""): (N_("No usable pictures"), N_("No usable pictures arrived.")),
    ("SIGNAL", "hidden"): (
        N_("The examination was not on the screen"),
        N_("Another tab or window covered it for %(seconds)s seconds."),
    ),
    ("SIGNAL", "blur"): (
        N_("The window was not in use"),
        N_("The window had no keyboard focus for %(seconds)s seconds."),
    ),
    ("SIGNAL", "fullscreen"): (N_("Full screen was left"), N_("Full screen was off for %(seconds)s seconds.")),
    ("SIGNAL", "paste"): (N_("Text was pasted"), N_("Pasted %(count)s times.")),
    ("SIGNAL", "copy"): (N_("Text was copied"), N_("Copied %(count)s times.")),
    ("SIGNAL", "unsupported"): (
        N_("A signal cannot be checked on this device"),
        N_("The browser does not support: %(what)s."),
    ),
}

UNVERIFIABLE_REASONS: dict[str, str] = {
    "silence": N_("No picture arrived for more than %(seconds)s seconds."),
    "camera_lost": N_("The browser reported that the camera was lost."),
    "offline": N_("The browser reported that it was offline."),
    "unreadable": N_("Pictures arrived that could not be decoded."),
}
NOT_ENDED = N_("It has not ended yet.")
_SPANS = frozenset({"hidden", "blur", "fullscreen"})  # how long they lasted is known at their end
WIDESPREAD = N_("Most candidates sent no pictures at that time; the network or the server is the likely reason.")

SIGNALS: dict[str, str] = {
    "hidden": N_("Tab hidden"),
    "visible": N_("Tab visible"),
    "blur": N_("Window lost the focus"),
    "focus": N_("Window has the focus"),
    "fullscreen_left": N_("Full screen was left"),
    "fullscreen_entered": N_("Full screen is on"),
    "paste": N_("Text was pasted"),
    "copy": N_("Text was copied"),
    "camera_lost": N_("Camera lost"),
    "camera_back": N_("Camera is back"),
    "offline": N_("Offline"),
    "online": N_("Online"),
    "unsupported": N_("Not supported by the browser"),
}

ACTIONS: dict[str, tuple[str, str]] = {
    "check": (N_("Device check"), ""),
    "paused": (N_("Paused"), N_("By %(actor)s: %(reason)s")),
    "resumed": (N_("Resumed"), N_("By %(actor)s")),
    "credited": (N_("Time added"), N_("%(minutes)s minutes, by %(actor)s: %(reason)s")),
    "termination_asked": (N_("Ending was asked for"), N_("By %(actor)s: %(reason)s")),
    "terminated": (N_("Ended by the organiser"), N_("By %(actor)s: %(reason)s")),
    "photo": (N_("Identity photo"), ""),
    "message": (N_("Message"), "%(text)s"),
    "reviewed": (N_("Incident reviewed"), N_("%(decision)s by %(actor)s")),
}


def incident_words(kind: str, topic: str, reason: str | None, *, widespread: bool, ended: bool) -> tuple[str, str]:
    """Title and summary of an incident."""
    title, summary = INCIDENTS.get((kind, topic), (kind, ""))
    if kind == "UNVERIFIABLE":
        summary = WIDESPREAD if widespread else UNVERIFIABLE_REASONS.get(reason or "", summary)
    if topic in _SPANS and not ended:
        summary = NOT_ENDED
    return title, summary
