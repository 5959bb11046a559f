"""The verdict on each row of an imported list: new, changed, the same, twice in the file, refused by a rule, not valid.

Rows are judged by thousands: the contacts, groups and protected addresses of a thousand rows are looked up at once, so the
memory that a plan takes does not depend on the list. Nothing that claims consent is made up: a row needs a date that the
file or the person gave, and a consent that has lapsed on arrival is refused (product.md 3a, 3d-4).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from contacts.bulk.base import Answer, V
from contacts.bulk.groups import GROUP, memberships
from contacts.consent import terms
from contacts.models import Contact, Relation, email_key
from cyberadmin.accounts.models import Account
from cyberadmin.sync import registry
from cyberadmin.sync.bulk.kinds import Judged
from cyberadmin.sync.resource import Values
from cyberadmin.sync.upsert import pick_rows

from .convert import TypedRow
from .firsts import Firsts
from .overlap import Sample

#: What a row says about consent; everything else it holds is a field of the contact.
CONSENT_ON, CONSENT_PROOF, RELATION = "consent_on", "consent_proof", "consent_relation"
CONSENT = frozenset((CONSENT_ON, CONSENT_PROOF, RELATION))


@dataclass(frozen=True)
class Choices:
    """What the person chose for the whole list. `groups` are primary keys.

    `relation` and `consent_on` count for rows that say none; `says_how` = how and where express consent was given.
    """

    relation: str
    groups: tuple[int, ...] = ()
    consent_on: date | None = None
    proof: str = ""
    language: str = ""
    says_how: bool = False

    @classmethod
    def of(cls, parameters: dict[str, Any]) -> "Choices":
        """The choices that the parameters of a change set keep."""
        given = parameters.get("consent_on") or ""
        return cls(
            relation=str(parameters.get("relation", "")),
            groups=tuple(int(pk) for pk in parameters.get("groups", ())),
            consent_on=date.fromisoformat(given) if given else None,
            proof=str(parameters.get("proof", "")),
            language=str(parameters.get("language", "")),
            says_how=bool(parameters.get("how") and parameters.get("place")),
        )


def relation_of(parameters: dict[str, Any], values: Values) -> str:
    """The relation of a planned row: what it says itself, else what was chosen for the list."""
    return str(values.get(RELATION) or parameters.get("relation", ""))


class ImportJudge:
    """Judges the rows of one file for one account."""

    def __init__(self, account: Account, choices: Choices, today: date, seed: str) -> None:
        self.account, self.choices, self.today = account, choices, today
        self.resource = registry.get("contact")
        self.firsts = Firsts()
        self.sample = Sample(seed)
        #: When a consent of this list ends, by relation and the day on which it was given: few of these, many rows.
        self.expiries: dict[tuple[str, date], date | None] = {}
        self.people: dict[str, Contact] = {}
        self.held: dict[int, dict[int, bool]] = {}
        self.protected: dict[str, str] = {}

    def judge(self, rows: Sequence[TypedRow]) -> Iterable[Judged]:
        """A verdict for each of these rows, in order."""
        keys = [email_key(row.values.get("email", "")) for row in rows]
        self._load([key for key in dict.fromkeys(keys) if key])
        for row, key in zip(rows, keys, strict=True):
            person = self.people.get(key)
            answer = self._answer(row, key, person)
            yield Judged(
                number=row.number,
                label=str(row.values.get("email") or row.label),
                verdict=answer.verdict,
                verb=answer.verb,
                reason=answer.reason,
                detail=answer.detail,
                object_id=person.pk if person else None,
                values=answer.values,
                base=answer.base,
                base_version=person.edit_version if person else None,
            )

    def _load(self, keys: list[str]) -> None:
        account = self.account.pk
        living = pick_rows(Contact, account, "email_key", keys, ("id",), "c.gone_at IS NULL") if keys else []
        found = Contact.objects.defer("search_text").in_bulk([row[0] for row in living])
        self.people = {person.email_key: person for person in found.values()}
        self.held = memberships(found, self.choices.groups) if found and self.choices.groups else {}
        self.protected = self.resource.protected(account, keys)

    def _answer(self, row: TypedRow, key: str, person: Contact | None) -> Answer:
        if row.problems:
            return Answer(V.INVALID, reason="cells", detail={"problems": [one.as_json() for one in row.problems]})
        if key in self.protected:
            return Answer(V.REFUSED, reason=self.protected[key])
        if person is not None and person.deleted_at is not None:
            return Answer(V.REFUSED, reason="being_deleted")
        refused = self._consented(row)
        if refused is not None:
            return refused
        # A line that cannot be imported stands in the way of no later one.
        first = self.firsts.line(key, row.number)
        if first != row.number:
            return Answer(V.DUPLICATE, reason="twice_in_file", detail={"line": first})
        return self._wanted(row, key, person)

    def _consented(self, row: TypedRow) -> Answer | None:
        """What stands against the consent that this row claims; None when nothing does."""
        relation = self._relation(row)
        if not relation:
            return Answer(V.INVALID, reason="no_row_relation")
        if relation == Relation.PURCHASED and relation != self.choices.relation:
            return Answer(V.REFUSED, reason="purchased_list")
        return self._dated(row, relation)

    def _dated(self, row: TypedRow, relation: str) -> Answer | None:
        given = self._given_on(row)
        if given is None:
            return Answer(V.INVALID, reason="no_consent_date")
        if given > self.today:
            return Answer(V.INVALID, reason="consent_in_future", detail={"on": given.isoformat()})
        if terms.type_of(relation) == Contact.Consent.EXPRESS:
            if not self._proof(row):
                return Answer(V.INVALID, reason="no_proof")
            if not self.choices.says_how:
                return Answer(V.INVALID, reason="no_how")
        expires = self._expires_on(relation, given)
        if expires is not None and expires <= self.today:
            return Answer(V.REFUSED, reason="lapsed_on_arrival", detail={"on": expires.isoformat()})
        return None

    def _wanted(self, row: TypedRow, key: str, person: Contact | None) -> Answer:
        fields = {name: value for name, value in row.values.items() if name not in CONSENT}
        if person is None:
            self.sample.take(key)
            if self.choices.language:
                fields.setdefault("language", self.choices.language)
            groups = {f"{GROUP}{pk}": True for pk in self.choices.groups}
            return Answer(V.CREATE, "add", values={**fields, **groups, **self._consent(row)})
        del fields["email"]
        current = self.resource.values(person)
        changed = {name: value for name, value in fields.items() if current.get(name) != value}
        held = self.held.get(person.pk, {})
        groups = {f"{GROUP}{pk}": True for pk in self.choices.groups if not held.get(pk)}
        consent = self._consent(row)
        relation = self._relation(row)
        expires = self._expires_on(relation, date.fromisoformat(consent[CONSENT_ON]))
        taken = improves(person, relation, expires) is not False
        if not changed and not groups and not taken:
            return Answer(V.SAME, reason="same_as_there")
        base = {name: current.get(name) for name in changed} | dict.fromkeys(groups, False)
        return Answer(
            V.UPDATE,
            "add",
            # A batch cannot leave the claim out (api/README.md 4.9), but it changes nothing.
            detail={} if taken else {"idle": sorted(consent)},
            values={**changed, **groups, **consent},
            base={**base, **_consent_of(person)} if taken else base,
        )

    def _expires_on(self, relation: str, given: date) -> date | None:
        key = (relation, given)
        if key not in self.expiries:
            self.expiries[key] = terms.expires_on(relation, given)
        return self.expiries[key]

    def _relation(self, row: TypedRow) -> str:
        return str(row.values.get(RELATION) or self.choices.relation)

    def _given_on(self, row: TypedRow) -> date | None:
        written = row.values.get(CONSENT_ON)
        return date.fromisoformat(written) if written else self.choices.consent_on

    def _proof(self, row: TypedRow) -> str:
        return str(row.values.get(CONSENT_PROOF) or self.choices.proof)

    def _consent(self, row: TypedRow) -> Values:
        given = self._given_on(row)
        proof = self._proof(row)
        values: Values = {CONSENT_ON: given.isoformat()} if given else {}
        said = row.values.get(RELATION)
        return values | ({CONSENT_PROOF: proof} if proof else {}) | ({RELATION: said} if said else {})


def improves(person: Contact, relation: str, expires: date | None) -> bool | None:
    """Whether the vendor takes this consent in place of the person's: it keeps a better or longer one (product.md 3c).

    `expires`: when the new one ends. None = only reading tells: theirs was never read, has no known end, or ends on that day.
    """
    if person.consent_type == Contact.Consent.EXPRESS:
        return False
    if terms.type_of(relation) == Contact.Consent.EXPRESS:
        return True
    if person.consent_read_at is None:
        return None
    known = person.consent_expires_on
    if known is not None and expires is not None and known != expires:
        return expires > known
    return False if (relation, expires) == (person.consent_relation, known) else None


def _consent_of(person: Contact) -> Values:
    if person.consent_read_at is None:
        return {}
    given = person.consent_on.isoformat() if person.consent_on else None
    return {RELATION: person.consent_relation, CONSENT_ON: given}
