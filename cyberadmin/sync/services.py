"""What staff decide about changes and pulls, and what pages ask the engine."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Count, Max, Q
from django.utils.translation import gettext as _

from cyberadmin.accounts import audit, policy, tokens
from cyberadmin.accounts.models import Account

from . import connection, merge, pull, record, registry
from .clock import now
from .doorbell import ring
from .mirror import writing
from .models import Change, Heartbeat, HeldSweep, PullRun, Submission
from .resource import Sent, Values

WORKER_SILENCE = timedelta(minutes=2)


@dataclass(frozen=True)
class Freshness:
    """How fresh an account's mirror is. `complete_as_of`: start of the last complete pull, by the vendor's clock."""

    complete_as_of: datetime | None
    run: PullRun | None
    last: PullRun | None

    @property
    def percent(self) -> int | None:
        """Progress of the running pull, 0 to 100, or None when none runs."""
        if self.run is None:
            return None
        return min(100, 100 * self.run.progress_done // self.run.progress_total) if self.run.progress_total else 0


def once(token: UUID, actor: User | None) -> bool:
    """Whether this form is submitted for the first time; call it in the transaction that saves the form."""
    try:
        with transaction.atomic():
            Submission.objects.create(token=token, actor=actor)
    except IntegrityError:
        return False
    return True


def retry(actor: User, change: Change) -> None:
    """Send a stopped or refused change again. Who does it for somebody who lost the right answers for it from now on."""
    _require(actor, change)
    taken_over: Values = {"actor": actor} if change.reason == "rights_lost" else {}
    with transaction.atomic():
        _move(
            change,
            (Change.State.PARKED, Change.State.FAILED),
            state=Change.State.QUEUED,
            attempts=0,
            claims=0,
            looks=0,
            resends=0,
            fence=None,
            reason="",
            reason_detail={},
            not_before=now(),
            **taken_over,
        )
        _audited(actor, change, "change.retry")
        ring(change.account_id)


def discard(actor: User, change: Change) -> None:
    """Give a waiting, stopped or refused change up: the row shows again what the vendor holds.

    An unsubscription is never given up, except when the vendor no longer has the person at all.
    """
    _require(actor, change)
    if change.is_kept_no:
        raise ValidationError(_("An unsubscription cannot be discarded: the person said no. Try it again instead."))
    with transaction.atomic():
        obj = _object(change)
        states = (Change.State.QUEUED, Change.State.CONFLICT, Change.State.PARKED, Change.State.FAILED)
        _move(change, states, state=Change.State.CANCELLED, reason="discarded", done_at=now())
        _put_back(change, obj)
        _audited(actor, change, "change.discard")
        ring(change.account_id)


def resolve(actor: User, change: Change, choices: dict[str, Values]) -> None:
    """Settle a conflict field by field: {name: {"keep": "ours" | "theirs" | "value", "value": ...}}.

    What is kept goes out on top of what the vendor holds now; if that moves once more, it is a conflict once more.
    """
    _require(actor, change)
    if change.reason not in ("both_changed", "existed_there"):
        raise ValidationError(_("This change is not waiting for a decision on fields."))
    with transaction.atomic():
        obj = _object(change)
        fields = {name: dict(value) for name, value in change.fields.items()}
        taken: Values = {}
        for name, value in list(fields.items()):
            if "theirs" not in value:
                continue
            if name not in choices:
                raise ValidationError(_("Decide for every field that is listed."))
            theirs = value.pop("theirs")
            want = _chosen(change, obj, name, choices[name], value["want"], theirs)
            taken[name] = want
            fields[name] = {"base": theirs, "want": want}
            if want == theirs:
                del fields[name]
        values: Values = {
            "state": Change.State.QUEUED,
            "fields": fields,
            "reason": "",
            "not_before": now(),
            "attempts": 0,
        }
        if not fields:
            values |= {"state": Change.State.SUPERSEDED, "reason": "took_theirs", "done_at": now()}
        _move(change, (Change.State.CONFLICT,), **values)
        others = [other for other in record.open_changes(change.kind, obj) if other.pk != change.pk]
        later = merge.wanted_by(others)
        _write_effective(change, obj, {name: value for name, value in taken.items() if name not in later})
        _audited(actor, change, "conflict.decided", fields=sorted(taken))
        ring(change.account_id)


def recreate(actor: User, change: Change) -> None:
    """After "gone there": make the object again at the vendor, from what the row shows, in no group. Never for who left."""
    _require(actor, change)
    with transaction.atomic():
        obj = _object(change)
        if change.reason != "gone_there" or change.verb != Change.Verb.UPDATE:
            raise ValidationError(_("This change is not waiting for that decision."))
        if getattr(obj, "state", "subscribed") != "subscribed":
            raise ValidationError(_("This person unsubscribed or bounced, so they are not added again."))
        resource = registry.get(change.kind)
        fields = {
            name: {"base": None, "want": value}
            for name, value in resource.values(obj).items()
            if value not in ("", None) and name not in resource.by_action
        }
        _move(
            change,
            (Change.State.CONFLICT,),
            state=Change.State.QUEUED,
            verb=Change.Verb.CREATE,
            keyless=Change.Verb.CREATE in resource.keyless,
            fields=fields,
            reason="",
            not_before=now(),
        )
        obj.remote_id = None
        obj.snapshot = {}
        with writing():
            resource.settled(change, obj, Sent(gone=True))
            obj.save()
        _audited(actor, change, "conflict.recreate")
        ring(change.account_id)


def let_go(actor: User, change: Change) -> None:
    """After "gone there": accept that the vendor no longer has the object; the row becomes a tombstone."""
    _require(actor, change)
    with transaction.atomic():
        if change.reason != "gone_there":
            raise ValidationError(_("This change is not waiting for that decision."))
        obj = _object(change)
        _move(change, (Change.State.CONFLICT,), state=Change.State.CANCELLED, reason="let_go", done_at=now())
        _bury(change, obj)
        _audited(actor, change, "conflict.let_go")


def adopt(actor: User, change: Change, remote_id: int) -> None:
    """After "same mark there": this object at the vendor is the one that was to be created."""
    _require(actor, change)
    candidates = change.reason_detail.get("candidates", [])
    if remote_id not in [candidate["remote_id"] for candidate in candidates]:
        raise ValidationError(_("Choose one of the objects listed."))
    with transaction.atomic():
        obj = _object(change)
        resource = registry.get(change.kind)
        if resource.model.objects.filter(account_id=obj.account_id, remote_id=remote_id).exclude(pk=obj.pk).exists():
            raise ValidationError(_("This object was mirrored meanwhile. Discard the creation instead."))
        found = next(candidate for candidate in candidates if candidate["remote_id"] == remote_id)
        fields = {name: {**value, "base": found.get(name)} for name, value in change.fields.items()}
        _move(
            change,
            (Change.State.CONFLICT, Change.State.PARKED),
            state=Change.State.QUEUED,
            verb=Change.Verb.UPDATE,
            keyless=False,
            fence=None,
            fields=fields,
            reason="",
            reason_detail={},
            not_before=now(),
        )
        obj.remote_id = remote_id
        with writing():
            obj.save()
        _audited(actor, change, "create.adopted", remote_id=remote_id)
        ring(change.account_id)


def send_again(actor: User, change: Change) -> None:
    """Send a create once more after a person looked: "same mark there" wants another one, or a doubt was cleared up."""
    _require(actor, change)
    with transaction.atomic():
        _move(
            change,
            (Change.State.CONFLICT, Change.State.PARKED),
            state=Change.State.QUEUED,
            fence=None,
            attempts=0,
            claims=0,
            looks=0,
            resends=0,
            reason="",
            # After a doubt nobody has seen another one yet: if there is one, that is asked first.
            reason_detail={"make_another": True} if "candidates" in change.reason_detail else {},
            not_before=now(),
        )
        _audited(actor, change, "create.again")
        ring(change.account_id)


def request_pull(actor: User | None, account: Account, scope: str = PullRun.Scope.FULL) -> PullRun:
    """Have a worker read what the vendor holds; an open run is returned instead of starting a second one."""
    if actor is not None and not policy.can(actor, "view", account):
        raise PermissionDenied
    return pull.request(account, scope, requested_by=actor)


def decide_sweep(actor: User, held: HeldSweep, approve: bool) -> None:
    """Say whether objects that vanished in great number may be removed here; each is still confirmed by a 404."""
    if not policy.can(actor, "manage", held.account):
        raise PermissionDenied
    state = HeldSweep.State.APPROVED if approve else HeldSweep.State.DISMISSED
    with transaction.atomic():
        decided = HeldSweep.objects.filter(pk=held.pk, state=HeldSweep.State.HELD)
        if not decided.update(state=state, decided_by=actor, decided_at=now()):
            raise ValidationError(_("Somebody decided about this already."))
        audit.record(f"sweep.{state}", actor=actor, account=held.account, kind=held.kind, total=held.total)
        ring(held.account_id)


def pause(actor: User, account: Account, why: str) -> None:
    """Stop sending for one account until somebody resumes it."""
    if not policy.can(actor, "manage", account):
        raise PermissionDenied
    with transaction.atomic():
        connection.pause(account, Account.Paused.PERSON, why)
        audit.record("account.paused", actor=actor, account=account, why=why)


def resume(actor: User, account: Account) -> None:
    """Go on after a pause by a person, a payment or a TLS fault; after a refused token, paste a new one instead."""
    if not policy.can(actor, "manage", account):
        raise PermissionDenied
    if account.needs_secret:
        raise ValidationError(_("This account waits for a new token: paste one, then it goes on by itself."))
    tokens.check_staying(account)
    with transaction.atomic():
        Account.objects.filter(pk=account.pk).update(paused_reason="", paused_detail="", paused_at=None)
        audit.record("account.resumed", actor=actor, account=account, reason=account.paused_reason)
        ring(account.pk)


def latest_changes(account: Account, kind: str, ids: Iterable[int]) -> dict[int, Change]:
    """The change that tells most about each object: its oldest open one, else its newest. One query for a whole page."""
    of_page = Change.objects.filter(account=account, kind=kind, object_id__in=list(ids))
    newest = of_page.values("object_id").annotate(newest=Max("id")).values("newest").order_by()
    rows = of_page.filter(Q(state__in=Change.OPEN) | Q(pk__in=newest)).order_by("-id")
    shown: dict[int, Change] = {}
    for change in rows:
        if change.is_open or change.object_id not in shown:
            shown[change.object_id] = change
    return shown


def waiting_counts(account: Account) -> dict[str, int]:
    """How many open changes the account has in each state."""
    rows = Change.objects.filter(account=account, state__in=Change.OPEN).values("state").annotate(n=Count("id"))
    return {row["state"]: row["n"] for row in rows.order_by()}


def freshness(account: Account) -> Freshness:
    """How fresh this account's mirror is: two short queries."""
    runs = PullRun.objects.filter(account=account)
    complete = runs.filter(state=PullRun.State.COMPLETE).order_by("-id").first()
    last = runs.order_by("-id").first()
    running = last if last is not None and last.state in (PullRun.State.QUEUED, PullRun.State.RUNNING) else None
    as_of = (complete.vendor_started_at or complete.started_at) if complete is not None else None
    return Freshness(as_of, running, last)


