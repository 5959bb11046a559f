"""A bulk change for tests of the engine: people written down in its parameters, sent by one verb. No file, no page.

`add` goes by the vendor's batches and claims what the parameters claim; `update` becomes ordinary changes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import islice
from typing import Any

from django.contrib.auth.models import User

from contacts.models import Contact, email_key
from cyberadmin.api.types import AddMembers, BatchMember, BatchWrite, DeleteMembers, UnsubscribeMembers
from cyberadmin.sync import guard, record
from cyberadmin.sync.bulk import kinds
from cyberadmin.sync.bulk.kinds import Judged, Refused
from cyberadmin.sync.mirror import writing
from cyberadmin.sync.models import Change, ChangeSet, PlannedRow
from cyberadmin.sync.resource import Values
from groups.models import Group

PIECE = 2_000
#: A first name with which the batch as a whole breaks the vendor's schema.
BAD_NAME = "Bad"
Person = tuple[str, str]


class SheetKind(kinds.BulkKind):
    """Parameters: `verb`, `people` [[address, first name]] or `generate` (a number), `groups` and `second`, if any."""

    kind = "sheet"
    label = "Sheet"

    def judge(self, change_set: ChangeSet) -> Iterator[Judged]:
        self.check(change_set)
        people, number, seen = _people(change_set.parameters), 0, set[str]()
        while piece := list(islice(people, PIECE)):
            yield from self._piece(change_set, piece, number, seen)
            number += len(piece)

    def _piece(self, change_set: ChangeSet, piece: Sequence[Person], number: int, seen: set[str]) -> Iterator[Judged]:
        verb = str(change_set.parameters["verb"])
        labels = [email for email, _name in piece]
        refused = guard.refusals(change_set.account_id, "contact", verb, labels)
        known = {
            row.email_key: row
            for row in Contact.objects.filter(
                account=change_set.account_id, email_key__in=[email_key(label) for label in labels], gone_at=None
            ).defer("search_text")
        }
        for line, (email, name) in enumerate(piece, number + 1):
            yield self._one(line, email, name, verb, refused.get(email, ""), known.get(email_key(email)), seen)

    def _one(
        self, line: int, email: str, name: str, verb: str, refused: str, row: Contact | None, seen: set[str]
    ) -> Judged:
        if "@" not in email:
            return Judged(line, email, "invalid", reason="bad_address")
        if email_key(email) in seen:
            return Judged(line, email, "duplicate", reason="twice")
        seen.add(email_key(email))
        if refused:
            return Judged(line, email, "refused", reason=refused)
        if row is None and verb != "add":
            return Judged(line, email, "refused", reason="unknown")
        verdict = "remove" if verb in ("unsubscribe", "delete") else "create" if row is None else "update"
        if row is None:
            return Judged(line, email, verdict, verb, values={"first_name": name})
        return Judged(
            line,
            email,
            verdict,
            verb,
            object_id=row.pk,
            values={"first_name": name},
            base={"first_name": row.first_name},
            base_version=row.edit_version,
        )

    def total(self, change_set: ChangeSet) -> int:
        return int(change_set.parameters.get("generate", 0)) or len(change_set.parameters.get("people", ()))

    def needs_second_person(self, change_set: ChangeSet) -> str:
        return str(change_set.parameters.get("second", ""))

    def check(self, change_set: ChangeSet) -> None:
        groups = change_set.parameters.get("groups", [])
        if Group.objects.filter(pk__in=groups, gone_at=None, deleted_at=None).count() != len(groups):
            raise Refused("group_gone")

    def compose(self, change_set: ChangeSet, verb: str, rows: Sequence[PlannedRow]) -> BatchWrite:
        if verb == "unsubscribe":
            return UnsubscribeMembers([row.label for row in rows])
        if verb == "delete":
            return DeleteMembers([row.label for row in rows])
        groups = Group.objects.filter(pk__in=change_set.parameters.get("groups", []))
        members = [_member(row.label, row.values["first_name"]) for row in rows]
        return AddMembers(
            members=members,
            relation_type="active-clients",
            groups=sorted(number for number in groups.values_list("remote_id", flat=True) if number is not None),
            default_consent_date=date(2026, 1, 31),
            default_consent_proof="Bought in the shop",
        )

    def settle(self, change_set: ChangeSet, verb: str, rows: Sequence[PlannedRow]) -> None:
        """Bring the mirror in line, as the contacts app does in its own kinds."""
        people = Contact.objects.filter(pk__in=[row.object_id for row in rows if row.object_id])
        with writing():
            if verb == "unsubscribe":
                people.update(state=Contact.State.UNSUBSCRIBED, remote_id=None, content_hash="")
            elif verb == "delete":
                people.update(gone_at=change_set.started_at)
            else:
                names = {row.object_id: row.values["first_name"] for row in rows}
                for person in people.filter(snapshot__isnull=True):
                    person.first_name, person.content_hash = names[person.pk], ""
                    record.save(person)

    def record(self, change_set: ChangeSet, row: PlannedRow, actor: User | None) -> Change | None:
        person = Contact.objects.get(pk=row.object_id)
        intent = record.Intent(actor, change_set.why, priority=record.IN_BULK)

        return record.edit("contact", record.lock(person), {"first_name": row.values["first_name"]}, intent)

    def reversal(self, change_set: ChangeSet) -> Values | None:
        return None


def _member(email: str, name: str) -> BatchMember:
    if name == BAD_NAME:
        # Numbers of fields have nine digits at most (api/README.md 4.5).
        return BatchMember(email=email, first_name=name, custom_values={12_345_678_901: "x"})
    return BatchMember(email=email, first_name=name)


def _people(parameters: dict[str, Any]) -> Iterator[Person]:
    for number in range(int(parameters.get("generate", 0))):
        yield f"person{number:07}@example.com", f"Person {number}"
    yield from parameters.get("people", ())


kinds.register(SheetKind())
