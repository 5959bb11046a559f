"""Setting the consent of one contact: what must be said for it, the record in the ledger, and the change that carries it.

What is written down is what somebody states; whether the vendor takes it shows in the change, and in what is read back.
"""

from dataclasses import dataclass
from datetime import date

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from contacts import services
from contacts.models import Contact, ProofFile, Relation
from cyberadmin.accounts import policy
from cyberadmin.accounts.models import Account
from cyberadmin.sync import record
from cyberadmin.sync.models import Change
from cyberadmin.sync.resource import Values

from . import ledger, terms
from .ledger import Facts
from .wire import PREFIX

#: The vendor takes 255 characters of proof in a batch (api/README.md 4.9), so nowhere more.
LONGEST_PROOF = 255
EARLIEST = date(1990, 1, 1)


@dataclass(frozen=True)
class Through:
    """How a change of one contact goes out: alone and at once, or as a row of a bulk change."""

    priority: int = record.BY_HAND
    change_set_id: int | None = None


def problems(actor: User, account: Account, facts: Facts) -> dict[str, str]:
    """What is missing or wrong in a statement of consent: {field: sentence}. The same rules for one contact or many."""
    found: dict[str, str] = {}
    if facts.relation not in Relation.values:
        return {"relation": _("Say what this consent rests on.")}
    if facts.given_on is not None and facts.given_on > terms.today(account):
        found["given_on"] = _("This day is still to come. Give the day on which the person consented.")
    elif facts.given_on is not None and facts.given_on < EARLIEST:
        found["given_on"] = _("This day is too long ago. Check the year.")
    if len(facts.proof) > LONGEST_PROOF:
        found["proof"] = _("This is too long: %(limit)s characters at most.") % {"limit": LONGEST_PROOF}
    elif "\x00" in facts.proof + facts.how + facts.place:
        found["proof"] = _("This text holds a character that cannot be stored.")
    if facts.relation in terms.EXPRESS:
        found = {**_needed_for_express(facts), **found}
    if facts.relation == Relation.PURCHASED and not policy.can(actor, "manage", account):
        found["relation"] = _(
            "A purchased list is hardly ever lawful. Only somebody who manages this client can write it down, with its proof."
        )
    return found


def _needed_for_express(facts: Facts) -> dict[str, str]:
    """Express consent takes a date, how, where, and a proof (product.md 3a)."""
    found = {}
    if facts.given_on is None:
        found["given_on"] = _("Express consent needs the day on which it was given.")
    if not facts.how:
        found["how"] = _("Say how it was given: a box that the person ticked, a signed sheet, a call.")
    if not facts.place:
        found["place"] = _("Say where it was given: the address of the form, the counter, the event.")
    if not facts.proof and facts.proof_file_id is None:
        found["proof"] = _("Express consent needs a proof: its wording, or a file.")
    return found


def set_consent(actor: User, contact: Contact, facts: Facts, why: str = "", through: Through | None = None) -> Change:
    """Record a consent and have it sent; what waited to be sent before it is replaced.

    The right `edit`. Raises ValidationError by field; `facts.proof_file_id` is a file of the same client.
    """
    through = through or Through()
    services.require(actor, "edit", contact.account)
    if found := problems(actor, contact.account, facts):
        raise ValidationError(found)
    if facts.proof_file_id is not None and not _is_of_account(facts.proof_file_id, contact.account_id):
        raise PermissionDenied
    with transaction.atomic():
        row = services.locked(contact)
        services.check_open_to_edits(row)
        waiting = [one for one in record.open_changes(services.KIND, row) if one.verb == Change.Verb.CONSENT]
        record.supersede(waiting, "consent_since")
        intent = record.Intent(actor, why.strip(), priority=through.priority)
        change = record.act(services.KIND, row, Change.Verb.CONSENT, _fields(row, facts), intent)
        by = ledger.By(actor, change.pk, through.change_set_id, why.strip())
        ledger.append(row.account_id, row.email, ledger.Source.SET, facts, by)
    return change


def _is_of_account(file_id: int, account_id: int) -> bool:
    return ProofFile.objects.filter(pk=file_id, account_id=account_id).exists()


def _fields(row: Contact, facts: Facts) -> dict[str, Values]:
    base = {
        "relation": row.consent_relation,
        "given_on": row.consent_on.isoformat() if row.consent_on else None,
        "proof": row.consent_proof,
    }
    want = {
        "relation": facts.relation,
        "given_on": facts.given_on.isoformat() if facts.given_on else None,
        "proof": facts.proof or _proof_by_file(facts),
    }
    return {f"{PREFIX}{name}": {"base": base[name], "want": value} for name, value in want.items()}


def _proof_by_file(facts: Facts) -> str:
    """What the vendor is told where a file is the whole proof: its name, and that it is kept here."""
    if facts.proof_file_id is None:
        return ""
    name = ProofFile.objects.get(pk=facts.proof_file_id).original_name
    return (_("File kept by the agency: %(name)s") % {"name": name})[:LONGEST_PROOF]