def workers_alive() -> bool:
    """Whether a worker gave a sign of life within the last two minutes."""
    return Heartbeat.objects.filter(at__gte=now() - WORKER_SILENCE).exists()


def _require(actor: User, change: Change) -> None:
    if not policy.can(actor, "edit", change.account):
        raise PermissionDenied


def _move(change: Change, states: tuple[str, ...], **values: Any) -> None:
    """Move the change on if it still is in one of `states`; else somebody was quicker."""
    moved = Change.objects.filter(pk=change.pk, state__in=states).update(updated_at=now(), **values)
    if not moved:
        raise ValidationError(_("This change has moved on meanwhile. Reload the page to see where it is."))
    for name, value in values.items():
        setattr(change, name, value)


def _audited(actor: User, change: Change, action: str, **detail: Any) -> None:
    audit.record(action, actor=actor, account=change.account, change=change.pk, object=change.object_label, **detail)


def _object(change: Change) -> Any:
    return record.lock(registry.get(change.kind).model.objects.get(pk=change.object_id, account_id=change.account_id))


def _chosen(change: Change, obj: Any, name: str, choice: Values, ours: Any, theirs: Any) -> Any:
    """The value decided for; one that was typed is checked like in a form. Raises ValidationError."""
    if choice.get("keep") == "theirs":
        return theirs
    if choice.get("keep") != "value":
        return ours
    return registry.get(change.kind).clean(obj, {name: choice.get("value")})[name]


