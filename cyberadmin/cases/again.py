"""Deciding once more about a part at a standstill, and ending by words what somebody did by hand.

A change that stopped or can never be sent, or a correction that nobody can make any more, would else keep a part open for
ever, and with it a client who leaves. What is in flight is always awaited. A wish to leave is never taken back: its change
stays in the Outbox whatever is decided.
"""

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from cyberadmin.accounts import audit, policy
from cyberadmin.sync import services as changes
from cyberadmin.sync.clock import now
from cyberadmin.sync.models import Change

from . import carrying, services
from .models import CasePart, CaseStep
from .services import Decision

#: On the form beside the decisions; it is kept as the outcome of each address that was left.
BY_HAND = "by_hand"
_DONE_BY_HAND = {
    Decision.UNSUBSCRIBE: CaseStep.Outcome.UNSUBSCRIBED,
    # What is kept here of somebody whose client has left goes with everything else of this client.
    Decision.ERASE: CaseStep.Outcome.DELETED,
    Decision.CORRECT: CaseStep.Outcome.CORRECTED,
}


def is_offered(user: User, part: CasePart) -> bool:
    """Whether this person may decide now: nobody did, or it stands still and they might have decided it themselves."""
    if part.state in (CasePart.State.WAITING, CasePart.State.HELD):
        return policy.can(user, "edit", part.account)
    return carrying.is_at_a_standstill(part) and policy.can(user, services.right_for(part.decision), part.account)


def may_end_by_hand(part: CasePart) -> bool:
    """Whether words may end it: a correction always, an unsubscription where nothing can be sent for this client.

    An erasure only of a client who leaves, since its rows here must not outlive it. A deletion is decided again.
    """
    if not carrying.is_at_a_standstill(part):
        return False
    if part.decision == Decision.UNSUBSCRIBE:
        return not carrying.takes_changes(part.account)
    return part.decision == Decision.CORRECT or (part.decision == Decision.ERASE and part.account.is_leaving)


def choices(user: User, part: CasePart) -> list[tuple[str, str]]:
    """(value, words) of what this person may choose now."""
    again = part.state == CasePart.State.DOING
    words = {Decision.NOTHING: _("nothing to correct")} if part.decision == Decision.CORRECT else {}
    found = [
        (one.value, words.get(one, str(one.label)))
        for one in services.decisions_for(part)
        if policy.can(user, services.right_for(one), part.account) and not (again and one == Decision.CORRECT)
    ]
    if may_end_by_hand(part):
        corrected = part.decision == Decision.CORRECT
        found.append((BY_HAND, _("corrected by hand") if corrected else _("done by hand at Cyberimpact")))
    return found


def decide(actor: User, part: CasePart, decision: str, why: str, ground: str = "") -> CasePart:
    """`services.decide`, also about a part at a standstill. What this case wanted deleted before is given up first.

    BY_HAND: somebody did by hand what had been decided, and says so.
    """
    with transaction.atomic():
        row = services.locked(part)
        if not is_offered(actor, row):
            _refuse(actor, row)
        if decision == BY_HAND:
            return _end_by_hand(actor, row, why)
        if row.state != CasePart.State.WAITING:
            _take_back(actor, row)
        return services.decide(actor, row, decision, why, ground)


def _refuse(actor: User, part: CasePart) -> None:
    if not policy.can(actor, services.right_for(part.decision), part.account):
        raise PermissionDenied
    raise ValidationError(_("Somebody decided about this client already. Reload the page to see what."))


def _take_back(actor: User, part: CasePart) -> None:
    """Make the part one to be decided. Deletions of this case are given up, a wish to leave that stopped is tried again."""
    for step in part.steps.exclude(outcome__in=CaseStep.FINAL).select_related("change"):
        change = step.change
        if change is not None and change.state in Change.IN_FLIGHT:
            continue
        if change is not None and change.is_open:
            if change.verb == Change.Verb.DELETE and change.why == carrying.why_text(part):
                changes.discard(actor, change)
            elif change.verb == Change.Verb.UNSUBSCRIBE and change.state in (Change.State.PARKED, Change.State.FAILED):
                changes.retry(actor, change)
        if change is not None and change.verb != Change.Verb.UNSUBSCRIBE:
            step.change = None
        step.outcome = CaseStep.Outcome.WAITING
        step.save(update_fields=["change", "outcome"])
    part.state = CasePart.State.HELD
    part.save(update_fields=["state"])


def _end_by_hand(actor: User, part: CasePart, why: str) -> CasePart:
    """Every address that was left is done, on this person's word. Nothing in the Outbox is touched."""
    if not may_end_by_hand(part):
        raise ValidationError({"decision": _("Choose one of the decisions listed.")})
    services.check_why(why)
    services.sign(part, actor, part.decision, why)
    part.save()
    outcome = _DONE_BY_HAND[Decision(part.decision)]
    for step in carrying.steps_left(part):
        step.outcome, step.done_at = outcome, now()
        step.save(update_fields=["outcome", "done_at"])
    told = {"case": part.case_id, "decision": part.decision, "by_hand": True}
    audit.record("case.decided", actor=actor, account=part.account, why=part.why, **told)
    services.settle(part)
    return part
