"""What each relation means for a person who has to choose one (product.md 3c)."""

from django.utils.translation import gettext_lazy as _

from contacts.models import Relation

from . import terms

NOTES = {
    Relation.EXPRESS: _("The person asked for it by an act of their own. A box ticked beforehand does not count."),
    Relation.CONTEST: _("The proof is the rule of the contest that they accepted."),
    Relation.PURCHASED: _("Hardly ever lawful. Only who manages this client can write it down."),
    Relation.CLIENTS: _("The day of the last purchase or contract, never of the import."),
    Relation.FORMER_CLIENTS: _("The day of the last purchase: mostly long expired."),
    Relation.INFORMATION: _("The day of the inquiry."),
    Relation.MEMBERS: _("The day of joining or of the last renewal."),
    Relation.EMPLOYEES: _("The last day of a relation that counts, such as the end of the contract."),
    Relation.PARTNERS: _("The last day of a relation that counts, such as the end of the agreement."),
    Relation.BUSINESS_CARD: _("The day on which it was handed over; mail must concern the person's role."),
    Relation.WEB: _("The day on which the address was found published; mail must concern the person's role."),
    Relation.MIXED: _("Better split by relation: nobody can prove a mixture."),
}


def table() -> list[dict[str, object]]:
    """The relations with their type, months and a note, for the page that asks to choose."""
    return [
        {
            "label": relation.label,
            "express": relation.value in terms.EXPRESS,
            "months": terms.months(relation.value),
            "note": NOTES[relation],
        }
        for relation in Relation
    ]
