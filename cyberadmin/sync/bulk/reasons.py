"""Every state of a bulk change and every result of a row in words (promise P11): what happened, what happens next.

`SETS` and `ROWS` are closed lists: a test walks the engine of bulk changes and fails on a code without words. What a kind
says of its own rows and refusals it words itself (`BulkKind.sentence`).
"""

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from cyberadmin.sync.models import ChangeSet
from cyberadmin.sync.reasons import Explanation, Reason

_WAITS = lazy("It goes on by itself; there is nothing to do.")
_LOOK = lazy("Look at the rows, then resume it or cancel the rest.")
_AGAIN = lazy("Make a new plan and look at it again.")
_ADMINISTRATOR = lazy("Tell your administrator; the details are in the log.")

#: Why a set is in its state.
SETS: dict[str, Reason] = {
    "newer_version": Reason(
        lazy("It was made by a newer version of cyberadmin."), lazy("It waits until this server is updated.")
    ),
    "database_busy": Reason(lazy("The database was busy for too long."), _WAITS),
    "disk_full": Reason(
        lazy("The disk of this server is full, so nothing more can be written down."),
        lazy("Tell your administrator. It goes on by itself once there is room; nothing is lost or sent twice."),
    ),
    "rate_limited": Reason(lazy("Cyberimpact asked us to slow down for this account."), _WAITS),
    "not_reached": Reason(lazy("Cyberimpact could not be reached; nothing was sent."), _WAITS),
    "vendor_trouble": Reason(lazy("Cyberimpact answered with an error of its own."), _WAITS),
    "account": Reason(
        lazy("Cyberimpact refuses calls for this whole account."),
        lazy("It waits until the account works again: see the banner of this client."),
    ),
    "batch_slow": Reason(
        lazy("Cyberimpact has been at work on one batch for more than half an hour."),
        lazy("We go on asking. After six hours the contacts are read instead, and what is missing is sent again."),
    ),
    "edits_waiting": Reason(
        lazy("Some contacts have an edit of their own on its way."),
        lazy("Their rows wait for it, for ten minutes at most. They are never overwritten."),
    ),
    "reading_first": Reason(
        lazy("What was just sent is being read at Cyberimpact: only then is it known who is new there."),
        lazy("The plan is made right after it; there is nothing to do."),
    ),
    "plan_crashed": Reason(lazy("The program stopped three times while making this plan."), _ADMINISTRATOR),
    "totals_differ": Reason(
        lazy("The totals of this plan did not agree, so it is not shown as a plan. Nothing was sent."), _ADMINISTRATOR
    ),
    "program_error": Reason(lazy("An error in cyberadmin itself stopped it."), _ADMINISTRATOR),
    "apply_crashed": Reason(
        lazy("The program stopped several times while applying it."),
        lazy("Tell your administrator. What had left is known; resume it to go on, or cancel the rest."),
    ),
    "account_changed": Reason(
        lazy("Too many of these contacts changed since the plan was made. Nothing was sent."), _AGAIN
    ),
    "rights_lost": Reason(
        lazy("Who made or approved it may no longer do this for this client."),
        lazy("Cancel it; a colleague who may can prepare it again."),
    ),
    "forbidden": Reason(
        lazy("Cyberimpact does not allow this for this account."),
        lazy("Ask Cyberimpact why, then resume it or cancel the rest."),
    ),
    "same_refusal": Reason(
        lazy("Cyberimpact refused many rows one after the other in the same words: it is not about single contacts."),
        lazy("Find out why before you resume it; the words are with the rows."),
    ),
    "batch_in_doubt": Reason(
        lazy("A batch was sent several times and never arrived, as far as can be read."),
        lazy("Look at Cyberimpact yourself, then resume it or cancel the rest."),
    ),
    "came_back": Reason(
        lazy("Alarm: Cyberimpact subscribed people again who had unsubscribed. They were unsubscribed again at once."),
        lazy("Tell your administrator and Cyberimpact before anything else is sent. Resume only when this is understood."),
    ),
    "fewer_departed": Reason(
        lazy("Alarm: after a batch Cyberimpact lists fewer people who unsubscribed or bounced than before."),
        lazy("Somebody may have come back by a form or been deleted there. Check it, then resume or cancel the rest."),
    ),
    "restored": Reason(
        lazy("The database was restored from a backup while this was being applied."), _LOOK
    ),
    "paused_by_person": Reason(
        lazy("A colleague paused it. What had left is followed to its end."),
        lazy("Resume it, or cancel what has not left."),
    ),
    "lapsed": Reason(
        lazy("Nobody applied this plan for a long time, so it was let go. Nothing was sent."), _AGAIN
    ),
    "cancelled_by_person": Reason(
        lazy("A colleague cancelled it. What had not left is not sent."), lazy("There is nothing left to do.")
    ),
}  # fmt: skip

