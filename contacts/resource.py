"""Contacts and their memberships on the wire: which requests a change needs, and what the answers mean.

The vendor's words (member) stop in this file. A contact's changes are `create`, `update`, `regroup` (memberships),
`unsubscribe`, `optin`, `consent` and `delete`; all of one contact share its place in the queue, so they arrive in order.
"""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any, cast

from cyberadmin.api import errors
from cyberadmin.api.client import ApiClient
from cyberadmin.api.types import BatchWrite
from cyberadmin.api.types.members import MemberWrite
from cyberadmin.sync.departures import Departures
from cyberadmin.sync.health import Difference
from cyberadmin.sync.models import Change
from cyberadmin.sync.pull import PullContext
from cyberadmin.sync.resource import GoneThere, ProtectedThere, Resource, Seen, Sent, Stopped, Values
from groups.models import Group

from . import presence, search, seeing
from .cleaning import clean
from .consent import ledger, never_back, observed, wire
from .models import Contact, GroupMembership, email_key
from .pull import pull_contacts
from .seeing import CUSTOM, PLAIN

GROUP = "group:"


class ContactResource(Resource):
    """Binds `Contact` to the vendor's /members."""

    kind = "contact"
    model = Contact
    depends_on = ("group",)
    by_action = frozenset({"state"})
    keyless = frozenset({Change.Verb.OPTIN.value})

    def values(self, obj: Contact) -> Values:
        values: Values = {name: getattr(obj, name) for name in PLAIN}
        values["birth_date"] = obj.birth_date.isoformat() if obj.birth_date else None
        values["state"] = str(obj.state)
        values.update({f"{CUSTOM}{key}": value for key, value in obj.custom_values.items() if value is not None})
        return values

    def assign(self, obj: Contact, values: Values) -> None:
        custom = dict(obj.custom_values)
        for name, value in values.items():
            if name.startswith(CUSTOM):
                custom[name.removeprefix(CUSTOM)] = value
            elif name == "birth_date":
                obj.birth_date = date.fromisoformat(value) if value else None
            else:
                setattr(obj, name, value if value is not None else "")
        obj.custom_values = {key: value for key, value in custom.items() if value is not None}
        obj.email_key = email_key(obj.email)
        obj.search_text = search.document(obj.account_id, obj.email, obj.first_name, obj.last_name, obj.company)

    def clean(self, obj: Contact, values: Values) -> Values:
        return clean(obj.account, values)

    def label(self, obj: Contact) -> str:
        return obj.email

    # --- pushing ---
    def read(self, client: ApiClient, obj: Contact) -> Seen:
        key = obj.remote_id if obj.remote_id is not None else obj.email
        try:
            return seeing.member(client.members.get(key))
        except errors.NotFound:
            self._stop_if_left(client, self._remote_email(obj))
            raise GoneThere from None

    def before_create(self, client: ApiClient, change: Change, obj: Contact) -> Seen | None:
        # The address of this change: a later edit of it may wait behind.
        email = str(change.fields["email"]["want"])
        self._stop_if_left(client, email)
        try:
            return seeing.member(client.members.get(email))
        except errors.NotFound:
            return None

    def send(self, client: ApiClient, change: Change, obj: Contact, wanted: Values) -> Sent:
        verb = Change.Verb(change.verb)
        if verb == Change.Verb.CREATE:
            return Sent(seeing.member(client.members.create(member_write(wanted))))
        if verb == Change.Verb.UPDATE:
            return self._update(client, obj, wanted)
        if verb == Change.Verb.REGROUP:
            return self._regroup(client, change, obj)
        if verb == Change.Verb.UNSUBSCRIBE:
            return self._unsubscribe(client, obj)
        if verb == Change.Verb.CONSENT:
            return self._set_consent(client, obj, wanted)
        if verb == Change.Verb.OPTIN:
            client.members.optin(member_write({"email": obj.email, "language": obj.language}))
            return Sent()
        return self._delete(client, obj)

    def fence(self, client: ApiClient, change: Change, obj: Contact) -> Values:
        # Who said no is not asked either. Nothing that an opt-in request leaves behind can be read (docs/engine.md 2.7):
        # the fence only says "about to".
        self._stop(seeing.unsubscribed(client, obj.email))
        return {"ids": [], "newest": None}

    def missing(self, client: ApiClient, obj: Contact) -> None:
        self._stop_if_left(client, self._remote_email(obj))
        self.read(client, obj)

    def settled(self, change: Change, obj: Contact, sent: Sent) -> None:
        memberships = GroupMembership.objects.filter(contact=obj)
        if sent.gone or change.verb == Change.Verb.UNSUBSCRIBE:
            memberships.delete()
        elif change.verb == Change.Verb.REGROUP:
            for name, field in change.fields.items():
                row = memberships.filter(group_id=int(name.removeprefix(GROUP)))
                if field["want"]:
                    row.filter(pending="add").update(pending="")
                else:
                    row.filter(pending="remove").delete()

    def departed(self, obj: Contact) -> None:
        GroupMembership.objects.filter(contact=obj).delete()
        observed.left(obj)

    def absorb(self, obj: Contact, seen: Seen) -> None:
        before, read_at = observed.facts_of(obj), obj.consent_read_at
        super().absorb(obj, seen)
        if read_at is not None and obj.consent_read_at == read_at and obj.consent_type != before.consent_type:
            # A list told of another type: what was read before holds no more.
            obj.consent_read_at = None
        if before.consent_type or obj.consent_read_at is not None:
            observed.note(obj, before, first=read_at is None and obj.consent_read_at is not None)

    def stopped(self, change: Change, stop: Stopped) -> None:
        if change.verb == Change.Verb.CONSENT:
            by = ledger.by_change(change, str(stop.detail.get("words") or ""))
            ledger.append(change.account_id, change.object_label, ledger.Source.REFUSED, ledger.Facts(), by)

    def withdrawn(self, change: Change, obj: Contact) -> None:
        for name, field in change.fields.items():
            if name.startswith(GROUP):
                row = GroupMembership.objects.filter(contact=obj, group_id=int(name.removeprefix(GROUP)))
                if field["want"]:
                    row.filter(pending="add").delete()
                else:
                    row.filter(pending="remove").update(pending="")

    def _update(self, client: ApiClient, obj: Contact, wanted: Values) -> Sent:
        if "email" in wanted and email_key(wanted["email"]) != email_key(self._remote_email(obj)):
            left = seeing.left(client, wanted["email"])
            if left is not None:
                # The new address belongs to somebody who left: it must not come back by this way (promise P6).
                raise ProtectedThere(Seen({}, obj.remote_id), str(left.values["state"]))
        return Sent(seeing.member(client.members.edit(cast(int, obj.remote_id), member_write(wanted))))

    def _regroup(self, client: ApiClient, change: Change, obj: Contact) -> Sent:
        key = cast(int, obj.remote_id)
        groups = Group.objects.in_bulk([int(name.removeprefix(GROUP)) for name in change.fields])
        joins: list[int] = []
        leaves: list[int] = []
        for name, field in change.fields.items():
            group = groups.get(int(name.removeprefix(GROUP)))
            if group is not None and group.remote_id is not None:
                (joins if field["want"] else leaves).append(group.remote_id)
        if joins:
            client.members.add_groups(key, sorted(joins))
        for remote_id in sorted(leaves):
            try:
                client.members.remove_group(key, remote_id)
            except errors.NotFound:
                # Out of the group already, or the contact itself is gone: reading it tells which.
                self.missing(client, obj)
        return Sent()

    def _unsubscribe(self, client: ApiClient, obj: Contact) -> Sent:
        email = self._remote_email(obj)
        # Who bounced meanwhile has no number there any more, but an address (api/README.md 4.1, 4.2).
        for key in (obj.remote_id, email):
            try:
                if key is not None:
                    return Sent(seeing.gone_away(client.members.unsubscribe(key).member))
            except errors.NotFound as error:
                refused = error
        left = seeing.left(client, email)
        if left is None:
            raise GoneThere
        if left.values["state"] == Contact.State.BOUNCED:
            raise refused
        return Sent(left)

    def _set_consent(self, client: ApiClient, obj: Contact, wanted: Values) -> Sent:
        """Set it; the vendor may refuse (422) or keep a better one (api/README.md 4.4).

        The answer tells what it holds now: a read right after may lag behind the write. It is read again a little later
        (contacts/consent/reading.py).
        """
        asked = wire.request(wanted)
        try:
            held = client.members.set_consent(cast(int, obj.remote_id), asked)
        except errors.Rejected as error:
            detail = {"words": error.vendor_message, "fields": error.field_errors, "status": error.status}
            raise Stopped("consent_refused", detail, final=True) from error
        if wire.was_kept(held, asked):
            raise Stopped("consent_kept", {"words": wire.as_words(held)}, final=True)
        return Sent(Seen({}, obj.remote_id, wire.columns(held)))

    def _delete(self, client: ApiClient, obj: Contact) -> Sent:
        """Delete; nobody is called deleted whom the vendor still lists as unsubscribed or bounced (api/README.md 4.1)."""
        # Nor is anybody deleted who said no meanwhile: the evidence stays (product.md 3d-11).
        self._stop(seeing.unsubscribed(client, self._remote_email(obj)))
        try:
            client.members.delete(obj.remote_id if obj.remote_id is not None else obj.email)
        except errors.NotFound:
            self._stop_if_left(client, self._remote_email(obj))
        return Sent(gone=True)

    def _remote_email(self, obj: Contact) -> str:
        return str((obj.snapshot or {}).get("email") or obj.email)

    def _stop_if_left(self, client: ApiClient, email: str) -> None:
        self._stop(seeing.left(client, email))

    def _stop(self, left: Seen | None) -> None:
        if left is not None:
            raise ProtectedThere(left, str(left.values["state"]))

    def read_details(self, client: ApiClient, obj: Contact) -> Seen:
        seen = self.read(client, obj)
        consent = client.members.get_consent(cast(int, seen.remote_id))
        return Seen(seen.values, seen.remote_id, {**seen.extra, **wire.columns(consent)})

    # --- batches ---
    def protected(self, account_id: int, labels: Iterable[str]) -> dict[str, str]:
        return never_back.protected(account_id, labels)

    def present(self, account_id: int, labels: Iterable[str]) -> dict[str, int]:
        return presence.present(account_id, labels)

    def key(self, label: str) -> str:
        return email_key(label)

    def departures(self, client: ApiClient, since: date | None) -> Departures:
        return presence.departures(client, since)

    def lately(self, client: ApiClient, size: int) -> dict[str, str]:
        return presence.lately(client, size)

    def arrived(self, client: ApiClient, write: BatchWrite, label: str) -> bool:
        return presence.arrived(client, write, label, self._stop)

    def let_go(self, client: ApiClient, label: str) -> None:
        client.members.unsubscribe(label)

    def differences(self, account_id: int | None) -> list[Difference]:
        pending = GroupMembership.objects.exclude(pending="").select_related("contact")
        if account_id is not None:
            pending = pending.filter(contact__account_id=account_id)
        wanted = open_memberships(account_id)
        emptied = set(
            Change.objects.filter(kind="group", verb__in=("empty", "delete"), state__in=Change.OPEN).values_list(
                "object_id", flat=True
            )
        )
        return [
            Difference(row.contact.account_id, self.kind, row.contact_id, "membership differs without a change")
            for row in pending[:1000]
            if (row.contact_id, row.group_id) not in wanted and row.group_id not in emptied
        ]

    # --- pulling ---
    def pull(self, context: PullContext) -> Iterator[None]:
        return pull_contacts(context)

    def confirm_gone(self, client: ApiClient, obj: Contact) -> bool:
        # Only those are asked for whom this very run found in no list, the bounced ones' among them.
        try:
            client.members.get(obj.remote_id if obj.remote_id is not None else obj.email)
        except errors.NotFound:
            return seeing.unsubscribed(client, self._remote_email(obj)) is None
        return False


def open_memberships(account_id: int | None) -> set[tuple[int, int]]:
    """(contact, group) of every membership that an open change still wants to bring to the vendor."""
    changes = Change.objects.filter(kind="contact", verb=Change.Verb.REGROUP, state__in=Change.OPEN)
    if account_id is not None:
        changes = changes.filter(account_id=account_id)
    return {
        (object_id, int(name.removeprefix(GROUP)))
        for object_id, fields in changes.values_list("object_id", "fields")
        for name in fields
    }


def member_write(wanted: Values) -> MemberWrite:
    """The write that carries these values, and only these."""
    arguments: dict[str, Any] = {}
    custom: dict[int, Any] = {}
    for name, value in wanted.items():
        if name.startswith(CUSTOM):
            custom[int(name.removeprefix(CUSTOM))] = value
        elif name == "birth_date":
            arguments[name] = date.fromisoformat(value) if value else None
        elif name != "state":
            arguments[name] = value
    if custom:
        arguments["custom_values"] = custom
    return MemberWrite(**arguments)
