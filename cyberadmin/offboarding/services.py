"""The steps by which a client leaves. Each is decided by a person, is an entry of the history, and may be taken days later.

Whoever manages the client takes them; the purge is an administrator's alone. Raises PermissionDenied without the right
and ValidationError with a sentence that says what to do.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from campaigns import sending
from campaigns.models import Mailing
from contacts.models import Contact
from cyberadmin.accounts import audit, policy, tokens
from cyberadmin.accounts.models import Account
from cyberadmin.accounts.numbers import grouped
from cyberadmin.celery import app
from cyberadmin.exports.models import ExportJob
from cyberadmin.sync import services as engine
from cyberadmin.sync.clock import now
from cyberadmin.sync.models import Change

from . import standing
from .models import OffBoarding, Step, Work
from .store import STORE

MAKE, PURGE = "cyberadmin.offboarding.tasks.make", "cyberadmin.offboarding.tasks.purge"
#: Changes that one press of the button discards.
AT_ONCE = 500


@dataclass(frozen=True)
class Cancelled:
    """What became of one mailing: the sentence of the refusal, or "" when its cancellation is on its way."""

    mailing: Mailing
    refusal: str


def current(account: Account) -> OffBoarding | None:
    """The off-boarding of this client that is going on."""
    going_on = (OffBoarding.State.OPEN, OffBoarding.State.PURGING)
    return OffBoarding.objects.select_related("account").filter(account=account, state__in=going_on).first()


def begin(actor: User, account: Account, reason: str, mandate_ends_on: date | None, asked_by: str) -> OffBoarding:
    """Write down that the client leaves. Nothing stops by that."""
    _require(actor, account)
    if account.state != Account.State.CONNECTED:
        raise ValidationError(_("This client was never connected: give up connecting instead."))
    with transaction.atomic():
        Account.objects.select_for_update().get(pk=account.pk)
        if current(account) is not None:
            raise ValidationError(_("This client is being off-boarded already."))
        made = OffBoarding.objects.create(
            account=account,
            client_name=account.name,
            vendor_name=account.vendor_name,
            reason=reason,
            mandate_ends_on=mandate_ends_on,
            asked_by=asked_by,
            begun_by=actor,
            begun_by_name=actor.get_username(),
            begun_at=now(),
        )
        audit.record("offboarding.begun", actor=actor, account=account, why=reason, asked_by=asked_by)
    return made


def stop(actor: User, off_boarding: OffBoarding, why: str) -> None:
    """The client stays after all. A token that was retired meanwhile is not taken back: another one is pasted."""
    with _open(actor, off_boarding) as locked:
        files = list(locked.works.exclude(stored_name="").values_list("stored_name", flat=True))
        OffBoarding.objects.filter(pk=locked.pk).update(state=OffBoarding.State.STOPPED, ended_at=now())
        over = {"state": Work.State.GONE, "stored_name": "", "lease_until": None}
        locked.works.filter(state__in=(*Work.OPEN, Work.State.DONE)).update(**over)
        leaving = Account.objects.filter(pk=locked.account_id, paused_reason=Account.Paused.LEAVING)
        leaving.update(paused_reason=Account.Paused.TOKEN, paused_at=now())
        audit.record("offboarding.stopped", actor=actor, account=locked.account, why=why)
    for name in files:
        STORE.delete(locked.account_id, name)


# --- the file -------------------------------------------------------------------------------------------------------
def count_to_type(account: Account) -> int:
    """How many people the file would name, when so many leave only after their number was typed; else 0."""
    people = Contact.objects.filter(account=account, gone_at=None).count()
    return people if people > int(settings.EXPORTS_TYPED_COUNT_ABOVE) else 0


def ask_file(actor: User, off_boarding: OffBoarding, form: str, typed_count: int | None = None) -> Work:
    """Have a worker put everything of the client into one file (docs/engine.md 4, line 11: a large one by its number)."""
    if form not in ExportJob.Form.values:
        raise ValidationError(_("Choose a format."))
    people = count_to_type(off_boarding.account)
    if people and typed_count != people:
        said = _("Type the number of people in the file, %(count)s, to confirm.")
        raise ValidationError({"typed_count": said % {"count": grouped(people)}})
    with _open(actor, off_boarding) as locked:
        last = standing.file_of(locked)
        if last is not None and last.is_open:
            raise ValidationError(_("The file is being made already."))
        work = _work(actor, locked, Work.Kind.FILE, form=form, language=(get_language() or "en")[:5])
        audit.record("offboarding.asked", actor=actor, account=locked.account, form=form)
        _ring(MAKE, work.pk)
    return work


def skip_file(actor: User, off_boarding: OffBoarding, why: str) -> None:
    """The client wants no file, or has it otherwise."""
    with _open(actor, off_boarding) as locked:
        decide(locked, Step.Name.EXPORT, actor, why, skipped=True)
        audit.record("offboarding.not_exported", actor=actor, account=locked.account, why=why)


def read_file(actor: User, work: Work) -> Iterator[bytes]:
    """The plain file in pieces, noted in the history and in its step. Raises uploads.UploadError at once."""
    account = work.off_boarding.account
    _require(actor, account)
    STORE.open_plain(account.pk, work.stored_name).close()
    with transaction.atomic():
        audit.record("offboarding.downloaded", actor=actor, account=account, sha256=work.sha256)
        step = work.off_boarding.steps.select_for_update().filter(name=Step.Name.EXPORT, detail__work=work.pk).first()
        if step is not None:
            step.detail["downloaded"] = True
            step.save(update_fields=["detail"])
    return _pieces(account.pk, work.stored_name)


def _pieces(account_id: int, name: str) -> Iterator[bytes]:
    with STORE.open_plain(account_id, name) as file:
        while piece := file.read(1 << 16):
            yield piece


# --- mailings and changes -------------------------------------------------------------------------------------------
def cancel_mailings(actor: User, off_boarding: OffBoarding, why: str) -> list[Cancelled]:
    """Cancel every scheduled mailing as a person would, one by one; what refuses is said and hinders no other."""
    done = []
    with _open(actor, off_boarding) as locked:
        for mailing in standing.scheduled(locked.account).filter(deleted_at=None):
            try:
                with transaction.atomic():
                    sending.cancel(actor, mailing, why)
                done.append(Cancelled(mailing, ""))
            except ValidationError as refusal:
                done.append(Cancelled(mailing, " ".join(refusal.messages)))
        if not done:
            raise ValidationError(_("No mailing is left to cancel."))
        cancelled = [one.mailing.pk for one in done if not one.refusal]
        decide(locked, Step.Name.SCHEDULES, actor, why, cancelled=cancelled)
        audit.record(
            "offboarding.cancelled",
            actor=actor,
            account=locked.account,
            why=why,
            mailings=len(cancelled),
            total=len(done),
        )
    return done


def keep_mailings(actor: User, off_boarding: OffBoarding, why: str) -> None:
    """Let what is scheduled now leave: the client wants it. What is scheduled later needs a decision of its own."""
    with _open(actor, off_boarding) as locked:
        kept = list(standing.scheduled(locked.account).values_list("pk", flat=True))
        decide(locked, Step.Name.SCHEDULES, actor, why, kept=kept)
        audit.record("offboarding.kept", actor=actor, account=locked.account, why=why, mailings=len(kept))


def discard_changes(actor: User, off_boarding: OffBoarding, why: str) -> int:
    """Give up what waits, at most AT_ONCE of it; how many. An unsubscription is never discarded, nor what is in flight."""
    gone = 0
    with _open(actor, off_boarding) as locked:
        rows = Change.objects.filter(account=locked.account, state__in=standing.WAITING).order_by("-id")
        for change in rows[:AT_ONCE]:
            try:
                with transaction.atomic():
                    engine.discard(actor, change)
                gone += 1
            except ValidationError:
                # It has moved on, or it is an unsubscription: the page goes on showing it.
                continue
        audit.record("offboarding.discarded", actor=actor, account=locked.account, why=why, changes=gone)
    return gone


def hand_over_changes(actor: User, off_boarding: OffBoarding, why: str) -> None:
    """What waits or is in doubt can never be sent or looked for any more: the client's file lists it, and they decide."""
    with _open(actor, off_boarding) as locked:
        if not standing.may_hand_over(locked.account):
            raise ValidationError(_("Cyberimpact still takes changes of this client. Have them sent, or discard them."))
        left = standing.waiting(locked.account).total
        decide(locked, Step.Name.CHANGES, actor, why, handed_over=left)
        audit.record("offboarding.handed_over", actor=actor, account=locked.account, why=why, changes=left)


