"""Carrying out what was decided for one client, under the rights of who decided, until nothing is left to do.

`advance` may be called at any time and as often as one likes: each call looks where every address stands and takes the
next step that can be taken. A right that was taken away in between holds the part; nothing is sent then.
"""

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction

from contacts import services as contacts
from contacts.consent import erasure
from contacts.models import Contact, email_key
from cyberadmin.accounts import audit, policy
from cyberadmin.sync import record
from cyberadmin.sync.clock import now
from cyberadmin.sync.models import Change

from . import details, services
from .models import CasePart, CaseStep

Outcome = CaseStep.Outcome
_MOVING = (Change.State.QUEUED, Change.State.SENDING, Change.State.UNKNOWN)
_STUCK = (Change.State.CONFLICT, Change.State.PARKED, Change.State.FAILED)


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
        advance(pk)


def why_text(part: CasePart) -> str:
    """The reason that goes with changes made for a case: its number, and nothing about the person."""
    return f"#{part.case_id}"


def _hold(part: CasePart) -> None:
    part.state = CasePart.State.HELD
    part.save(update_fields=["state"])
    audit.record("case.held", actor=None, account=part.account, case=part.case_id, decided_by=part.decided_by_name)


def _take(decider: User, part: CasePart, step: CaseStep, email: str) -> None:
    """One address, as far as it goes now."""
    before = (step.outcome, step.change_id)
    if _is_settled_there(step):
        act = {"unsubscribe": _unsubscribe, "delete": _delete, "erase": _erase}[part.decision]
        step.outcome = act(decider, part, step, email)
    if step.is_final:
        step.done_at = now()
        kept = (step.counts, step.was, step.erased_id)
        audit.record(
            "case.step", actor=decider, account=part.account, case=part.case_id, outcome=step.outcome, counts=kept[0]
        )
    if before != (step.outcome, step.change_id):
        step.save()


def _is_settled_there(step: CaseStep) -> bool:
    """Whether nothing of this step is on its way; else its outcome says where it is."""
    change = step.change
    if change is None:
        return True
    if change.state in _MOVING:
        step.outcome = Outcome.SENT
    elif change.state in _STUCK:
        step.outcome = Outcome.STUCK
    else:
        return True
    return False


def _living(part: CasePart, email: str) -> Contact | None:
    return Contact.objects.filter(account=part.account, email_key=email_key(email), gone_at=None).first()


def _is_awaited(contact: Contact) -> bool:
    """Whether another change of this person is on the wire: it must arrive before ours is made."""
    return any(change.state in Change.IN_FLIGHT for change in record.open_changes(contacts.KIND, contact))


def _was_done(step: CaseStep) -> bool:
    return step.change is not None and step.change.state == Change.State.DONE


def _unsubscribe(decider: User, part: CasePart, step: CaseStep, email: str) -> str:
    if _was_done(step):
        return Outcome.UNSUBSCRIBED
    contact = _living(part, email)
    if contact is None:
        return Outcome.NOT_THERE
    step.was = step.was or contact.state
    if contact.state == Contact.State.UNSUBSCRIBED:
        return Outcome.ALREADY
    try:
        step.change = contacts.unsubscribe(decider, contact, why_text(part))
    except ValidationError:
        return Outcome.BLOCKED
    return Outcome.SENT


def _delete(decider: User, part: CasePart, step: CaseStep, email: str) -> str:
    contact = _living(part, email)
    if contact is None:
        return Outcome.DELETED if step.change_id else Outcome.NOT_THERE
    if contact.state == Contact.State.UNSUBSCRIBED:
        return Outcome.KEPT
    return _send_deletion(decider, part, step, contact)


def _send_deletion(decider: User, part: CasePart, step: CaseStep, contact: Contact) -> str:
    step.was = step.was or contact.state
    if contact.deleted_at is not None:
        deletions = Change.objects.filter(account=part.account, kind=contacts.KIND, object_id=contact.pk)
        step.change = deletions.filter(verb=Change.Verb.DELETE).order_by("-id").first()
        return Outcome.SENT
    if _is_awaited(contact):
        return Outcome.IN_FLIGHT
    try:
        step.change = contacts.delete_contact(decider, contact, why_text(part))
    except ValidationError:
        return Outcome.BLOCKED
    return Outcome.SENT


def _erase(decider: User, part: CasePart, step: CaseStep, email: str) -> str:
    contact = _living(part, email)
    if contact is not None:
        step.was = step.was or contact.state
        if contact.state != Contact.State.UNSUBSCRIBED:
            return _send_deletion(decider, part, step, contact)
        if _is_awaited(contact):
            return Outcome.IN_FLIGHT
    try:
        done = erasure.erase_address(decider, part.account, email, why_text(part))
    except ValidationError:
        return Outcome.BLOCKED
    step.erased, step.counts = done.address, done.counts
    return Outcome.ERASED
