"""Setting one field of many contacts to one value, or emptying it."""

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contacts import services
from contacts.cleaning import clean
from contacts.models import Contact
from cyberadmin.sync import registry
from cyberadmin.sync.bulk.kinds import Refused
from cyberadmin.sync.models import Change, ChangeSet, PlannedRow
from cyberadmin.sync.record import StaleEdit
from cyberadmin.sync.resource import Values

from . import words
from .base import IN_BULK, Answer, ContactsKind, Judge, V, acting, left, person_of, same, why_of

#: Fields that may hold the same for many people. An address is one person's alone.
SETTABLE = ("company", "language", "gender", "postal_code", "country", "note")


def wanted(change_set: ChangeSet) -> Values:
    """{field: value} as changes carry it. Raises Refused when the value is no longer possible (a custom field is gone)."""
    name = str(change_set.parameters["field"])
    try:
        return clean(change_set.account, {name: change_set.parameters.get("value", "")})
    except ValidationError as error:
        raise Refused("field_refused", {"field": name, "words": error.messages[0]}) from None


class FieldJudge(Judge):
    """Compares one field with the value that is wanted."""

    def __init__(self, change_set: ChangeSet) -> None:
        super().__init__(change_set)
        ((self.name, self.value),) = wanted(change_set).items()
        self.resource = registry.get("contact")

    def judge(self, person: Contact) -> Answer:
        gone = left(person)
        if gone is not None:
            return gone
        current = self.resource.values(person).get(self.name)
        if current == self.value or (current in ("", None) and self.value in ("", None)):
            return same("same_value")
        return Answer(V.UPDATE, Change.Verb.UPDATE, values={self.name: self.value}, base={self.name: current})


class SetFieldKind(ContactsKind):
    """One field, one value, many people."""

    kind = "set_field"
    label = gettext_lazy("Set a field")
    judge_class = FieldJudge

    def facts(self, change_set: ChangeSet) -> list[tuple[str, str]]:
        name = str(change_set.parameters["field"])
        label = words.field_name(change_set.account_id, name)
        return [*super().facts(change_set), (label, words.field_value(name, change_set.parameters.get("value")))]

    def check(self, change_set: ChangeSet) -> None:
        wanted(change_set)

    def record(self, change_set: ChangeSet, row: PlannedRow, actor: User | None) -> Change | None:
        return edit(change_set, row, actor)

    def reversal(self, change_set: ChangeSet) -> Values | None:
        return {"can": ["fields"], "cannot": ["sent_mail"]}


def edit(change_set: ChangeSet, row: PlannedRow, actor: User | None, values: Values | None = None) -> Change | None:
    """Record the field values of a row (`values`, or all of them), unless one was changed since the plan was made."""
    try:
        return services.edit_contact(
            acting(actor),
            person_of(row),
            row.values if values is None else values,
            row.base_version or 0,
            why_of(change_set),
            shown=row.base,
            priority=IN_BULK,
        )
    except StaleEdit as stale:
        raise ValidationError(
            _("%(who)s changed this contact after the plan was made, so it was left as it is.") % {"who": stale.by}
        ) from None