# --- the token ------------------------------------------------------------------------------------------------------
def revoke(actor: User, off_boarding: OffBoarding, why: str) -> None:
    """Retire what opens the account, without a replacement: nothing is read or sent any more.

    A token stays sealed and is looked at until it is dead at the vendor; a password is forgotten at once (engine.md 2.9).
    """
    with _open(actor, off_boarding) as locked:
        account = Account.objects.select_for_update().get(pk=locked.account_id)
        if account.is_leaving:
            raise ValidationError(_("The token is retired already."))
        _refuse(standing.before_revoking(locked))
        retired = tokens.retire(account)
        paused = {"paused_reason": Account.Paused.LEAVING, "paused_detail": "", "paused_at": now()}
        Account.objects.filter(pk=account.pk).update(**paused)
        told = [{"kind": one.kind, "fingerprint": one.fingerprint} for one in retired]
        decide(locked, Step.Name.REVOKE, actor, why, credentials=told)
        names = [one.fingerprint for one in retired]
        audit.record("offboarding.revoked", actor=actor, account=account, why=why, credentials=names)


# --- the purge ------------------------------------------------------------------------------------------------------
def purge(actor: User, off_boarding: OffBoarding, typed_name: str, why: str) -> Work:
    """Destroy everything of the client; from this moment nobody sees or reaches them any more. Cannot be taken back."""
    if not (actor.is_active and actor.is_superuser):
        raise PermissionDenied
    with _open(actor, off_boarding) as locked:
        account = Account.objects.select_for_update().get(pk=locked.account_id)
        if " ".join(typed_name.split()) != account.name:
            raise ValidationError({"name": _("Type the client’s name exactly as it stands above.")})
        _refuse(standing.before_purging(locked))
        audit.record("offboarding.purge", actor=actor, account=account, why=why)
        decide(locked, Step.Name.PURGE, actor, why)
        # Another client may have the name from now on; the address of the old one stays taken.
        free = f"{account.name[:95]} · {now():%Y-%m-%d} · {account.pk}"
        Account.objects.filter(pk=account.pk).update(state=Account.State.ENDED, name=free)
        OffBoarding.objects.filter(pk=locked.pk).update(state=OffBoarding.State.PURGING)
        work = _work(actor, locked, Work.Kind.PURGE)
        _ring(PURGE, work.pk)
    return work


