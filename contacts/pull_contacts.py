"""Merging listed members into contact rows.

Three ways, cheapest first. A row whose fingerprint is the stored one is not touched. A changed row without edits under
way is written in bulk, guarded. Everything else (edits under way, tombstones, contacts waiting to be created) is merged
one by one. Two rows that want one address are set aside until the whole list is read (contacts/pull_clashes.py).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from django.conf import settings
from django.db.models import BooleanField, ExpressionWrapper, Q

from cyberadmin.api.errors import SchemaError
from cyberadmin.sync import pull_merge, registry
from cyberadmin.sync.pull_context import PullContext
from cyberadmin.sync.pull_pages import Row, Rows
from cyberadmin.sync.upsert import insert_rows, pick_rows, refresh_statistics, update_rows

from . import pull_ledger
from .consent import never_back
from .models import Contact, GroupMembership
from .pull_rows import EMAIL_KEY, NAMES, SHOWN, Columns, Listing, address_key, columns_of, member_id, seen_of

_FINGERPRINT = ("content_hash", "pulled_at")
_KEPT_BY_DEPARTED = ("mailings_received", "mailings_opened", "mailings_clicked")
_SHOWN = frozenset(SHOWN)
_PART, _MANY_NEW = 500, 1_000
LIVING, GONE = "c.gone_at IS NULL", "c.gone_at IS NOT NULL"


class Known(NamedTuple):
    """What is looked at of a mirrored contact to decide what a listed row means for it."""

    pk: int
    remote_id: int | None
    email_key: str
    content_hash: str
    edit_version: int
    edited: bool
    state: str
    consent_type: str
    pulled_at: datetime | None
    gone_at: datetime | None


class Listed(NamedTuple):
    """A listed row as columns, with its fingerprint."""

    columns: Columns
    content_hash: str

    @property
    def email_key(self) -> str:
        return str(self.columns[EMAIL_KEY])

    def value(self, name: str) -> Any:
        """One of its columns."""
        return self.columns[NAMES.index(name)]


@dataclass
class Plan:
    """What a page means for the mirror."""

    seen: list[int] = field(default_factory=list)
    unchanged: int = 0
    inserts: list[Listed] = field(default_factory=list)
    updates: list[tuple[Known, Listed]] = field(default_factory=list)
    merges: list[tuple[Known, Listed]] = field(default_factory=list)
    clashes: list[Listed] = field(default_factory=list)


class ContactMerge:
    """Merges the pages of one list."""

    def __init__(self, context: PullContext, listing: Listing) -> None:
        self.context = context
        self.listing = listing
        self.resource = registry.get("contact")
        self.clashes: list[Listed] = []

    def page(self, rows: Rows) -> None:
        """Merge one page in one transaction: smaller ones would write most index pages several times."""
        reading = self.context.readings[self.listing.name]
        if reading.pages == 1:
            self.context.expect(reading.announced or 0)
        prints = [pull_merge.digest(row, self.listing.mark) for row in rows]
        plan = self.context.in_page(lambda: self._merge(rows, prints))
        self.clashes += plan.clashes
        if reading.pages == 1 and len(plan.inserts) > _MANY_NEW:
            refresh_statistics(Contact)
        self.context.count("unchanged", plan.unchanged)
        self.context.advance(len(rows))

    def _merge(self, rows: Rows, prints: list[str]) -> Plan:
        plan = self._departed(rows, prints) if self.listing.departed else self._members(rows, prints)
        self.write(plan)
        self.context.seen(self.context.readings[self.listing.name], plan.seen)
        return plan

    # --- deciding ---
    def _members(self, rows: Rows, prints: list[str]) -> Plan:
        ids = [member_id(row) for row in rows]
        same = self._same("remote_id", ids, prints)
        plan = Plan(seen=list(same.values()), unchanged=len(same))
        known = {one.remote_id: one for one in self.load("remote_id", [one for one in ids if one not in same and one])}
        changed: list[tuple[Known | None, Listed]] = []
        for row, number, content_hash in zip(rows, ids, prints, strict=True):
            if number in same:
                continue
            mirrored = known.get(number)
            if mirrored is not None and self._is_newer(mirrored):
                plan.seen.append(mirrored.pk)
            elif (one := self._listed(row, content_hash)) is not None:
                changed.append((mirrored, one))
            elif mirrored is not None:
                plan.seen.append(mirrored.pk)
        self._assign(plan, changed)
        return plan

    def _assign(self, plan: Plan, changed: list[tuple[Known | None, Listed]]) -> None:
        """Put new and changed members where they belong, by who holds their address here."""
        moving = [listed.email_key for mirrored, listed in changed if _wants_key(mirrored, listed)]
        holders = {one.email_key: one for one in self.load("email_key", moving, LIVING)}
        taken: set[str] = set()
        for mirrored, listed in changed:
            holder = holders.get(listed.email_key) if _wants_key(mirrored, listed) else None
            if holder is not None and mirrored is not None and holder.pk == mirrored.pk:
                holder = None
            if listed.email_key in taken or (holder is not None and (holder.remote_id is not None or mirrored)):
                plan.clashes.append(listed)
                if mirrored is not None:
                    plan.seen.append(mirrored.pk)
                continue
            taken.add(listed.email_key)
            self._sort(plan, mirrored or holder, listed)

    def _sort(self, plan: Plan, mirrored: Known | None, listed: Listed) -> None:
        if mirrored is None:
            plan.inserts.append(listed)
            return
        plan.seen.append(mirrored.pk)
        if self._just_left(mirrored):
            return
        # A contact without a number that no edit is under way for came with an import: it gets its number like any update.
        if mirrored.edited or mirrored.gone_at is not None:
            plan.merges.append((mirrored, listed))
        else:
            plan.updates.append((mirrored, listed))

    def _departed(self, rows: Rows, prints: list[str]) -> Plan:
        keys = [address_key(row) for row in rows]
        erased = never_back.erased_among(self.context.account.pk, [key for key in keys if key])
        if erased:
            # Nothing of an erased person is kept merely to refuse them: the hash does that (product.md 3d-11).
            kept = [place for place, key in enumerate(keys) if key not in erased]
            rows, prints = [rows[place] for place in kept], [prints[place] for place in kept]
            keys = [keys[place] for place in kept]
        same = self._same("email_key", keys, prints)
        plan = Plan(seen=list(same.values()), unchanged=len(same))
        others = [key for key in keys if key and key not in same]
        known = {one.email_key: one for one in sorted(self.load("email_key", others, GONE), key=_gone_at)}
        # A living row before a tombstone, the newest tombstone before older ones.
        known |= {one.email_key: one for one in self.load("email_key", others, LIVING)}
        for row, key, content_hash in zip(rows, keys, prints, strict=True):
            if key in same:
                continue
            mirrored = known.get(key or "")
            if mirrored is not None and self._is_newer(mirrored):
                plan.seen.append(mirrored.pk)
            elif (one := self._listed(row, content_hash)) is not None:
                self._sort_departed(plan, mirrored, one)
            elif mirrored is not None:
                plan.seen.append(mirrored.pk)
        return plan

    def _sort_departed(self, plan: Plan, mirrored: Known | None, listed: Listed) -> None:
        if mirrored is None:
            plan.inserts.append(listed)
            return
        plan.seen.append(mirrored.pk)
        target = plan.merges if mirrored.edited or mirrored.gone_at is not None else plan.updates
        target.append((mirrored, listed))

    def _is_newer(self, mirrored: Known) -> bool:
        """Whether a push read or wrote this very contact after the page was asked for."""
        pushed = mirrored.content_hash == "" and mirrored.pulled_at is not None
        return pushed and mirrored.pulled_at is not None and mirrored.pulled_at > self.context.asked_at

    def _just_left(self, mirrored: Known) -> bool:
        """Whether a push unsubscribed or deleted them so recently that the vendor's list may lag behind (fault 47)."""
        left = mirrored.gone_at is not None or mirrored.state != Contact.State.SUBSCRIBED
        if not left or mirrored.content_hash or mirrored.pulled_at is None:
            return False
        return mirrored.pulled_at > self.context.asked_at - timedelta(seconds=settings.SYNC_SETTLE_SECONDS)

    def _listed(self, row: Row, content_hash: str) -> Listed | None:
        try:
            return Listed(columns_of(self.listing, self.context.account.pk, row), content_hash)
        except SchemaError as error:
            self.context.readings[self.listing.name].veto("bad_row")
            self.context.problem("bad_row", list=self.listing.name, id=member_id(row), field=error.field)
            return None

    # --- reading and writing ---
    def load(self, column: str, values: Iterable[Any], where: str = "1 = 1") -> list[Known]:
        """The account's contacts whose `column` is one of `values` and for which `where` holds."""
        values = list(values)
        if not values:
            return []
        rows = pick_rows(Contact, self.context.account.pk, column, values, ["id"], where)
        ids = [pk for (pk,) in rows]
        edited = ExpressionWrapper(Q(snapshot__isnull=False), BooleanField())
        found: list[Known] = []
        for start in range(0, len(ids), _PART):
            contacts = Contact.objects.filter(pk__in=ids[start : start + _PART]).annotate(edited=edited)
            found += [Known(*row) for row in contacts.values_list("pk", *Known._fields[1:])]
        return found

    def _same(self, column: str, values: Iterable[Any], prints: list[str]) -> dict[Any, int]:
        """Primary keys of the rows that need no look: living, without edits under way, with the very fingerprint."""
        wanted = dict(zip(values, prints, strict=True))
        wanted.pop(None, None)
        # The fingerprint holds the list's mark, so an equal one also means an equal state.
        columns, plain = [column, "id", "content_hash"], f"{LIVING} AND c.snapshot IS NULL"
        rows = pick_rows(Contact, self.context.account.pk, column, list(wanted), columns, plain)
        return {value: pk for value, pk, content_hash in rows if wanted[value] == content_hash}

    def write(self, plan: Plan) -> None:
        """Carry a plan out; rows that staff edited meanwhile are merged field by field instead."""
        known = {one.pk: (one, listed) for one, listed in plan.updates}
        pull_ledger.write_down(self.context.account.pk, self.listing, plan)
        written = self._update(plan.updates)
        plan.merges += [pair for pk, pair in known.items() if pk not in written]
        plan.seen += self._insert(plan.inserts)
        for mirrored, listed in plan.merges:
            self.merge_one(mirrored.pk, listed)
        if self.listing.departed:
            left = [one.pk for one, _ in (*plan.updates, *plan.merges)]
            GroupMembership.objects.filter(contact__in=left).delete()

    def _update(self, updates: list[tuple[Known, Listed]]) -> set[int]:
        if not updates:
            return set()
        skipped = _KEPT_BY_DEPARTED if self.listing.departed else ()
        places = [place for place, name in enumerate(NAMES) if name not in skipped]
        names = [*(NAMES[place] for place in places), *_FINGERPRINT]
        asked_at = self.context.asked_at
        rows = (
            (one.pk, one.edit_version, *(listed.columns[place] for place in places), listed.content_hash, asked_at)
            for one, listed in updates
        )
        written = update_rows(Contact, names, rows, _SHOWN)
        self.context.count("updated", len(written))
        return set(written)

    def _insert(self, inserts: list[Listed]) -> list[int]:
        if not inserts:
            return []
        fixed = {"account_id": self.context.account.pk, "pulled_at": self.context.asked_at, **_EMPTY}
        names = [*NAMES, "content_hash", *fixed]
        rows = ((*listed.columns, listed.content_hash, *fixed.values()) for listed in inserts)
        written = insert_rows(Contact, names, rows, "remote_id")
        self.context.count("created", len(written))
        return [pk for pk, _remote_id in written]

    def merge_one(self, pk: int, listed: Listed) -> None:
        """Merge one contact field by field; the state is the vendor's to decide once it says that they left."""
        seen = seen_of(self.resource, self.context.account.pk, listed.columns)
        decides = frozenset({"state"}) if self.listing.departed else frozenset()
        contact = Contact(pk=pk, account=self.context.account)
        pull_merge.take_in(self.resource, contact, seen, listed.content_hash, vendor_decides=decides)
        self.context.count("updated")


#: Columns without a database default that the lists say nothing of.
_EMPTY = {"edit_version": 0, "consent_relation": "", "consent_proof": ""}


def _wants_key(mirrored: Known | None, listed: Listed) -> bool:
    """Whether this row takes an address that it does not hold now."""
    return mirrored is None or mirrored.email_key != listed.email_key or mirrored.gone_at is not None


def _gone_at(one: Known) -> datetime:
    return one.gone_at or datetime.max.replace(tzinfo=UTC)
