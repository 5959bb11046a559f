"""Taking back an applied bulk change, as a plan of its own (product.md W19, N12).

Only rows that arrived are reversed, and only what still is as this change left it: what somebody touched since stays. A
contact is deleted only when the import certainly created it and nothing else has happened to it: who was there before, who
consented or joined a group since by themselves, and who got mail stays. Nobody is ever revived: who left meanwhile keeps
their state, and who unsubscribed is not deleted either (product.md 3d-1, 3d-11).
"""

from array import array
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.utils.translation import gettext_lazy as _

from contacts.consent import terms
from contacts.imports.judging import relation_of
from contacts.models import Contact, GroupMembership
from cyberadmin.accounts.models import Account
from cyberadmin.api.types import BatchWrite, DeleteMembers
from cyberadmin.sync import pull, registry
from cyberadmin.sync.bulk import kinds
from cyberadmin.sync.bulk.kinds import Judged, NotReadYet, Refused
from cyberadmin.sync.clock import now
from cyberadmin.sync.models import Change, ChangeSet, PlannedRow, PullRun
from cyberadmin.sync.resource import Values
from cyberadmin.sync.upsert import listed

from .base import Answer, ContactsKind, V, left, refused, same
from .fields import edit
from .groups import GROUP, memberships, regroup
from .leaving import key_of, keys, settle_deleted
from .selection import CHUNK

#: So long a plan waits for the pull that tells whom the import created; later it is made of what is known.
READING_PATIENCE = timedelta(minutes=10)


class Reverser:
    """Judges what can be reversed of the rows of one change set, a thousand at a time."""

    def __init__(self, original: ChangeSet) -> None:
        self.original = original
        self.resource = registry.get("contact")
        self.people: dict[int, Contact] = {}
        self.created: dict[str, int] = {}
        self.held: dict[int, dict[int, bool]] = {}
        #: Of contacts that may be deleted: the groups that somebody put them in.
        self.joined: dict[int, set[int]] = {}
        self.touched: set[int] = set()
        #: Nobody who joined earlier was created by it. The vendor may write whole seconds.
        self.began = (original.started_at or original.created_at).replace(microsecond=0)

    def load(self, rows: Sequence[PlannedRow]) -> None:
        """Read the people, their groups, and who was touched by something else since."""
        # A contact that an import created is known by its address: the plan was made before it had a row here.
        unknown = [row.label for row in rows if row.object_id is None]
        self.created = self.resource.present(self.original.account_id, unknown) if unknown else {}
        wanted = [pk for row in rows if (pk := self.contact_of(row))]
        alive = Contact.objects.filter(account=self.original.account_id, gone_at=None)
        self.people = alive.defer("search_text").in_bulk(wanted)
        groups = {int(name.removeprefix(GROUP)) for row in rows for name in row.values if name.startswith(GROUP)}
        self.held = memberships(wanted, groups)
        self.joined = _joined([pk for row in rows if row.verdict == V.CREATE and (pk := self.contact_of(row))])
        self.touched = self._touched(wanted)

    def contact_of(self, row: PlannedRow) -> int | None:
        """The contact that a row is about, by primary key; None when there is none any more."""
        return row.object_id if row.object_id is not None else self.created.get(row.label)

    def _touched(self, people: Sequence[int]) -> set[int]:
        changes = Change.objects.filter(account=self.original.account_id, kind="contact", object_id__in=people)
        others = changes.exclude(planned_rows__change_set=self.original).exclude(
            state__in=(Change.State.CANCELLED, Change.State.SUPERSEDED)
        )
        later = PlannedRow.objects.filter(
            account=self.original.account_id, object_id__in=people, change_set__gt=self.original.pk, state="done"
        )
        found = {*others.values_list("object_id", flat=True), *later.values_list("object_id", flat=True)}
        return {pk for pk in found if pk is not None}

    def judge(self, row: PlannedRow) -> Answer:
        """How this row is reversed, or why not."""
        person = self.people.get(self.contact_of(row) or 0)
        if person is None:
            return same("gone_already")
        gone = left(person)
        if gone is not None:
            return gone
        if row.verdict == V.CREATE:
            return self._uncreate(person, row)
        return self._restore(person, row)

    def _uncreate(self, person: Contact, row: PlannedRow) -> Answer:
        if person.remote_id is None:
            return refused("not_there_yet")
        if person.joined_at is None or person.joined_at < self.began:
            return refused("there_before")
        if person.pk in self.touched:
            return refused("touched_since")
        if person.mailings_received:
            return refused("received_mail")
        if self._moved(person, row):
            return refused("touched_since")
        return Answer(V.REMOVE, Change.Verb.DELETE, values={"key": key_of(person)}, base={"state": str(person.state)})

    def _moved(self, person: Contact, row: PlannedRow) -> bool:
        """Whether the person consented or joined a group since, or has other fields than those that were imported."""
        relation = relation_of(self.original.parameters, row.values)
        if person.consent_type == Contact.Consent.EXPRESS and relation not in terms.EXPRESS:
            return True
        if self.joined.get(person.pk, set()) - {int(name.removeprefix(GROUP)) for name in _groups(row.values)}:
            return True
        current = self.resource.values(person)
        return any(current.get(name) != want for name, want in _fields(row.values).items())

    def _restore(self, person: Contact, row: PlannedRow) -> Answer:
        current = self.resource.values(person)
        held = self.held.get(person.pk, {})
        fields = {name: row.base.get(name) for name, want in _fields(row.values).items() if current.get(name) == want}
        groups = {
            name: bool(row.base.get(name))
            for name, want in row.values.items()
            if name.startswith(GROUP) and held.get(int(name.removeprefix(GROUP)), False) == want
        }
        fields = {name: value for name, value in fields.items() if value != row.values[name]}
        groups = {name: value for name, value in groups.items() if value != row.values[name]}
        if not fields and not groups:
            return (
                refused("touched_since") if _fields(row.values) or _groups(row.values) else same("nothing_to_reverse")
            )
        verb = Change.Verb.UPDATE if fields else Change.Verb.REGROUP
        base = {name: row.values[name] for name in (*fields, *groups)}
        return Answer(V.UPDATE, verb, values={**fields, **groups}, base=base)