#: What became of a row, or why it waits.
ROWS: dict[str, str | Promise] = {
    "unsubscribed": lazy(
        "This person unsubscribed, so nothing is sent about them. Only they can come back, by a form."
    ),
    "bounced": lazy("Mail to this address came back, so nothing is sent about it. Correct the address first."),
    "erased": lazy("This address was erased at the person's wish, so it is never sent again."),
    "changed_since_plan": lazy(
        "This contact changed after the plan was made, so nothing was sent. Make a new plan for it."
    ),
    "edit_waiting": lazy("This contact has an edit of its own that is not settled, and it is never overwritten."),
    "refused_there": lazy("Cyberimpact refused it:"),
    "refused_unnamed": lazy("It is not at Cyberimpact, which refused rows of this batch without saying which:"),
    "not_taken": lazy("It was sent three times and is still not at Cyberimpact."),
    "forbidden_now": lazy("A rule forbids it now:"),
    "rights_lost": lazy("The person who made it may no longer edit this client."),
    "in_outbox": lazy("It was stopped and waits in the Outbox for somebody to decide."),
    "replaced": lazy("A later edit replaced it, so it was not sent."),
    "discarded": lazy("A colleague discarded it, so it was not sent."),
    "cancelled": lazy("The bulk change was cancelled before this row was sent."),
    "nothing_left": lazy("There was nothing left to do."),
}

#: What happened to batches, for alarms and the history.
BATCHES: dict[str, str | Promise] = {
    "no_answer": lazy("It was sent but no answer came back: its contacts are read."),
    "worker_lost": lazy("The program stopped while sending it: its contacts are read."),
    "batch_lost": lazy("Cyberimpact does not know it any more: its contacts are read."),
    "batch_slow": lazy("Cyberimpact has been at work on it for more than half an hour."),
    "written_off": lazy("Cyberimpact did not finish it within six hours: its contacts are read."),
    "refused_whole": lazy("Cyberimpact refused it as a whole: it was divided."),
    "result_unreadable": lazy("Its result cannot be understood: its contacts are read."),
    "result_empty": lazy("Cyberimpact said that it was done and named nobody: its contacts are read."),
    "result_strangers": lazy("Its result names people who were not in it: its contacts are read."),
    "result_duplicates": lazy("Its result names people more than once: these are read."),
    "result_partial": lazy("Its result leaves people out: these are read."),
    "came_back": lazy("People who had unsubscribed were subscribed again by Cyberimpact."),
    "came_back_still": lazy("Somebody who came back could not be unsubscribed again by itself."),
    "fewer_departed": lazy("Fewer people are listed as unsubscribed or bounced than before."),
}

_STATES: dict[str, Reason] = {
    "draft": Reason(lazy("It is still being prepared."), lazy("Go on preparing it, or cancel it.")),
    "planning": Reason(
        lazy("The plan is being made. Nothing is sent."), lazy("You can work meanwhile; look at the plan when it is ready.")
    ),
    "planned": Reason(lazy("The plan is ready. Nothing was sent."), lazy("Look at it, then approve and apply it, or cancel it.")),
    "asked": Reason(lazy("The plan waits for a second person. Nothing was sent."), lazy("A colleague looks at it and approves it.")),
    "applying": Reason(lazy("It is being applied, exactly as planned."), _WAITS),
    "paused": Reason(lazy("It is paused; nothing more is sent."), _LOOK),
    "done": Reason(lazy("Every row has its result."), lazy("Look at the rows that were refused or not sent.")),
    "cancelled": Reason(lazy("It was cancelled."), lazy("There is nothing left to do.")),
    "outdated": Reason(lazy("The account changed since the plan was made. Nothing was sent."), _AGAIN),
    "failed": Reason(lazy("The plan could not be made. Nothing was sent."), lazy("Correct what is said here, then plan again.")),
}  # fmt: skip

#: What people may do in each state, by name of the service.
_ACTIONS: dict[str, tuple[str, ...]] = {
    "draft": ("plan", "cancel"),
    "planning": ("cancel",),
    "planned": ("ask", "approve", "apply", "replan", "cancel"),
    "asked": ("approve", "replan", "cancel"),
    "applying": ("pause", "cancel"),
    "paused": ("resume", "cancel"),
    "done": ("take_back",),
    "cancelled": ("take_back",),
    "outdated": ("replan", "cancel"),
    "failed": ("replan",),
}


def explain(change_set: ChangeSet, own: str = "") -> Explanation:
    """What happened to this set, what happens next, and what a person may do. `own`: the kind's sentence for its reason."""
    of_state = _STATES[change_set.state]
    reason = SETS.get(change_set.reason, of_state)
    what = own or str(reason.what)
    if words := str(change_set.reason_detail.get("words") or ""):
        what = _("%(what)s Cyberimpact's words: “%(words)s”") % {"what": what, "words": words}
    following = str(of_state.next if own else reason.next)
    if change_set.state in ("applying", "planning") and change_set.account.paused_reason:
        following = _("This client is paused: it goes on once the client works again.")
    return Explanation(change_set.get_state_display(), what, following, _ACTIONS[change_set.state])


#: What `of_database` may say: over as soon as something could be written down again.
OF_DATABASE = frozenset({"disk_full", "database_busy"})


def of_database(error: Exception) -> str:
    """Why nothing could be written down: the disk is full, as SQLite or PostgreSQL says it, or the database was busy."""
    said = str(error)
    return "disk_full" if "disk is full" in said or "No space left" in said else "database_busy"


def row_sentence(code: str) -> str:
    """What a result or verdict of the engine says, as a sentence; "" for a code that a kind words itself."""
    return str(ROWS.get(code, ""))


def batch_sentence(code: str) -> str:
    """What happened to a batch, as a sentence; "" for nothing special."""
    return str(BATCHES.get(code, ""))


__all__ = [
    "BATCHES",
    "OF_DATABASE",
    "ROWS",
    "SETS",
    "Explanation",
    "batch_sentence",
    "explain",
    "of_database",
    "row_sentence",
]
