"""Setting the consent of many contacts to one statement: relation, date, how and where, proof (product.md 3a, 3c).

Consent is not taken back here: what the vendor derived from the earlier one cannot be restored by the API, so who set a
wrong one sets the right one. Express consent for many always takes a second person.
"""

from datetime import date
from typing import Any

from django.contrib.auth.models import User
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from contacts.consent import setting, terms
from contacts.consent.ledger import Facts
from contacts.models import Contact, Relation
from cyberadmin.sync.bulk.kinds import Refused
from cyberadmin.sync.models import Change, ChangeSet, PlannedRow
from cyberadmin.sync.resource import Values

from . import words
from .base import IN_BULK, Answer, ContactsKind, Judge, V, acting, left, person_of, refused, same, why_of


def facts_of(parameters: dict[str, Any]) -> Facts:
    """The statement that the parameters of a change set keep."""
    given = parameters.get("given_on") or ""
    return Facts(
        relation=str(parameters.get("relation", "")),
        given_on=date.fromisoformat(given) if given else None,
        proof=str(parameters.get("proof", "")),
        proof_file_id=parameters.get("proof_file"),
        how=str(parameters.get("how", "")),
        place=str(parameters.get("place", "")),
    )


class ConsentJudge(Judge):
    """Compares the consent that is known with the one that is stated."""

    def __init__(self, change_set: ChangeSet) -> None:
        super().__init__(change_set)
        self.facts = facts_of(self.parameters)
        self.type = terms.type_of(self.facts.relation)

    def judge(self, person: Contact) -> Answer:
        gone = left(person)
        if gone is not None:
            return gone
        if person.remote_id is None:
            return refused("not_there_yet")
        if person.consent_type == Contact.Consent.EXPRESS and self.type != Contact.Consent.EXPRESS:
            return refused("express_stays")
        known = (person.consent_relation, person.consent_on) if person.consent_read_at else None
        if known == (self.facts.relation, self.facts.given_on):
            return same("same_consent")
        given = self.facts.given_on.isoformat() if self.facts.given_on else None
        base = {
            "consent:relation": person.consent_relation,
            "consent:given_on": person.consent_on.isoformat() if person.consent_on else None,
        }
        values = {"consent:relation": self.facts.relation, "consent:given_on": given}
        return Answer(V.UPDATE, Change.Verb.CONSENT, values=values, base=base if known else {})


class ConsentKind(ContactsKind):
    """One statement of consent for many people."""

    kind = "consent"
    label = _("Set the consent")
    judge_class = ConsentJudge

    def check(self, change_set: ChangeSet) -> None:
        actor = change_set.actor
        facts = facts_of(change_set.parameters)
        wrong = (
            setting.problems(actor, change_set.account, facts)
            if actor
            else {"actor": gettext("Nobody answers for it.")}
        )
        if wrong:
            raise Refused("consent_refused", {"words": " ".join(wrong.values())})

    def facts(self, change_set: ChangeSet) -> list[tuple[str, str]]:
        facts = facts_of(change_set.parameters)
        given = words.day(facts.given_on.isoformat()) if facts.given_on else ""
        stated = [
            (gettext("Relation"), str(Relation(facts.relation).label)),
            (gettext("Given on"), given),
            (gettext("How"), facts.how),
            (gettext("Where"), facts.place),
            (gettext("Proof"), facts.proof),
        ]
        return [*super().facts(change_set), *((name, value) for name, value in stated if value)]

    def forecast(self, change_set: ChangeSet) -> Values:
        facts = facts_of(change_set.parameters)
        number = change_set.rows.filter(verdict=V.UPDATE).count()
        expires = terms.expires_on(facts.relation, facts.given_on)
        return {
            **super().forecast(change_set),
            "consent_type": terms.type_of(facts.relation),
            "relation": facts.relation,
            "expiries": {expires.isoformat()[:7] if expires else "": number},
        }

    def needs_second_person(self, change_set: ChangeSet) -> str:
        if terms.type_of(str(change_set.parameters.get("relation", ""))) == Contact.Consent.EXPRESS:
            return "express_consent"
        return super().needs_second_person(change_set)

    def record(self, change_set: ChangeSet, row: PlannedRow, actor: User | None) -> Change | None:
        facts = facts_of(change_set.parameters)
        through = setting.Through(IN_BULK, change_set.pk)
        return setting.set_consent(acting(actor), person_of(row), facts, why_of(change_set), through)
