"""What staff do with contacts. Each function checks the right, keeps the rules, writes the row and records the change.

Call them inside no transaction of your own or inside `atomic()`: each is atomic by itself. They raise ValidationError with
a sentence for the person, `record.StaleEdit` when the form was older than the row, and PermissionDenied.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from cyberadmin.accounts import policy
from cyberadmin.accounts.models import Account
from cyberadmin.sync import doorbell, guard, record, registry
from cyberadmin.sync.clock import now
from cyberadmin.sync.mirror import writing
from cyberadmin.sync.models import Change
from cyberadmin.sync.resource import Values
from groups.models import Group

from .cleaning import clean
from .consent import asking, ledger, never_back, observed
from .models import Contact, GroupMembership, email_key

KIND = "contact"
#: Why an address that bounced is not deleted, and what can be done (api/README.md 4.1; 6, row 17).
BOUNCED_STAYS = lazy(
    "Mail to this address bounced, and the API of Cyberimpact cannot delete such an address. Unsubscribe it here, or "
    "delete it in Cyberimpact: it then goes from here with the next full pull."
)
READ_DETAILS = "cyberadmin.sync.tasks.read_details"


def create_contact(
    actor: User, account: Account, values: dict[str, Any], groups: Iterable[Group] = (), why: str = ""
) -> Contact:
    """Add a contact directly: subscribed at once, with implied consent and no mail to the person (api/README.md 4.1)."""
    require(actor, "edit", account)
    wanted = clean(account, values)
    if not wanted.get("email"):
        raise ValidationError({"email": _("An e-mail address is needed.")})
    with transaction.atomic():
        _check_may_be_added(account, wanted["email"])
        contact = Contact(account=account, consent_type=Contact.Consent.IMPLIED, state=Contact.State.SUBSCRIBED)
        registry.get(KIND).assign(contact, wanted)
        try:
            with transaction.atomic():
                record.create(KIND, contact, record.Intent(actor, why))
        except IntegrityError:
            raise _taken(account, wanted["email"]) from None
        _regroup(contact, list(groups), [], record.Intent(actor, why))
    return contact


def edit_contact(
    actor: User,
    contact: Contact,
    values: dict[str, Any],
    expected_version: int,
    why: str = "",
    shown: Values | None = None,
    *,
    priority: int = record.BY_HAND,
) -> Change | None:
    """Change fields of a contact; None when nothing differs.

    `values`: what to write, best only what the person really changed. `shown`: all values as the form showed them, so
    that a colleague's edit of other fields is no obstacle. Raises record.StaleEdit when the same value moved meanwhile.
    """
    require(actor, "edit", contact.account)
    wanted = clean(contact.account, values)
    with transaction.atomic():
        row = locked(contact)
        check_open_to_edits(row)
        before = registry.get(KIND).values(row)
        changed = {name: value for name, value in wanted.items() if before.get(name) != value}
        record.check_stale(KIND, row, changed, expected_version, shown)
        if "email" in changed and email_key(changed["email"]) != row.email_key:
            _check_may_be_added(row.account, changed["email"])
        try:
            with transaction.atomic():
                return record.edit(KIND, row, changed, record.Intent(actor, why, priority))
        except IntegrityError:
            raise _taken(row.account, changed["email"]) from None


def change_groups(
    actor: User,
    contact: Contact,
    add: Iterable[Group],
    remove: Iterable[Group],
    why: str = "",
    *,
    priority: int = record.BY_HAND,
) -> Change | None:
    """Put a contact in groups and take it out of others; groups not named are left alone (product.md 3d-13)."""
    require(actor, "edit", contact.account)
    with transaction.atomic():
        row = locked(contact)
        check_open_to_edits(row)
        return _regroup(row, list(add), list(remove), record.Intent(actor, why, priority))


def unsubscribe(actor: User, contact: Contact, why: str) -> Change:
    """Unsubscribe for good: only the person can come back, by a form of the client (product.md 3c, S4)."""
    require(actor, "edit", contact.account)
    if not why.strip():
        raise ValidationError({"why": _("Say why: the reason is kept with the unsubscription.")})
    with transaction.atomic():
        row = locked(contact)
        if row.state == Contact.State.UNSUBSCRIBED:
            raise ValidationError(_("This contact is unsubscribed already."))
        changes = record.open_changes(KIND, row)
        if row.remote_id is None and any(change.verb == Change.Verb.CREATE for change in changes):
            raise ValidationError(
                _("Cyberimpact does not have this contact yet. Wait until it has arrived, or discard its creation.")
            )
        # Nothing that waits may stand in the way of the person's wish.
        record.supersede(changes, "unsubscribed_since")
        _forget_pending_groups(row, changes)
        fields = {"state": {"base": row.state, "want": Contact.State.UNSUBSCRIBED.value}}
        record.begin(KIND, row, {"state": Contact.State.UNSUBSCRIBED.value})
        change = record.act(KIND, row, Change.Verb.UNSUBSCRIBE, fields, record.Intent(actor, why.strip(), priority=1))
        _write_down(change, row, ledger.Source.UNSUBSCRIBED)
        return change


def delete_contact(actor: User, contact: Contact, why: str = "") -> Change:
    """Delete a contact at the vendor; express consent is lost with it (api/README.md 4.1).

    Never for who unsubscribed, and not for who bounced: the API does not find them (api/README.md 4.1; 6, row 17).
    """
    require(actor, "edit", contact.account)
    with transaction.atomic():
        row = locked(contact)
        if row.state == Contact.State.UNSUBSCRIBED:
            raise ValidationError(
                _("This contact is unsubscribed: the proof that they said no is kept, so it cannot be deleted.")
            )
        if row.state == Contact.State.BOUNCED:
            raise ValidationError(BOUNCED_STAYS)
        if row.deleted_at is not None:
            raise ValidationError(_("This contact is being deleted already."))
        changes = record.open_changes(KIND, row)
        never_sent = [
            change
            for change in changes
            if change.verb == Change.Verb.CREATE
            and change.state not in Change.IN_FLIGHT
            and not record.was_tried(change)
        ]
        record.supersede(changes, "deleted_since")
        _forget_pending_groups(row, changes)
        row.deleted_at = now()
        if never_sent and row.remote_id is None:
            return _never_arrived(row, never_sent[0])
        record.begin(KIND, row, {})
        change = record.act(KIND, row, Change.Verb.DELETE, {}, record.Intent(actor, why.strip()))
        _write_down(change, row, ledger.Source.DELETED)
        return change


def request_optin(
    actor: User,
    contact: Contact,
    why: str,
    basis: str = asking.Basis.ASKED,
    *,
    priority: int = record.BY_HAND,
    change_set_id: int | None = None,
) -> Change:
    """Ask the vendor to e-mail a request for express consent. A mail goes out; at most one in 24 hours (product.md S3).

    `basis` (asking.Basis) and `why` say what allows us to write to the person at all.
    """
    require(actor, "edit", contact.account)
    if basis not in asking.Basis.values:
        raise ValidationError({"basis": _("Say what allows you to write to this person.")})
    if not why.strip():
        raise ValidationError(
            {"why": _("Say on what basis you may write to this person: a request is itself a commercial message.")}
        )
    with transaction.atomic():
        row = locked(contact)
        check_open_to_edits(row)
        refusal = asking.refusal(row, basis, bool(asking.asked_lately(row.account_id, [row.email])))
        if refusal:
            raise ValidationError(asking.REFUSALS[refusal], code=refusal)
        change = record.act(KIND, row, Change.Verb.OPTIN, {}, record.Intent(actor, why.strip(), priority=priority))
        by = ledger.By(actor, change.pk, change_set_id, why.strip())
        ledger.append(row.account_id, row.email, ledger.Source.ASKED, ledger.Facts(how=basis), by)
        return change


def read_details(actor: User, contact: Contact) -> None:
    """Have a worker read what the lists leave out (relation, dates and proof of consent) for one contact."""
    require(actor, "view", contact.account)
    account_id, pk = contact.account_id, contact.pk
    transaction.on_commit(lambda: doorbell.ring_now(READ_DETAILS, account_id, pk), robust=True)


def require(actor: User, right: policy.Right, account: Account) -> None:
    """Raise PermissionDenied unless the right is held."""
    if not policy.can(actor, right, account):
        raise PermissionDenied


def locked(contact: Contact) -> Contact:
    """The contact as it is now, locked until the end of the transaction."""
    row: Contact = record.lock(contact)
    return row


def check_open_to_edits(row: Contact) -> None:
    """Raise ValidationError when nothing may be written to this contact."""
    if row.gone_at is not None or row.deleted_at is not None:
        raise ValidationError(_("This contact is deleted or being deleted, so it cannot be changed."))
    if guard.forbids(Change.Verb.UPDATE, row):
        raise ValidationError(
            _("This contact is %(state)s: only the person can come back, by a form of the client.")
            % {"state": row.get_state_display()}
        )


def _check_may_be_added(account: Account, email: str) -> None:
    """Nobody has the address here, and whoever had it did not say no and was not erased."""
    if Contact.objects.filter(account=account, email_key=email_key(email), gone_at=None).exists():
        raise _taken(account, email)
    if never_back.protected(account.pk, [email]):
        # One sentence for all: who had an address once, and why it is gone, is not told.
        raise ValidationError({"email": _("This address may not be added to this client again; only the person can.")})


def _write_down(change: Change, row: Contact, source: str) -> None:
    """Keep in the ledger what was known of the consent when this was decided, by whom and why."""
    ledger.append(row.account_id, row.email, source, observed.facts_of(row), ledger.by_change(change, change.why))


def _taken(account: Account, email: str) -> ValidationError:
    there = Contact.objects.filter(account=account, email_key=email_key(email), gone_at=None).first()
    state = there.get_state_display() if there else ""
    shown = there.email if there else email
    return ValidationError(
        {
            "email": _("This client already has %(email)s (%(state)s); capital letters make no difference.")
            % {"email": shown, "state": state}
        }
    )


def _regroup(row: Contact, add: list[Group], remove: list[Group], intent: record.Intent) -> Change | None:
    for group in (*add, *remove):
        _check_group(row, group)
    current = {membership.group_id: membership for membership in GroupMembership.objects.filter(contact=row)}
    fields: dict[str, Values] = {}
    waits: list[Change] = []
    with writing():
        for group in add:
            membership = current.get(group.pk)
            if membership is None:
                GroupMembership.objects.create(contact=row, group=group, pending="add")
            elif membership.pending == "remove":
                GroupMembership.objects.filter(pk=membership.pk).update(pending="")
            else:
                continue
            fields[f"group:{group.pk}"] = {"base": membership is not None, "want": True}
            waits += record.open_changes("group", group)
        for group in remove:
            membership = current.get(group.pk)
            if membership is None or membership.pending == "remove":
                continue
            if membership.pending == "add":
                membership.delete()
            else:
                GroupMembership.objects.filter(pk=membership.pk).update(pending="remove")
            fields[f"group:{group.pk}"] = {"base": membership.pending != "add", "want": False}
    if not fields:
        return None
    return record.act(KIND, row, Change.Verb.REGROUP, fields, replace(intent, waits_for=tuple(waits)))


def _check_group(row: Contact, group: Group) -> None:
    if group.account_id != row.account_id:
        raise PermissionDenied
    if group.is_dynamic:
        raise ValidationError(
            _("“%(title)s” is a dynamic group: Cyberimpact fills it by its own rules, nobody can be added or removed.")
            % {"title": group.title}
        )
    if group.gone_at is not None or group.deleted_at is not None:
        raise ValidationError(_("“%(title)s” is deleted or being deleted.") % {"title": group.title})


def _forget_pending_groups(row: Contact, changes: list[Change]) -> None:
    if any(change.verb == Change.Verb.REGROUP and change.state not in Change.IN_FLIGHT for change in changes):
        with writing():
            GroupMembership.objects.filter(contact=row, pending="add").delete()
            GroupMembership.objects.filter(contact=row, pending="remove").update(pending="")


def _never_arrived(row: Contact, creation: Change) -> Change:
    """Created and deleted before anything was sent: nothing is left to tell the vendor."""
    row.gone_at = now()
    row.snapshot = None
    record.save(row)
    with writing():
        GroupMembership.objects.filter(contact=row).delete()
    creation.refresh_from_db()
    return creation
