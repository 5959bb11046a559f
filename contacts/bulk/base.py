"""What every bulk change of contacts shares: judging by thousands, counting, and asking for a second person.

A kind gives a `Judge` for the plan. The base loads the people, hands each to the judge, and turns the answer into a row;
the judge loads what it needs (memberships, requests of the last day) once for each thousand, never for one person.
"""

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from contacts.models import Contact
from cyberadmin.sync.bulk.kinds import BulkKind, Judged, Refused
from cyberadmin.sync.models import ChangeSet, PlannedRow
from cyberadmin.sync.resource import Values

from . import words
from .selection import Selection

V = PlannedRow.Verdict
#: Single edits by hand go before everything that a bulk change records.
IN_BULK = 50


@dataclass(frozen=True)
class Answer:
    """What a judge says of one person."""

    verdict: str
    verb: str = ""
    reason: str = ""
    detail: Values = field(default_factory=dict)
    values: Values = field(default_factory=dict)
    base: Values = field(default_factory=dict)


def same(reason: str, **detail: Any) -> Answer:
    """There is nothing to do for this person."""
    return Answer(V.SAME, reason=reason, detail=detail)


def refused(reason: str, **detail: Any) -> Answer:
    """A rule forbids it for this person."""
    return Answer(V.REFUSED, reason=reason, detail=detail)


def left(person: Contact) -> Answer | None:
    """The refusal for who unsubscribed, bounced or is being deleted; None for everybody else."""
    if person.state == Contact.State.UNSUBSCRIBED:
        return refused("unsubscribed")
    if person.state == Contact.State.BOUNCED:
        return refused("bounced")
    return refused("being_deleted") if person.deleted_at is not None else None


class Judge:
    """Judges the people of one plan."""

    def __init__(self, change_set: ChangeSet) -> None:
        self.change_set = change_set
        self.parameters: dict[str, Any] = change_set.parameters

    def load(self, people: Sequence[Contact]) -> None:
        """Read at once what judging these people needs."""

    @abstractmethod
    def judge(self, person: Contact) -> Answer:
        """The verdict on one person."""


class ContactsKind(BulkKind):
    """A bulk change of a selection of contacts."""

    object_kind = "contact"
    judge_class: type[Judge]

    def judge(self, change_set: ChangeSet) -> Iterator[Judged]:
        self.check(change_set)
        judge = self.judge_class(change_set)
        found = False
        for first, people in Selection.of(change_set.parameters["selection"]).chunks(change_set.account):
            found = found or bool(people)
            judge.load(people)
            for number, person in enumerate(people, first):
                yield _judged(number, person, judge.judge(person))
        if not found:
            raise Refused("nobody_selected")

    def total(self, change_set: ChangeSet) -> int:
        return Selection.of(change_set.parameters["selection"]).rows(change_set.account).order_by().count()

    def facts(self, change_set: ChangeSet) -> list[tuple[str, str]]:
        selection = Selection.of(change_set.parameters["selection"])
        return [(_("Whom"), words.chosen(change_set.account_id, selection))]

    def sentence(self, reason: str, detail: Values) -> str:
        return words.sentence(reason, detail)

    def forecast(self, change_set: ChangeSet) -> Values:
        """The number of subscribed contacts now, and by how many it would change."""
        return {"contacts_before": subscribed(change_set), "contacts_change": 0}

    def needs_second_person(self, change_set: ChangeSet) -> str:
        return "many_rows" if to_do(change_set) > settings.BULK_SECOND_PERSON_ABOVE else ""


def _judged(number: int, person: Contact, answer: Answer) -> Judged:
    return Judged(
        number=number,
        label=person.email,
        verdict=answer.verdict,
        verb=answer.verb,
        reason=answer.reason,
        detail=answer.detail,
        object_id=person.pk,
        values=answer.values,
        base=answer.base,
        base_version=person.edit_version,
    )


def to_do(change_set: ChangeSet) -> int:
    """How many rows of the plan would be sent."""
    return sum(int(change_set.counts.get(verdict, 0)) for verdict in PlannedRow.TO_DO)


def subscribed(change_set: ChangeSet) -> int:
    """How many subscribed contacts the client has now, as the mirror knows it: what the vendor's fee goes by."""
    people = Contact.objects.filter(account=change_set.account_id, gone_at=None, state=Contact.State.SUBSCRIBED)
    return people.order_by().count()


def person_of(row: PlannedRow) -> Contact:
    """The contact of a row, alive and of the row's account. Raises ValidationError."""
    living = Contact.objects.filter(account=row.account_id, gone_at=None)
    person: Contact | None = living.filter(pk=row.object_id).first() if row.object_id else None
    if person is None:
        raise ValidationError(_("This contact is no longer in the account."))
    return person


def acting(actor: User | None) -> User:
    """Who does it. Raises ValidationError when nobody is left to answer for it."""
    if actor is None:
        raise ValidationError(_("The person who started this has left. Make the plan again under your name."))
    return actor


def why_of(change_set: ChangeSet) -> str:
    """The reason that goes with each change, never empty."""
    return change_set.why.strip() or _("Bulk change %(number)s") % {"number": change_set.pk}