def _without_number(account: Account) -> bool:
    """Whether some of the client's people, whom no open change is about, are known by their addresses only."""
    people = Contact.objects.filter(account=account, gone_at=None, state=Contact.State.SUBSCRIBED)
    return bool(people.filter(remote_id=None, snapshot__isnull=True).exists())


def _joined(people: Sequence[int]) -> dict[int, set[int]]:
    """{contact: groups that somebody put them in}; dynamic ones are filled by rules of their own."""
    rows = GroupMembership.objects.filter(contact__in=people, group__is_dynamic=False, group__gone_at=None)
    found: dict[int, set[int]] = defaultdict(set)
    for contact, group in rows.values_list("contact", "group"):
        found[contact].add(group)
    return found


def _fields(values: Mapping[str, Any]) -> Values:
    """The columns among the values of a row: neither groups nor consent nor keys of a batch."""
    return {name: value for name, value in values.items() if name in _COLUMNS or name.startswith("custom:")}


def _groups(values: Mapping[str, Any]) -> list[str]:
    return [name for name in values if name.startswith(GROUP)]


_COLUMNS = frozenset(
    (
        "first_name",
        "last_name",
        "company",
        "gender",
        "language",
        "birth_date",
        "postal_code",
        "country",
        "note",
    )
)


class TakeBackKind(ContactsKind):
    """The reverse of an applied bulk change."""

    kind = "take_back"
    label = _("Take back")

    def judge(self, change_set: ChangeSet) -> Iterator[Judged]:
        original = self._original(change_set)
        if self._is_being_read(change_set, original):
            raise NotReadYet
        reverser = Reverser(original)
        numbers = array("q", self._arrived(original).values_list("pk", flat=True).iterator(chunk_size=CHUNK))
        if not numbers:
            raise Refused("nothing_arrived")
        for start in range(0, len(numbers), CHUNK):
            rows = list(PlannedRow.objects.filter(pk__in=numbers[start : start + CHUNK].tolist()).order_by("number"))
            reverser.load(rows)
            for row in rows:
                yield _reversed(row, reverser)

    def facts(self, change_set: ChangeSet) -> list[tuple[str, str]]:
        return []

    def total(self, change_set: ChangeSet) -> int:
        return int(self._arrived(self._original(change_set)).count())

    def forecast(self, change_set: ChangeSet) -> Values:
        going = change_set.rows.filter(verdict=V.REMOVE)
        return {**super().forecast(change_set), "contacts_change": -going.count()}

    def stale(self, change_set: ChangeSet, rows: Sequence[PlannedRow]) -> dict[int, str]:
        """Whoever is to be deleted is judged anew: a consent or a group of their own moves no version."""
        found = super().stale(change_set, rows)
        going = [row.pk for row in rows if row.verb == Change.Verb.DELETE and row.pk not in found]
        if not going:
            return found
        numbers = dict(PlannedRow.objects.filter(pk__in=listed(going)).values_list("pk", "number"))
        reverser = Reverser(self._original(change_set))
        rows_of = reverser.original.rows.filter(number__in=listed(list(numbers.values())))
        originals = {row.number: row for row in rows_of}
        reverser.load(list(originals.values()))
        still = {pk for pk in going if reverser.judge(originals[numbers[pk]]).verb == Change.Verb.DELETE}
        return found | {pk: "changed_since_plan" for pk in going if pk not in still}

    def record_first(self, change_set: ChangeSet, row: PlannedRow, actor: User | None) -> Change | None:
        fields = _fields(row.values)
        return edit(change_set, row, actor, fields) if fields else None

    def record(self, change_set: ChangeSet, row: PlannedRow, actor: User | None) -> Change | None:
        return regroup(change_set, row, actor) if _groups(row.values) else None

    def compose(self, change_set: ChangeSet, verb: str, rows: Sequence[PlannedRow]) -> BatchWrite:
        return DeleteMembers(keys(rows))

    def settle(self, change_set: ChangeSet, verb: str, rows: Sequence[PlannedRow]) -> None:
        settle_deleted(change_set, rows)

    def _original(self, change_set: ChangeSet) -> ChangeSet:
        original = change_set.reverses
        if original is None or original.account_id != change_set.account_id or not kinds.known(original.kind):
            raise Refused("original_gone")
        return original

    def _is_being_read(self, change_set: ChangeSet, original: ChangeSet) -> bool:
        """Whether whom the import created is only known once a pull that is under way, or is now asked for, has ended."""
        account, ended = change_set.account, original.finished_at
        if ended is None or not original.counts.get(V.CREATE) or not account.is_working:
            return False
        if now() - change_set.created_at > READING_PATIENCE or not _without_number(account):
            return False
        # Its lists may lag behind what it has taken in (engine.md fault 47): then only a second pull tells.
        settled = ended + timedelta(seconds=settings.SYNC_SETTLE_SECONDS)
        is_last = now() >= settled
        since = PullRun.objects.filter(account=account, started_at__gte=settled if is_last else ended)
        if not since.exists():
            pull.request_from_now(account)
        return not (is_last and since.filter(state__in=PullRun.ENDED).exists())

    def _arrived(self, original: ChangeSet) -> Any:
        return original.rows.filter(state=PlannedRow.State.DONE, verdict__in=PlannedRow.TO_DO).order_by("number")


def _reversed(row: PlannedRow, reverser: Reverser) -> Judged:
    answer = reverser.judge(row)
    person = reverser.people.get(reverser.contact_of(row) or 0)
    return Judged(
        number=row.number,
        label=row.label,
        verdict=answer.verdict,
        verb=answer.verb,
        reason=answer.reason,
        detail=answer.detail,
        object_id=person.pk if person else None,
        values=answer.values,
        base=answer.base,
        base_version=person.edit_version if person else None,
    )
