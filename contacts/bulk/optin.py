"""Asking many contacts for express consent (product.md S3): a mail goes out to each, so each needs a basis of its own.

The rules are those of one request (contacts/consent/asking.py). Whoever asks names the basis; it is checked for each
person, and who has none, was asked within a day or gave express consent already is left out, with the reason.
"""

from collections.abc import Sequence

from django.contrib.auth.models import User
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from contacts import services
from contacts.consent import asking
from contacts.models import Contact
from cyberadmin.accounts.policy import Right
from cyberadmin.sync.models import Change, ChangeSet, PlannedRow
from cyberadmin.sync.resource import Values

from .base import IN_BULK, Answer, ContactsKind, Judge, V, acting, left, person_of, refused, same, why_of


class OptinJudge(Judge):
    """Asks the rules of a request about each person."""

    def __init__(self, change_set: ChangeSet) -> None:
        super().__init__(change_set)
        self.basis = str(self.parameters["basis"])
        self.asked: set[str] = set()

    def load(self, people: Sequence[Contact]) -> None:
        self.asked = asking.asked_lately(self.change_set.account_id, [person.email_key for person in people])

    def judge(self, person: Contact) -> Answer:
        gone = left(person)
        if gone is not None:
            return gone
        if person.remote_id is None:
            return refused("not_there_yet")
        why = asking.refusal(person, self.basis, person.email_key in self.asked)
        if why:
            return same(why) if why == "express_already" else refused(why)
        until = person.consent_expires_on.isoformat() if person.consent_expires_on else ""
        known = {"relation": person.consent_relation, "until": until} if self.basis == asking.Basis.IMPLIED else {}
        return Answer(V.UPDATE, Change.Verb.OPTIN, detail={"basis": self.basis, **known}, values={"basis": self.basis})


class OptinKind(ContactsKind):
    """One mail to each, and nothing changes until the person clicks."""

    kind = "optin"
    label = _("Ask for express consent")
    judge_class = OptinJudge

    def right(self, change_set: ChangeSet) -> Right:
        return "send"

    def facts(self, change_set: ChangeSet) -> list[tuple[str, str]]:
        basis = asking.Basis(str(change_set.parameters["basis"])).label
        return [*super().facts(change_set), (gettext("Basis"), str(basis))]

    def record(self, change_set: ChangeSet, row: PlannedRow, actor: User | None) -> Change | None:
        basis = str(row.values["basis"])
        return services.request_optin(
            acting(actor), person_of(row), why_of(change_set), basis, priority=IN_BULK, change_set_id=change_set.pk
        )

    def forecast(self, change_set: ChangeSet) -> Values:
        return {**super().forecast(change_set), "optin_mails": change_set.rows.filter(verdict=V.UPDATE).count()}
