"""Carrying out what was decided for one client, under the rights of who decided, until nothing is left to do.

`advance` may be called at any time and as often as one likes: each call looks where every address stands and takes the
next step that can be taken. A right that was taken away in between holds the part; nothing is sent then.
"""

import logging

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction

from contacts import services as contacts
from contacts.consent import erasure
from contacts.models import Contact, email_key
from cyberadmin.accounts import audit, policy, secrets
from cyberadmin.accounts.models import Account
from cyberadmin.sync import record
from cyberadmin.sync import services as changes
from cyberadmin.sync.clock import now
from cyberadmin.sync.doorbell import ring_now
from cyberadmin.sync.models import Change

from . import details, services
from .models import CasePart, CaseStep

logger = logging.getLogger(__name__)

Outcome = CaseStep.Outcome
_MOVING = (Change.State.QUEUED, Change.State.SENDING, Change.State.UNKNOWN)
_STUCK = (Change.State.CONFLICT, Change.State.PARKED, Change.State.FAILED)
#: What corrects data. What was noted of a consent may be what is wrong; groups and wishes to leave are not.
_CORRECTING = (Change.Verb.UPDATE, Change.Verb.CREATE, Change.Verb.CONSENT)


def advance(part_id: int) -> None:
    """Do what can be done now about one part."""
    with transaction.atomic():
        part = (
            CasePart.objects.select_for_update(of=("self",))
            .select_related("case", "account")
            .filter(pk=part_id, state=CasePart.State.DOING, decision__in=services.ACTING)
            .first()
        )
        if part is None:
            return
        steps = [step for step in part.steps.select_related("change") if not step.is_final]
        if not steps:
            return services.settle(part)
        decider = part.decided_by
        if decider is None or not policy.can(decider, services.right_for(part.decision), part.account):
            return _hold(part)
        addresses = details.read(part.case).addresses
        for step in steps:
            _take(decider, part, step, addresses[step.number])
        services.settle(part)


def advance_all() -> None:
    """Look after every part that is being carried out (a task of the beat)."""
    working = CasePart.objects.filter(state=CasePart.State.DOING, decision__in=services.ACTING)
    for pk in working.values_list("pk", flat=True):
        try:
            advance(pk)
        except (PermissionDenied, secrets.SecretUnreadable) as error:
            # A right that went in this very moment, or a key that is missing: the others go on.
            logger.error("Part %s of a case cannot be carried out: %s", pk, type(error).__name__)


def nudge(part: CasePart) -> None:
    """Somebody looks at the part: wake a worker when there is something to do, rather than wait for the beat."""
    if any(step.change is None or step.change.state not in (*_MOVING, *_STUCK) for step in steps_left(part)):
        ring_now(services.ADVANCE, part.pk)


def is_moving(part: CasePart) -> bool:
    """Whether the page about it may wait: something is on its way that needs nobody."""
    moving = (Outcome.WAITING, Outcome.SENT, Outcome.IN_FLIGHT)
    sends = takes_changes(part.account)
    return any(step.outcome in moving and not _stands_still(step, sends) for step in steps_left(part))


def steps_left(part: CasePart) -> list[CaseStep]:
    """What is not finished of a part that is being carried out."""
    if part.state != CasePart.State.DOING or part.decision not in services.ACTING:
        return []
    return list(part.steps.exclude(outcome__in=CaseStep.FINAL).select_related("change"))


def takes_changes(account: Account) -> bool:
    """Whether anything can be sent: a token that was retired, refused or lost opens nothing."""
    return not (account.is_leaving or account.needs_secret)


def is_at_a_standstill(part: CasePart) -> bool:
    """Whether it is being carried out and nothing of it moves unless somebody acts. What is in flight always moves."""
    left, sends = steps_left(part), takes_changes(part.account)
    return bool(left) and all(_stands_still(step, sends) for step in left)


def _stands_still(step: CaseStep, sends: bool) -> bool:
    change = step.change
    if change is not None and change.is_open:
        return change.state in _STUCK or (change.state == Change.State.QUEUED and not sends)
    if step.outcome in (Outcome.BLOCKED, Outcome.BOUNCED, Outcome.TO_CORRECT):
        return True
    # What has arrived is noticed within a minute, and so is what is only about to begin.
    seen = step.outcome in (Outcome.WAITING, Outcome.IN_FLIGHT) or _was_done(step)
    return not sends and not seen


def why_text(part: CasePart) -> str:
    """The reason that goes with changes made for a case: its number, and nothing about the person."""
    return f"#{part.case_id}"


def _hold(part: CasePart) -> None:
    part.state = CasePart.State.HELD
    part.save(update_fields=["state"])
    audit.record("case.held", actor=None, account=part.account, case=part.case_id, decided_by=part.decided_by_name)


def _take(decider: User, part: CasePart, step: CaseStep, email: str) -> None:
    """One address, as far as it goes now."""
    before = (step.outcome, step.change_id, step.contact_id)
    if _is_settled_there(step):
        act = {"unsubscribe": _unsubscribe, "delete": _delete, "erase": _erase, "correct": _correct}[part.decision]
        step.outcome = act(decider, part, step, email)
    if step.is_final:
        step.done_at = now()
        said = {"case": part.case_id, "outcome": step.outcome, "counts": step.counts}
        audit.record("case.step", actor=decider, account=part.account, **said)
    if before != (step.outcome, step.change_id, step.contact_id):
        step.save()


