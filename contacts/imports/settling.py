"""Writing down what the vendor confirmed of an import: contacts, groups and the ledger, a batch at a time.

The vendor's answer to a batch gives no numbers, so a contact that it created is known by its address until the next pull
reads its number. A contact that staff edited while the batch was on its way keeps what they typed.
"""

from collections.abc import Sequence
from datetime import date
from operator import attrgetter
from typing import Any

from contacts.bulk.base import why_of
from contacts.bulk.groups import GROUP, PENDING
from contacts.consent import ledger, terms
from contacts.models import ConsentRecord, Contact, GroupMembership, email_key
from contacts.pull_rows import SHOWN
from cyberadmin.sync import merge, record, registry
from cyberadmin.sync.clock import now
from cyberadmin.sync.mirror import writing
from cyberadmin.sync.models import Batch, ChangeSet, PlannedRow
from cyberadmin.sync.resource import Seen, Values
from cyberadmin.sync.upsert import insert_rows, listed, pick_rows, refresh_statistics, update_rows

from .judging import CONSENT, CONSENT_ON, CONSENT_PROOF, improves, relation_of

_TEXTS = ("first_name", "last_name", "company", "gender", "language", "postal_code", "country", "note")
_CONSENT = ("consent_type", "consent_relation", "consent_on", "consent_expires_on", "consent_proof", "consent_read_at")
_COLUMNS = (*_TEXTS, "birth_date", "custom_values", "search_text", *_CONSENT, "content_hash", "pulled_at")
_texts_of = attrgetter(*_TEXTS)
_NO_FIELDS = frozenset(("email", *CONSENT))
#: After so many new people in the first batch the database's planner is told: the client may have been small before.
_MANY_NEW = 100
#: Columns without a database default that an import says nothing of.
_NEW = {
    "edit_version": 0,
    "state": Contact.State.SUBSCRIBED.value,
    "mailings_received": 0,
    "mailings_opened": 0,
    "mailings_clicked": 0,
}


def settle(change_set: ChangeSet, rows: Sequence[PlannedRow]) -> None:
    """The vendor has these rows of one batch now. Call it inside the settling transaction."""
    # A batch claims one relation for all its people.
    relation = relation_of(change_set.parameters, rows[0].values)
    settling = _Settling(change_set, relation)
    keys = {email_key(row.label): row for row in rows}
    with writing():
        here = settling.update(_living(change_set.account_id, keys), keys)
        new = settling.insert([(key, row) for key, row in keys.items() if key not in here])
        _join_groups(here, new, keys)
    if len(new) > _MANY_NEW and not change_set.batches.filter(state=Batch.State.ENDED).exists():
        refresh_statistics(Contact)
    _note(change_set, relation, [row for key, row in keys.items() if key not in settling.kept])


def _living(account_id: int, keys: dict[str, PlannedRow]) -> dict[str, Contact]:
    found = pick_rows(Contact, account_id, "email_key", list(keys), ("id",), "c.gone_at IS NULL")
    if not found:
        return {}
    people = Contact.objects.defer("search_text").in_bulk([row[0] for row in found])
    return {person.email_key: person for person in people.values()}


