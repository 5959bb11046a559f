"""Unsubscribing and deleting many contacts, by the vendor's batches (product.md S4, S5, S12; api/README.md 4.9).

Neither can be taken back. Who unsubscribed is never deleted: the proof that they said no is kept (product.md 3d-11).
"""

from collections.abc import Sequence

from django.db.models import F
from django.utils.translation import gettext_lazy as _

from contacts.consent import ledger
from contacts.models import ConsentRecord, Contact, GroupMembership
from cyberadmin.api.types import BatchWrite, DeleteMembers, UnsubscribeMembers
from cyberadmin.sync import record, registry
from cyberadmin.sync.clock import now
from cyberadmin.sync.mirror import writing
from cyberadmin.sync.models import Change, ChangeSet, PlannedRow
from cyberadmin.sync.resource import Values

from .base import Answer, ContactsKind, Judge, V, refused, same, why_of

Source = ConsentRecord.Source


def key_of(person: Contact) -> int | str:
    """How a batch names a person: by number, or by address for one who bounced and has none (api/README.md 4.1)."""
    return person.remote_id if person.remote_id is not None else person.email


def keys(rows: Sequence[PlannedRow]) -> list[int | str]:
    """The keys of the rows as they were when the plan was made, so that a batch is the same each time."""
    return [row.values["key"] for row in rows]


def _not_there(person: Contact) -> Answer | None:
    """The refusal for a contact that the vendor does not have, or that is being deleted."""
    if person.deleted_at is not None:
        return refused("being_deleted")
    if person.remote_id is None and person.state == Contact.State.SUBSCRIBED:
        return refused("not_there_yet")
    return None


class UnsubscribeJudge(Judge):
    """Everybody whom the vendor has and who has not left."""

    def judge(self, person: Contact) -> Answer:
        if person.state == Contact.State.UNSUBSCRIBED:
            return same("unsubscribed_already")
        return _not_there(person) or Answer(
            V.REMOVE, Change.Verb.UNSUBSCRIBE, values={"key": key_of(person)}, base={"state": str(person.state)}
        )


class DeleteJudge(Judge):
    """Everybody whom the vendor has, except who unsubscribed, and who bounced: the API does not find those."""

    def judge(self, person: Contact) -> Answer:
        if person.state == Contact.State.UNSUBSCRIBED:
            return refused("unsubscribed_kept")
        if person.state == Contact.State.BOUNCED:
            return refused("bounced_stays")
        express = person.consent_type == Contact.Consent.EXPRESS
        return _not_there(person) or Answer(
            V.REMOVE,
            Change.Verb.DELETE,
            detail={"express_lost": True} if express else {},
            values={"key": key_of(person)},
            base={"state": str(person.state)},
        )


class _LeavingKind(ContactsKind):
    def forecast(self, change_set: ChangeSet) -> Values:
        values = super().forecast(change_set)
        going = change_set.rows.filter(verdict=V.REMOVE)
        values["contacts_change"] = -going.filter(base__state=Contact.State.SUBSCRIBED).count()
        return values


class UnsubscribeKind(_LeavingKind):
    """For good: only the people themselves can come back."""

    kind = "unsubscribe"
    label = _("Unsubscribe")
    judge_class = UnsubscribeJudge

    def compose(self, change_set: ChangeSet, verb: str, rows: Sequence[PlannedRow]) -> BatchWrite:
        return UnsubscribeMembers(keys(rows))

    def settle(self, change_set: ChangeSet, verb: str, rows: Sequence[PlannedRow]) -> None:
        moment = now()
        with writing():
            people = forget(change_set, rows, "unsubscribed_since")
            Contact.objects.filter(pk__in=[person.pk for person in people]).update(
                state=Contact.State.UNSUBSCRIBED,
                unsubscribed_at=moment,
                remote_id=None,
                content_hash="",
                pulled_at=moment,
                edit_version=F("edit_version") + 1,
            )
        note(change_set, Source.UNSUBSCRIBED, people)


class DeleteKind(_LeavingKind):
    """Gone at the vendor; express consent is lost with them."""

    kind = "delete"
    label = _("Delete")
    judge_class = DeleteJudge

    def forecast(self, change_set: ChangeSet) -> Values:
        going = change_set.rows.filter(verdict=V.REMOVE)
        return {**super().forecast(change_set), "express_lost": going.filter(detail__express_lost=True).count()}

    def compose(self, change_set: ChangeSet, verb: str, rows: Sequence[PlannedRow]) -> BatchWrite:
        return DeleteMembers(keys(rows))

    def settle(self, change_set: ChangeSet, verb: str, rows: Sequence[PlannedRow]) -> None:
        settle_deleted(change_set, rows)


def settle_deleted(change_set: ChangeSet, rows: Sequence[PlannedRow]) -> None:
    """The vendor has deleted these people."""
    moment = now()
    with writing():
        people = forget(change_set, rows, "deleted_since")
        Contact.objects.filter(pk__in=[person.pk for person in people]).update(
            gone_at=moment, content_hash="", pulled_at=moment, edit_version=F("edit_version") + 1
        )
    note(change_set, Source.DELETED, people)


def forget(change_set: ChangeSet, rows: Sequence[PlannedRow], reason: str) -> list[Contact]:
    """Drop what still waited for these people, and show them as the vendor held them; the locked contacts."""
    people = list(Contact.objects.filter(account=change_set.account_id, pk__in=[row.object_id for row in rows]))
    waiting = Change.objects.filter(
        account=change_set.account_id,
        kind="contact",
        object_id__in=[person.pk for person in people],
        state__in=Change.OPEN,
    )
    record.supersede(list(waiting), reason)
    resource = registry.get("contact")
    for person in people:
        if person.snapshot is not None:
            resource.assign(person, person.snapshot)
            person.snapshot = None
            record.save(person)
    GroupMembership.objects.filter(contact__in=[person.pk for person in people]).delete()
    return people


def note(change_set: ChangeSet, source: str, people: Sequence[Contact]) -> None:
    """Write down in the ledger of consent what happened to these addresses."""
    by = ledger.By(change_set.actor, None, change_set.pk, why_of(change_set))
    ledger.append_many(change_set.account_id, source, [(person.email, ledger.Facts(), None) for person in people], by)