# --- shared ---------------------------------------------------------------------------------------------------------
def decide(off_boarding: OffBoarding, name: str, actor: User | None, why: str, **detail: Any) -> None:
    """Write a step down; a later decision takes the place of an earlier one, which the history keeps."""
    by_name = actor.get_username() if actor else "cyberadmin"
    values = {"by": actor, "by_name": by_name, "at": now(), "why": why, "detail": detail}
    Step.objects.update_or_create(off_boarding=off_boarding, name=name, defaults=values)


@contextmanager
def _open(actor: User, off_boarding: OffBoarding) -> Iterator[OffBoarding]:
    """A transaction with the off-boarding locked, for who manages its client, while its steps may be taken."""
    _require(actor, off_boarding.account)
    with transaction.atomic():
        rows = OffBoarding.objects.select_for_update(of=("self",)).select_related("account")
        locked = rows.filter(pk=off_boarding.pk, state=OffBoarding.State.OPEN).first()
        if locked is None:
            raise ValidationError(_("This off-boarding is over or was given up. Reload the page."))
        yield locked


def _work(actor: User, off_boarding: OffBoarding, kind: str, **values: Any) -> Work:
    by = {"asked_by": actor, "asked_by_name": actor.get_username(), "asked_at": now()}
    return Work.objects.create(off_boarding=off_boarding, kind=kind, **by, **values)


def _require(actor: User, account: Account) -> None:
    if not policy.can(actor, "manage", account):
        raise PermissionDenied


def _refuse(obstacles: list[str]) -> None:
    if obstacles:
        raise ValidationError(obstacles)


def _ring(task: str, work_id: int) -> None:
    transaction.on_commit(lambda: app.send_task(task, args=(work_id,), ignore_result=True), robust=True)
