"""Every state in words: what happened, what happens next, and what a person can do (promise P11).

`REASONS` is a closed list: a test walks the engine's code and fails on a reason without words. Sentences are marked for
translation here and translated when they are shown.
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from cyberadmin.accounts.models import Account

from .models import Change, PullRun

Text = str | Promise


@dataclass(frozen=True)
class Explanation:
    """A state in words. `actions` are names of what a person may do: retry, discard, decide, adopt, again, recreate, let_go."""

    state: str
    what_happened: str
    next_step: str
    actions: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reason:
    """The words of one reason code."""

    what: Text
    next: Text
    actions: tuple[str, ...] = ()


_WAITS = lazy("It goes on by itself; there is nothing to do.")
_REPAIR = lazy("Correct the values and save again, or discard the change.")

REASONS: dict[str, Reason] = {
    "worker_lost": Reason(lazy("The program that was sending it stopped in the middle."), _WAITS),
    "newer_version": Reason(
        lazy("It was made by a newer version of cyberadmin."), lazy("It waits until this server is updated.")
    ),
    "rate_limited": Reason(lazy("Cyberimpact asked us to slow down for this account."), _WAITS),
    "breaker": Reason(
        lazy("Cyberimpact failed several times in a row, so we leave it alone for a few minutes."), _WAITS
    ),
    "restored": Reason(
        lazy("The database was restored from a backup, and this may have been made before."),
        lazy("Look at Cyberimpact whether it is there. If not, try again; if it is, discard the change."),
        ("retry", "discard"),
    ),
    "account": Reason(
        lazy("Cyberimpact refuses calls for this whole account."),
        lazy("It waits until the account works again: see the banner of this client."),
    ),
    "hiccup": Reason(lazy("Cyberimpact refused the token for a moment, then accepted it again."), _WAITS),
    "not_reached": Reason(lazy("Cyberimpact could not be reached; nothing was sent."), _WAITS),
    "no_answer": Reason(
        lazy("It was sent but no answer came back."),
        lazy("Before anything is sent again, we look at Cyberimpact whether it arrived."),
    ),
    "vendor_trouble": Reason(lazy("Cyberimpact answered with an error of its own."), _WAITS),
    "odd_answer": Reason(
        lazy("Cyberimpact's answer could not be understood."),
        lazy("Before anything is sent again, we look at Cyberimpact whether it arrived."),
    ),
    "already_there": Reason(lazy("Cyberimpact says that it exists already."), lazy("We look there and compare.")),
    "was_not_made": Reason(lazy("We looked twice and it had not arrived, so it is sent once more."), _WAITS),
    "crashed": Reason(
        lazy("The program stopped three times while sending this change."),
        lazy("Try it again; if it stops again, tell your administrator."),
        ("retry", "discard"),
    ),
    "tries_used_up": Reason(
        lazy("Cyberimpact kept failing for about an hour."),
        lazy("Try again when Cyberimpact works, or discard the change."),
        ("retry", "discard"),
    ),
    "program_error": Reason(
        lazy("An error in cyberadmin itself stopped this change."),
        lazy("Tell your administrator; the details are in the log. You can try again or discard it."),
        ("retry", "discard"),
    ),
    "not_understood": Reason(
        lazy("Something happened that cyberadmin does not know."),
        lazy("Look at the calls below, then try again or discard the change."),
        ("retry", "discard"),
    ),
    "rights_lost": Reason(
        lazy("The person who made it may no longer edit this client."),
        lazy("A colleague who may edit can send it or discard it."),
        ("retry", "discard"),
    ),
    "protected": Reason(
        lazy("This person unsubscribed or bounced, so nothing may be sent about them."),
        lazy("Discard the change. Only the person can come back, by a form of the client."),
        ("discard",),
    ),
    "protected_there": Reason(
        lazy("Cyberimpact says that this person unsubscribed. Their wish wins: the change was not sent."),
        lazy("Discard the change. Only the person can come back, by a form of the client."),
        ("discard",),
    ),
    "bounced_there": Reason(
        lazy("Mail to this address bounced and Cyberimpact keeps it apart, so the change was not made."),
        lazy("Discard the change. Then correct the address or unsubscribe it; only in Cyberimpact can it be deleted."),
        ("discard",),
    ),
    "gone_there": Reason(
        lazy("Cyberimpact no longer has it: somebody deleted it there."),
        lazy("Let it go here too, or, unless the person left, add it again; it is then in no group."),
        ("let_go", "recreate"),
    ),
    "same_mark_there": Reason(
        lazy("Cyberimpact already has one with the same title, made by somebody else."),
        lazy("Say whether it is the same one, or make another."),
        ("adopt", "again", "discard"),
    ),
    "several_candidates": Reason(
        lazy("No answer came back, and Cyberimpact now has several that could be it."),
        lazy("Choose the one that is ours; surplus ones can be deleted afterwards."),
        ("adopt", "discard"),
    ),
    "twice_in_doubt": Reason(
        lazy("It was sent twice without an answer, and it is not there."),
        lazy("Look at Cyberimpact yourself, then send it again or discard it."),
        ("again", "discard"),
    ),
    "look_crashed": Reason(
        lazy("It was sent but no answer came back, and looking for it stopped the program three times."),
        lazy("Look at Cyberimpact yourself, then send it again or discard it."),
        ("again", "discard"),
    ),
    "optin_in_doubt": Reason(
        lazy("The request for consent may have been sent: no answer came back and nothing can be looked up."),
        lazy("Ask the person before sending another one."),
        ("again", "discard"),
    ),
    "exists_unseen": Reason(
        lazy("Cyberimpact says that it has this contact already, but does not show it in any list."),
        lazy("Look for the address at Cyberimpact, then try again or discard the change."),
        ("retry", "discard"),
    ),
    "consent_refused": Reason(
        lazy("Cyberimpact did not accept this consent: a better or longer one there is never replaced."),
        lazy(
            "Look at the consent that Cyberimpact holds, then discard this change. The refusal is kept on the contact."
        ),
        ("retry", "discard"),
    ),
    "consent_kept": Reason(
        lazy("Cyberimpact took the request but kept the consent that it had."),
        lazy(
            "Look at the consent that Cyberimpact holds, then discard this change. The refusal is kept on the contact."
        ),
        ("retry", "discard"),
    ),
    "consent_since": Reason(
        lazy("Another consent was set afterwards, so this one was not sent."), lazy("There is nothing left to do.")
    ),
    "erased": Reason(
        lazy("The person's data were erased, so this was not sent."), lazy("There is nothing left to do.")
    ),
    "window_gone": Reason(
        lazy("The time of sending is too near: a mailing made twice could no longer be stopped in time."),
        lazy("Discard it, choose a later time and schedule it again."),
        ("retry", "discard"),
    ),
    "approval_gone": Reason(
        lazy("What was to be sent is not what was approved."),
        lazy("Discard it, have the campaign approved as it is now, and schedule it again."),
        ("discard",),
    ),
    "groups_moved": Reason(
        lazy("The groups at Cyberimpact are no longer those that were approved."),
        lazy("Look at the groups. Discard it and have the campaign approved again, or try again."),
        ("retry", "discard"),
    ),
    "old_still_there": Reason(
        lazy("The mailing that this one replaces is still at Cyberimpact, so a second one was not made."),
        lazy("If it was sent, discard this one; else cancel it, then try this one again."),
        ("retry", "discard"),
    ),
    "old_kept": Reason(
        lazy(
            "The mailing for the new time may not be made now, so this one was not deleted: it still leaves at its old time."
        ),
        lazy("Try again, or discard this: the mailing then stays as it is. To change more, cancel it afterwards."),
        ("retry", "discard"),
    ),
    "already_started": Reason(
        lazy("This mailing had already started, so it could not be cancelled: it goes out."),
        lazy("There is nothing to do here. Cyberimpact's own application may still stop the rest."),
    ),
    "moved_too_late": Reason(
        lazy("The mailing that this one was to replace had already started, so this one is not made."),
        lazy("There is nothing left to do."),
    ),
    "time_unsayable": Reason(
        lazy("The time of sending exists twice, because of the clock change, in the way that Cyberimpact takes times."),
        lazy("Discard it, choose another hour and schedule it again."),
        ("discard",),
    ),
    "test_group": Reason(
        lazy("The group of this test no longer has exactly one contact, so nothing was sent."),
        lazy("Discard it and choose a group of one contact."),
        ("retry", "discard"),
    ),
    "both_changed": Reason(
        lazy("The same field was changed here and at Cyberimpact."),
        lazy("Decide for each field which value is right."),
        ("decide", "discard"),
    ),
    "existed_there": Reason(
        lazy("Cyberimpact already had this contact, with other values."),
        lazy("Decide for each field which value is right."),
        ("decide", "discard"),
    ),
    "rejected": Reason(lazy("Cyberimpact refused these values."), _REPAIR, ("retry", "discard")),
    "forbidden": Reason(
        lazy("Cyberimpact does not allow this with the token of this client."),
        lazy("Ask your administrator about the token's rights, then try again or discard it."),
        ("retry", "discard"),
    ),
    "address_taken": Reason(
        lazy("Cyberimpact already has another contact with this address."), _REPAIR, ("retry", "discard")
    ),
    "object_missing": Reason(lazy("What it was about no longer exists here."), lazy("There is nothing left to do.")),
    "stored_differently": Reason(
        lazy("It arrived, but Cyberimpact stored it in its own way; you see what it stored."),
        lazy("There is nothing left to do."),
    ),
    "back_to_base": Reason(
        lazy("The value went back to what Cyberimpact has, so nothing was sent."), lazy("There is nothing left to do.")
    ),
    "took_theirs": Reason(lazy("The values of Cyberimpact were kept."), lazy("There is nothing left to do.")),
    "deleted_since": Reason(
        lazy("It was deleted afterwards, so this was not sent."), lazy("There is nothing left to do.")
    ),
    "unsubscribed_since": Reason(
        lazy("The person was unsubscribed afterwards, so this was not sent."), lazy("There is nothing left to do.")
    ),
    "discarded": Reason(lazy("A colleague discarded it."), lazy("There is nothing left to do.")),
    "let_go": Reason(
        lazy("It is gone at Cyberimpact, and a colleague let it go here."), lazy("There is nothing left to do.")
    ),
}

_BY_STATE: dict[str, Reason] = {
    Change.State.QUEUED: Reason(lazy("It waits for its turn."), lazy("It goes out by itself within seconds.")),
    Change.State.SENDING: Reason(lazy("It is on its way to Cyberimpact."), _WAITS),
    Change.State.UNKNOWN: Reason(
        lazy("It was sent but no answer came back."), lazy("We look at Cyberimpact whether it arrived.")
    ),
    Change.State.CONFLICT: Reason(lazy("A person has to decide."), lazy("Open it and decide."), ("discard",)),
    Change.State.PARKED: Reason(lazy("It was stopped."), lazy("Try again or discard it."), ("retry", "discard")),
    Change.State.FAILED: Reason(lazy("Cyberimpact refused it."), _REPAIR, ("retry", "discard")),
    Change.State.DONE: Reason(lazy("Cyberimpact has it."), lazy("There is nothing left to do.")),
    Change.State.SUPERSEDED: Reason(lazy("A later edit replaced it."), lazy("There is nothing left to do.")),
    Change.State.CANCELLED: Reason(lazy("It was cancelled."), lazy("There is nothing left to do.")),
}


def explain(change: Change) -> Explanation:
    """What happened to this change, what happens next, and what a person may do, in the active language."""
    of_state = _BY_STATE[change.state]
    reason = REASONS.get(change.reason, of_state)
    if of_state.actions and not reason.actions:
        # A stopped change always offers a way on, whatever reason it kept from before.
        reason = of_state
    what = str(reason.what)
    if because := REASONS.get(str(change.reason_detail.get("because"))):
        what = f"{what} {because.what}"
    words = _vendor_words(change)
    if words:
        what = _("%(what)s Cyberimpact's words: “%(words)s”") % {"what": what, "words": words}
    actions, following = reason.actions, str(reason.next)
    if change.state == Change.State.QUEUED:
        held = change.waits_for.filter(state__in=Change.OPEN).first() or _ahead(change)
        actions = ("discard",)
        if change.account.paused_reason:
            following = _("This client is paused: it goes out once the client works again.")
        if held is not None:
            stopped = held.state in (Change.State.CONFLICT, Change.State.PARKED, Change.State.FAILED)
            following = _("It goes out once that change is settled: open it and decide.") if stopped else str(_WAITS)
            what = _("It waits for another change first: %(change)s (%(state)s).") % {
                "change": str(held),
                "state": held.get_state_display(),
            }
    if change.is_kept_no:
        actions = tuple(action for action in actions if action != "discard")
    if change.reason == "gone_there" and change.verb != Change.Verb.UPDATE:
        actions = ("let_go",)
    return Explanation(change.get_state_display(), what, following, actions if change.is_open else ())


def _ahead(change: Change) -> Change | None:
    """The earlier change of the same object that holds this one back."""
    older = Change.objects.filter(
        account_id=change.account_id, kind=change.kind, object_id=change.object_id, pk__lt=change.pk
    )
    refused_creation = Q(state=Change.State.FAILED, verb=Change.Verb.CREATE)
    return older.filter(Q(state__in=(*Change.BLOCKING, Change.State.QUEUED)) | refused_creation).order_by("-id").first()


def _vendor_words(change: Change) -> str:
    detail = change.reason_detail
    parts = [str(detail.get("words") or "")]
    parts += [f"{field}: {' '.join(words)}" for field, words in (detail.get("fields") or {}).items()]
    return " · ".join(part for part in parts if part)


_RUN_REASONS: dict[str, tuple[Text, Text]] = {
    "not_reached": (lazy("Cyberimpact could not be reached."), lazy("It is tried again by itself.")),
    "vendor_trouble": (lazy("Cyberimpact answered with an error of its own."), lazy("It is tried again by itself.")),
    "rate_limited": (lazy("Cyberimpact asked us to slow down."), lazy("It goes on by itself.")),
    "breaker": (lazy("Cyberimpact failed several times in a row."), lazy("It goes on by itself in a few minutes.")),
    "account": (lazy("Cyberimpact refuses calls for this account."), lazy("See the banner of this client.")),
    "database_busy": (lazy("The database was busy for too long."), lazy("It starts again by itself.")),
    "worker_lost": (
        lazy("The program that was reading stopped in the middle."),
        lazy("It was started again by itself."),
    ),
    "odd_answer": (
        lazy("Cyberimpact's lists did not agree with each other."),
        lazy("What was read is shown, nothing was removed; the next pull reads everything again."),
    ),
    "program_error": (
        lazy("An error in cyberadmin itself stopped the pull."),
        lazy("Tell your administrator; the next pull reads everything again."),
    ),
}

_RUN_STATES: dict[str, tuple[Text, Text]] = {
    PullRun.State.QUEUED: (lazy("It starts within seconds."), lazy("There is nothing to do.")),
    PullRun.State.RUNNING: (
        lazy("Contacts and groups are being read from Cyberimpact."),
        lazy("You can work meanwhile."),
    ),
    PullRun.State.COMPLETE: (lazy("Everything that Cyberimpact holds was read."), lazy("There is nothing to do.")),
    PullRun.State.INCOMPLETE: _RUN_REASONS["odd_answer"],
    PullRun.State.FAILED: (lazy("The pull failed."), lazy("The next one starts by itself.")),
    PullRun.State.ABANDONED: (
        lazy("The pull was interrupted."),
        lazy("It was started again by itself; nothing is lost."),
    ),
}


def explain_run(run: PullRun) -> Explanation:
    """What became of a pull, in words."""
    what, following = _RUN_REASONS.get(run.reason) or _RUN_STATES[run.state]
    return Explanation(run.get_state_display(), str(what), str(following))


#: What a pull found odd; {list} is a list of the vendor, the other names are in the problem itself.
_PROBLEMS: dict[str, Text] = {
    "refused": lazy("Cyberimpact would not give the list “%(list)s”."),
    "held": lazy("%(total)s objects vanished at once; somebody has to say whether they may go."),
    "sweep_goes_on_later": lazy("More objects vanished than one pull can ask about; the next pull goes on."),
    "duplicate_address": lazy(
        "Cyberimpact has one address under two numbers, %(id)s and %(kept)s; one contact is shown."
    ),
    "address_being_edited": lazy("Contact number %(id)s was left as it is: its address is just being changed here."),
    "bad_row": lazy(
        "A row of the list “%(list)s” (number %(id)s) cannot be read: its field %(field)s is not as promised."
    ),
    "total_too_low": lazy("The list “%(list)s” held more than it said."),
    "fewer_than_announced": lazy("The list “%(list)s” held less than it said."),
    "short_page": lazy("A page of the list “%(list)s” was shorter than it should be."),
    "totals_differ": lazy("The pages of the list “%(list)s” disagree about their total."),
    "repeated_page": lazy("The list “%(list)s” gave the same page twice."),
    "empty_page": lazy("A page of the list “%(list)s” was empty."),
    "same_row_twice": lazy("The list “%(list)s” gave a row twice."),
}
_LISTS: dict[str, Text] = {
    "members": lazy("subscribed contacts"),
    "unsubscribed": lazy("unsubscribed contacts"),
    "bounced": lazy("bounced contacts"),
    "groups": lazy("groups"),
    "group": lazy("contacts of a group"),
    "updated": lazy("contacts changed lately"),
    "custom_fields": lazy("custom fields"),
}


def explain_problem(problem: dict[str, object]) -> str:
    """What a pull found odd, as a sentence."""
    words = _PROBLEMS.get(str(problem.get("code")))
    if words is None:
        return _("Something odd was found: %(code)s.") % {"code": problem.get("code")}
    name = str(problem.get("list", "")).partition(":")[0]
    shown = {"id": "–", "kept": "–", "field": "–", "total": "–", **problem, "list": _LISTS.get(name, name)}
    return str(words) % shown


_PAUSES: dict[str, Callable[[], str]] = {
    Account.Paused.TOKEN: lambda: _(
        "Paste a new token made in Cyberimpact; everything that waits then goes on in order."
    ),
    Account.Paused.LOGIN: lambda: _(
        "Give the new password, or better an API token; everything that waits then goes on in order."
    ),
    Account.Paused.FORBIDDEN: lambda: _(
        "Ask Cyberimpact whether the API is active on this account (Plus and Pro plans), then resume."
    ),
    Account.Paused.PAYMENT: lambda: _("Ask the client to settle their account with Cyberimpact, then resume."),
    Account.Paused.TLS: lambda: _(
        "Somebody may be standing between this server and Cyberimpact. Tell your administrator before resuming."
    ),
    Account.Paused.REDIRECT: lambda: _(
        "The address of Cyberimpact may have changed. Tell your administrator before resuming."
    ),
    Account.Paused.SECRET: lambda: _("The server's encryption keys changed. Restore them, or paste the token again."),
    Account.Paused.PERSON: lambda: _("Resume when you are ready; what waits then goes out in order."),
    Account.Paused.LEAVING: lambda: _("Nothing is read or sent any more. Go on with the off-boarding."),
}


def explain_pause(account: Account) -> Explanation:
    """Why an account is paused and what to do, in words."""
    return Explanation(
        _("paused"), str(Account.Paused(account.paused_reason).label), _PAUSES[account.paused_reason](), ("resume",)
    )