def _is_settled_there(step: CaseStep) -> bool:
    """Whether nothing of this step is on its way; else its outcome says where it is."""
    change = step.change
    if change is None:
        return True
    if change.state in _MOVING:
        step.outcome = Outcome.SENT
    elif change.state in _STUCK and not _met_a_bounce(change):
        step.outcome = Outcome.STUCK
    else:
        return True
    return False


def _met_a_bounce(change: Change) -> bool:
    """Whether the vendor refused to delete an address because it bounced: nobody in the Outbox can do anything about it."""
    return change.verb == Change.Verb.DELETE and change.reason == "bounced_there"


def _living(part: CasePart, email: str) -> Contact | None:
    return Contact.objects.filter(account=part.account, email_key=email_key(email), gone_at=None).first()


def _is_awaited(contact: Contact) -> bool:
    """Whether another change of this person is on the wire: it must arrive before ours is made."""
    return any(change.state in Change.IN_FLIGHT for change in record.open_changes(contacts.KIND, contact))


def _was_done(step: CaseStep) -> bool:
    return step.change is not None and step.change.state == Change.State.DONE


def _unsubscribing(contact: Contact) -> Change | None:
    """The unsubscription that Cyberimpact does not have yet: the mirror shows the state from the moment it is decided."""
    opened = record.open_changes(contacts.KIND, contact)
    return next((change for change in opened if change.verb == Change.Verb.UNSUBSCRIBE), None)


def _follow(step: CaseStep, change: Change) -> str:
    step.change = change
    return Outcome.SENT if change.state in _MOVING else Outcome.STUCK


def _unsubscribe(decider: User, part: CasePart, step: CaseStep, email: str) -> str:
    if _was_done(step):
        return Outcome.UNSUBSCRIBED
    contact = _living(part, email)
    if contact is None:
        return Outcome.NOT_THERE
    step.was = step.was or contact.state
    if contact.state == Contact.State.UNSUBSCRIBED:
        waiting = _unsubscribing(contact)
        return _follow(step, waiting) if waiting is not None else Outcome.ALREADY
    try:
        step.change = contacts.unsubscribe(decider, contact, why_text(part))
    except ValidationError:
        return Outcome.BLOCKED
    return Outcome.SENT


def _delete(decider: User, part: CasePart, step: CaseStep, email: str) -> str:
    contact = _living(part, email)
    if contact is None:
        by_hand = step.was == Contact.State.BOUNCED
        deleted = step.change is not None and step.change.verb == Change.Verb.DELETE
        return Outcome.DELETED if deleted or by_hand else Outcome.NOT_THERE
    if contact.state == Contact.State.UNSUBSCRIBED:
        waiting = _unsubscribing(contact)
        return _follow(step, waiting) if waiting is not None else Outcome.KEPT
    return _send_deletion(decider, part, step, contact)


def _send_deletion(decider: User, part: CasePart, step: CaseStep, contact: Contact) -> str:
    step.was = step.was or contact.state
    if contact.deleted_at is not None:
        deletions = Change.objects.filter(account=part.account, kind=contacts.KIND, object_id=contact.pk)
        step.change = deletions.filter(verb=Change.Verb.DELETE).order_by("-id").first()
        return Outcome.SENT
    if _is_awaited(contact):
        return Outcome.IN_FLIGHT
    if contact.state == Contact.State.BOUNCED:
        return _wait_for_hands(decider, step)
    try:
        step.change = contacts.delete_contact(decider, contact, why_text(part))
    except ValidationError:
        return Outcome.BLOCKED
    return Outcome.SENT


def _wait_for_hands(decider: User, step: CaseStep) -> str:
    """The API does not delete who bounced (api/README.md 4.1): somebody does it there, and a full pull tells of it.

    A deletion that failed for it is let go, since an open change would keep the pull from believing that they are gone.
    """
    if step.change is not None and step.change.state == Change.State.FAILED:
        changes.discard(decider, step.change)
    step.change, step.was = None, Contact.State.BOUNCED
    return Outcome.BOUNCED


def _erase(decider: User, part: CasePart, step: CaseStep, email: str) -> str:
    contact = _living(part, email)
    if contact is not None:
        step.was = step.was or contact.state
        if contact.state != Contact.State.UNSUBSCRIBED:
            return _send_deletion(decider, part, step, contact)
        waiting = _unsubscribing(contact)
        if waiting is not None and waiting.is_kept_no:
            return _follow(step, waiting)
        if _is_awaited(contact):
            return Outcome.IN_FLIGHT
    try:
        done = erasure.erase_address(decider, part.account, email, why_text(part))
    except ValidationError:
        return Outcome.BLOCKED
    step.erased, step.counts = done.address, done.counts
    return Outcome.ERASED


def _correct(decider: User, part: CasePart, step: CaseStep, email: str) -> str:
    """Staff correct the contact on its page; here it is followed until Cyberimpact has it."""
    if step.contact_id is None:
        contact = _living(part, email)
        if contact is None:
            return Outcome.NOT_THERE
        step.contact_id, step.was = contact.pk, contact.state
    # By the moment of the edit: it may have flowed into a change that waited before the case was opened.
    made = Change.objects.filter(
        account=part.account,
        kind=contacts.KIND,
        object_id=step.contact_id,
        verb__in=_CORRECTING,
        edits__at__gte=part.case.opened_at,
    )
    step.change = made.filter(state__in=Change.OPEN).order_by("id").first()
    if step.change is not None:
        return _follow(step, step.change)
    step.change = made.filter(state=Change.State.DONE).order_by("-id").first()
    return Outcome.CORRECTED if step.change is not None else Outcome.TO_CORRECT
