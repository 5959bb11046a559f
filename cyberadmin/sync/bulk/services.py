"""What staff do with changes made together. Each function checks the right, the state and the fingerprint, and is audited.

    draft → plan → (ask →) approve → apply → pause / resume / cancel; replan; take_back

They raise ValidationError with a sentence for the person and PermissionDenied. Nothing here talks to the vendor, plans or
sends: the workers do, once these have moved the set on (planning.py, applying.py).
"""

from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Count
from django.utils.translation import gettext as _

from cyberadmin.accounts import audit, policy
from cyberadmin.accounts.models import Account
from cyberadmin.sync.clock import now
from cyberadmin.sync.models import ChangeSet, PlannedRow
from cyberadmin.sync.resource import Values

from . import kinds
from .doorbell import ring

TAKE_BACK = "take_back"
State = ChangeSet.State
#: What a new plan starts without.
_UNPLANNED: dict[str, Any] = {
    "reason": "",
    "reason_detail": {},
    "counts": {},
    "forecast": {},
    "memory": {},
    "progress_done": 0,
    "progress_total": 0,
    "fingerprint": "",
    "approved_fingerprint": "",
    "asked_by": None,
    "approved_by": None,
    "asked_at": None,
    "approved_at": None,
    "planned_at": None,
    "finished_at": None,
    "claims": 0,
    "not_before": None,
}


def draft(
    actor: User,
    account: Account,
    kind: str,
    parameters: Values,
    why: str = "",
    *,
    reverses: ChangeSet | None = None,
) -> ChangeSet:
    """A set that is still being prepared (a file is uploaded, columns are mapped): nothing is planned before `plan`."""
    bulk_kind = _kind(kind)
    change_set = ChangeSet(
        account=account,
        kind=kind,
        object_kind=bulk_kind.object_kind,
        parameters=parameters,
        why=why.strip(),
        actor=actor,
        reverses=reverses,
    )
    _require(actor, change_set)
    with transaction.atomic():
        change_set.save()
        _audited(actor, change_set, "bulk.drafted")
    return change_set


def plan(actor: User, change_set: ChangeSet, parameters: Values | None = None) -> ChangeSet:
    """Have the plan of a draft made in the background; `parameters` replaces what was chosen so far."""
    _require(actor, change_set)
    values = {} if parameters is None else {"parameters": parameters}
    with transaction.atomic():
        _move(change_set, (State.DRAFT,), state=State.PLANNING, **_UNPLANNED, **values)
        _audited(actor, change_set, "bulk.plan")
        ring(change_set)
    return change_set


def start(
    actor: User,
    account: Account,
    kind: str,
    parameters: Values,
    why: str = "",
    *,
    reverses: ChangeSet | None = None,
) -> ChangeSet:
    """Draft and plan in one go."""
    with transaction.atomic():
        return plan(actor, draft(actor, account, kind, parameters, why, reverses=reverses))


def ask(actor: User, change_set: ChangeSet, why: str = "") -> ChangeSet:
    """Ask a second person to approve the plan."""
    _require(actor, change_set)
    with transaction.atomic():
        _move(change_set, (State.PLANNED,), state=State.ASKED, asked_by=actor, asked_at=now())
        _audited(actor, change_set, "bulk.asked", why=why, counts=change_set.counts)
    return change_set


def approve(actor: User, change_set: ChangeSet, fingerprint: str) -> ChangeSet:
    """Approve exactly the plan with this fingerprint. Refused to whoever made or asked for it where a second person is needed."""
    _require(actor, change_set)
    if not change_set.fingerprint or fingerprint != change_set.fingerprint:
        raise ValidationError(_("The plan is not the one that you saw any more. Look at it again, then approve it."))
    if kinds.get(change_set.kind).needs_second_person(change_set) and _made_by(actor, change_set):
        raise ValidationError(_("A second person has to approve this plan: somebody who neither made it nor asked."))
    with transaction.atomic():
        _move(
            change_set,
            (State.PLANNED, State.ASKED),
            {"fingerprint": fingerprint},
            state=State.PLANNED,
            approved_fingerprint=fingerprint,
            approved_by=actor,
            approved_at=now(),
        )
        _audited(actor, change_set, "bulk.approved", fingerprint=fingerprint, counts=change_set.counts)
    return change_set


def apply(actor: User, change_set: ChangeSet) -> ChangeSet:
    """Begin to send exactly the approved plan; a worker first checks whether it still stands."""
    _require(actor, change_set)
    if not change_set.is_approved:
        raise ValidationError(_("This plan has to be approved before it is applied."))
    with transaction.atomic():
        _move(
            change_set,
            (State.PLANNED,),
            {"fingerprint": change_set.approved_fingerprint},
            state=State.APPLYING,
            reason="",
            reason_detail={},
            progress_done=0,
            progress_total=to_do(change_set.counts),
            started_at=now(),
            claims=0,
            not_before=None,
            memory={},
        )
        _audited(actor, change_set, "bulk.applied", counts=change_set.counts)
        ring(change_set)
    return change_set


def pause(actor: User, change_set: ChangeSet, why: str = "") -> ChangeSet:
    """Send nothing more of it for now. What has left is still followed to its end."""
    _require(actor, change_set)
    with transaction.atomic():
        _move(change_set, (State.APPLYING,), state=State.PAUSED, reason="paused_by_person", reason_detail={})
        _audited(actor, change_set, "bulk.paused", why=why)
        ring(change_set)
    return change_set