def _write_effective(change: Change, obj: Any, values: Values) -> None:
    """Show these values. Raises ValidationError when another row has taken the address or title meanwhile."""
    resource = registry.get(change.kind)
    remote = merge.remote_values(resource, obj)
    resource.assign(obj, values)
    merge.compare(resource, obj, remote)
    try:
        with transaction.atomic():
            record.save(obj)
    except IntegrityError:
        raise ValidationError(
            _("Another one here has taken “%(name)s” meanwhile. Change or delete that one first.")
            % {"name": resource.label(obj)}
        ) from None


def _bury(change: Change, obj: Any) -> None:
    """Make a row a tombstone: nothing more is sent about it, and nothing refers to it any more."""
    record.supersede(record.open_changes(change.kind, obj), "deleted_since")
    obj.gone_at, obj.snapshot = now(), None
    with writing():
        registry.get(change.kind).settled(change, obj, Sent(gone=True))
    record.save(obj)


def _put_back(change: Change, obj: Any) -> None:
    """Undo what a given-up change did to the row: show the vendor's values where no other change wants ours."""
    resource = registry.get(change.kind)
    with writing():
        resource.withdrawn(change, obj)
    if change.verb == Change.Verb.CREATE:
        _bury(change, obj)
        return
    if change.verb == Change.Verb.DELETE:
        obj.deleted_at = None
    kept = merge.pending_fields(change.kind, obj)
    remote = merge.remote_values(resource, obj)
    names = {name for name in change.fields if not name.startswith(merge.BESIDE)} - kept
    obj.content_hash = ""
    _write_effective(change, obj, {name: remote.get(name) for name in names})