class _Settling:
    """Turns planned rows into columns of contacts."""

    def __init__(self, change_set: ChangeSet, relation: str) -> None:
        self.account_id = change_set.account_id
        self.relation = relation
        self.type = terms.type_of(self.relation)
        self.resource = registry.get("contact")
        self.moment = now()
        self._nobody = Contact(account_id=self.account_id).__dict__
        #: Addresses of those whose own consent is better or longer, so that the vendor kept it.
        self.kept: set[str] = set()
        #: (day given, day it ends) by the day as it is written in rows: few days, many rows.
        self._days: dict[str, tuple[date, date | None]] = {}

    def update(self, living: dict[str, Contact], keys: dict[str, PlannedRow]) -> dict[str, int]:
        """Bring contacts that are here in line; {address: primary key}."""
        edited = [person for person in living.values() if person.snapshot is not None]
        rows = [
            (person.pk, person.edit_version, *self._columns(person, keys[key].values))
            for key, person in living.items()
            if person.snapshot is None
        ]
        written = set(update_rows(Contact, _COLUMNS, rows, frozenset(SHOWN))) if rows else set()
        missed = [person for person in living.values() if person.snapshot is None and person.pk not in written]
        for person in (*edited, *missed):
            self._merge(record.lock(person), keys[person.email_key].values)
        return {key: person.pk for key, person in living.items()}

    def insert(self, new: list[tuple[str, PlannedRow]]) -> dict[str, int]:
        """Add contacts that are not here yet; {address: primary key}."""
        if not new:
            return {}
        names = ["account_id", "email", "email_key", *_COLUMNS, *_NEW]
        rows = (
            (self.account_id, row.values["email"], key, *self._columns(self._blank(row), row.values), *_NEW.values())
            for key, row in new
        )
        return {key: pk for pk, key in insert_rows(Contact, names, rows, "email_key")}

    def _blank(self, row: PlannedRow) -> Contact:
        """A contact of whom nothing is known; it is never saved. `Model.__init__` would take most of the time of an import."""
        person = Contact.__new__(Contact)
        person.__dict__.update(self._nobody, email=row.values["email"])
        return person

    def _columns(self, person: Contact, values: Values) -> tuple[Any, ...]:
        self.resource.assign(person, _fields(values))
        return (
            *_texts_of(person),
            person.birth_date,
            person.custom_values,
            person.search_text,
            *self._consent(person, values),
            "",
            self.moment,
        )

    def _consent(self, person: Contact, values: Values) -> tuple[Any, ...]:
        """The consent as it is afterwards: a better or longer one stays; where nobody can tell, it is to be read there."""
        given, expires = self._days_of(values[CONSENT_ON])
        taken = person.pk is None or improves(person, self.relation, expires)
        if taken:
            return (self.type, self.relation, given, expires, values.get(CONSENT_PROOF, ""), self.moment)
        if taken is False:
            self.kept.add(person.email_key)
        read_at = person.consent_read_at if taken is False else None
        return (*(getattr(person, name) for name in _CONSENT[:-1]), read_at)

    def _days_of(self, written: str) -> tuple[date, date | None]:
        if written not in self._days:
            given = date.fromisoformat(written)
            self._days[written] = (given, terms.expires_on(self.relation, given))
        return self._days[written]

    def _merge(self, person: Contact, values: Values) -> None:
        seen = {**merge.remote_values(self.resource, person), **_fields(values)}
        extra = dict(zip(_CONSENT, self._consent(person, values), strict=True))
        pending = merge.pending_fields("contact", person)
        merge.merge(self.resource, person, Seen(seen, person.remote_id, extra), pending)
        person.content_hash, person.pulled_at = "", self.moment
        record.save(person)


def _fields(values: Values) -> Values:
    """The columns among the values of a row."""
    return {name: value for name, value in values.items() if name not in _NO_FIELDS and not name.startswith(GROUP)}


def _join_groups(here: dict[str, int], new: dict[str, int], keys: dict[str, PlannedRow]) -> None:
    """Everybody is in the groups of the list now."""
    wanted = [
        (pk, int(name.removeprefix(GROUP)), PENDING.NONE.value)
        for key, pk in (*here.items(), *new.items())
        for name in keys[key].values
        if name.startswith(GROUP)
    ]
    if not wanted:
        return
    insert_rows(GroupMembership, ("contact_id", "group_id", "pending"), wanted, "contact_id", skip_existing=True)
    if here:
        groups = {group for _pk, group, _pending in wanted}
        joined = GroupMembership.objects.filter(contact__in=listed(list(here.values())), group__in=groups)
        joined.filter(pending=PENDING.ADD).update(pending="")


def _note(change_set: ChangeSet, relation: str, rows: Sequence[PlannedRow]) -> None:
    """Write the consents that the list brought into the ledger; rows that changed none leave no trace there."""
    facts = _FactsOf(change_set, relation)
    brought = [(row.label, facts.of(row.values), None) for row in rows]
    if brought:
        by = ledger.By(change_set.actor, None, change_set.pk, why_of(change_set))
        ledger.append_many(change_set.account_id, ConsentRecord.Source.IMPORT, brought, by)


class _FactsOf:
    """The consents that a list claims: few that differ, for many rows."""

    def __init__(self, change_set: ChangeSet, relation: str) -> None:
        self._parameters: dict[str, Any] = change_set.parameters
        self._relation = relation
        self._made: dict[tuple[str, str], ledger.Facts] = {}

    def of(self, values: Values) -> ledger.Facts:
        """The consent of a row with these values."""
        key = (values[CONSENT_ON], values.get(CONSENT_PROOF, ""))
        if key not in self._made:
            self._made[key] = ledger.Facts(
                relation=self._relation,
                given_on=date.fromisoformat(key[0]),
                proof=key[1],
                proof_file_id=self._parameters.get("proof_file"),
                how=str(self._parameters.get("how", "")),
                place=str(self._parameters.get("place", "")),
            )
        return self._made[key]