def resume(actor: User, change_set: ChangeSet) -> ChangeSet:
    """Go on after a pause, by a person or by an alarm; whether the plan still stands is checked again."""
    _require(actor, change_set)
    reason = change_set.reason
    with transaction.atomic():
        memory = {name: value for name, value in change_set.memory.items() if name == "limit"}
        _move(
            change_set,
            (State.PAUSED,),
            state=State.APPLYING,
            reason="",
            reason_detail={},
            not_before=None,
            claims=0,
            memory=memory,
        )
        _audited(actor, change_set, "bulk.resumed", after=reason)
        ring(change_set)
    return change_set


def cancel(actor: User, change_set: ChangeSet, why: str = "") -> ChangeSet:
    """Send nothing more of it, ever: a worker takes back what has not left and follows the rest to its end."""
    _require(actor, change_set)
    states = (State.DRAFT, State.PLANNING, State.PLANNED, State.ASKED, State.APPLYING, State.PAUSED, State.OUTDATED)
    with transaction.atomic():
        begun = change_set.started_at is not None
        _move(
            change_set,
            states,
            state=State.CANCELLED,
            reason="cancelled_by_person",
            reason_detail={},
            not_before=None,
            finished_at=None if begun else now(),
        )
        _audited(actor, change_set, "bulk.cancelled", why=why)
        ring(change_set)
    return change_set


def replan(actor: User, change_set: ChangeSet) -> ChangeSet:
    """Make the plan anew from the same choices, as long as nothing of it was sent; approvals are given anew as well."""
    _require(actor, change_set)
    if sent_something(change_set):
        raise ValidationError(_("Some of this plan was sent already. Prepare a new one for the rest."))
    states = (State.PLANNED, State.ASKED, State.OUTDATED, State.FAILED)
    with transaction.atomic():
        _move(change_set, states, state=State.PLANNING, **{**_UNPLANNED, "started_at": None})
        _audited(actor, change_set, "bulk.replanned")
        ring(change_set)
    return change_set


def take_back(actor: User, change_set: ChangeSet, why: str = "") -> ChangeSet:
    """A new set whose plan reverses what this one did, as far as it can be; planned and approved like any other."""
    _require(actor, change_set)
    if change_set.state not in (State.DONE, State.CANCELLED) or change_set.finished_at is None:
        raise ValidationError(_("Only what has come to its end can be taken back. Cancel the rest first."))
    if change_set.purged_at is not None:
        raise ValidationError(_("The rows of this plan were erased by age, so nothing can be taken back any more."))
    if kinds.get(change_set.kind).reversal(change_set) is None:
        raise ValidationError(_("Nothing of this can be taken back."))
    with transaction.atomic():
        if not ChangeSet.objects.select_for_update().filter(pk=change_set.pk).exists():
            raise PermissionDenied
        ended = (State.CANCELLED, State.FAILED, State.OUTDATED)
        if ChangeSet.objects.filter(reverses=change_set).exclude(state__in=ended).exists():
            raise ValidationError(_("This is being taken back already."))
        return start(actor, change_set.account, TAKE_BACK, {"of": change_set.pk}, why, reverses=change_set)


def to_do(counts: dict[str, int]) -> int:
    """How many rows of a plan send something."""
    return sum(counts.get(verdict, 0) for verdict in PlannedRow.TO_DO)


def results(change_set: ChangeSet) -> dict[str, int]:
    """Rows that were to be sent, by what became of them; they add up to `to_do` of the plan."""
    found = change_set.rows.exclude(state="").order_by().values_list("state").annotate(Count("id"))
    return dict(found)


def sent_something(change_set: ChangeSet) -> bool:
    """Whether any row of it was on its way, or arrived."""
    return change_set.batches.exists() or change_set.rows.filter(change__isnull=False).exists()


def _kind(name: str) -> kinds.BulkKind:
    if not kinds.known(name):
        raise ValidationError(_("This server cannot do that. It may have to be updated."))
    return kinds.get(name)


def _made_by(actor: User, change_set: ChangeSet) -> bool:
    return actor.pk in (change_set.actor_id, change_set.asked_by_id)


def _require(actor: User, change_set: ChangeSet) -> None:
    if not policy.can(actor, _kind(change_set.kind).right(change_set), change_set.account):
        raise PermissionDenied


def _move(change_set: ChangeSet, states: tuple[str, ...], guard: dict[str, Any] | None = None, **values: Any) -> None:
    """Move the set on if it still is in one of `states` and as `guard` says; else somebody was quicker."""
    moved = ChangeSet.objects.filter(pk=change_set.pk, state__in=states, **(guard or {})).update(**values)
    if not moved:
        raise ValidationError(_("This bulk change has moved on meanwhile. Reload the page to see where it is."))
    change_set.refresh_from_db()


def _audited(actor: User, change_set: ChangeSet, action: str, why: str = "", **detail: Any) -> None:
    audit.record(
        action,
        actor=actor,
        account=change_set.account,
        why=why or change_set.why,
        change_set=change_set.pk,
        kind=change_set.kind,
        **detail,
    )
