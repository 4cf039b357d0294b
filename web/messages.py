"""Words for the errors of the examination system, by key: what happened, and what to do now."""

from __future__ import annotations

from kit.http.errors import Words
from kit.http.formats import N_

MESSAGES: dict[str, Words] = {
    "wrong-pin": Words(
        N_("The participant number or the PIN is not right, or no session is open for it now"),
        N_("Check both on your card. If they are right, ask the proctor which session is yours."),
    ),
    "superseded": Words(
        N_("This examination continues on another device"),
        N_("To continue here, log in again; the other device will then stop."),
    ),
    "illegal-move": Words(
        N_("The examination is in a state that does not allow this"), N_("Reload the page to see the present state.")
    ),
    "shortage": Words(
        N_("The item bank has too few approved items for this examination"),
        N_("Tell the proctor; the committee must approve more items."),
    ),
    "photo-needed": Words(N_("The identity photo is missing"), N_("Take the photo first.")),
    "bad-image": Words(
        N_("The picture cannot be used"), N_("Take it again; it must be a JPEG of at most 200 kB and 1280 pixels.")
    ),
    "no-picture": Words(
        N_("There is no such picture"),
        N_("It may have been deleted on schedule, or a newer one has replaced it."),
    ),
    "already-reviewed": Words(N_("This incident was reviewed already"), N_("Open it again to see who decided what.")),
    "same-person": Words(
        N_("The same person may not do both steps"), N_("Ask a colleague with the role to do this step.")
    ),
    "note-missing": Words(
        N_("The note is missing"), N_("Go back and write why; the note is kept with the decision and others read it.")
    ),
    "not-confirmed": Words(
        N_("Retiring was not confirmed"), N_("Go back and tick that the item will not appear on new forms any more.")
    ),
    "bad-key": Words(N_("The new key cannot be used"), N_("Mend what is listed, then try again.")),
    "same-approver": Words(
        N_("The same person may not approve twice"), N_("Ask a colleague with the role to approve as the second.")
    ),
    "preview-changed": Words(
        N_("What would change is no longer what was shown"), N_("Look at the preview again, then approve it.")
    ),
    "no-reason": Words(N_("The reason is missing"), N_("Write why the scores are made anew.")),
    "no-receipt": Words(
        N_("This is not a receipt"), N_("Copy the whole text, or take the file as it was given to you.")
    ),
    "proposal-closed": Words(
        N_("This was decided already"), N_("Read on the console who decided it, and ask anew if it is still needed.")
    ),
    "already-asked": Words(
        N_("Somebody has asked for this already"), N_("A second person can agree to it or decline it.")
    ),
    "bad-credit": Words(
        N_("So much time cannot be given"), N_("Give between one minute and %(limit_minutes)s minutes.")
    ),
    "nobody-affected": Words(
        N_("Nobody is affected"), N_("Check the time of the outage: no attempt that goes on now was under way then.")
    ),
    "bad-span": Words(
        N_("The times of the outage do not fit"), N_("The end must be after the beginning, at most a day later.")
    ),
    "emergency-unreadable": Words(
        N_("This is not an emergency file of this system"),
        N_("Take the file as the candidate's browser saved it; it ends with .ombilin."),
    ),
    "emergency-other-session": Words(
        N_("The file is of a candidate of another session"), N_("Hand it in at the console of that session.")
    ),
    "emergency-not-now": Words(
        N_("The attempt has not begun, or the organiser has ended it"), N_("Nothing of the file was taken.")
    ),
    "incomplete": Words(N_("Some answers are not saved yet"), N_("Wait until all answers are saved, then finish.")),
}
