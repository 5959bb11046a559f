"""A right address for somebody whose address bounced: a contact of its own, with a consent of its own.

Consent belongs to the address (product.md 3c), so the new one takes over nothing of it; the old contact stays as it is,
with its ledger, as evidence.
"""

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from contacts import services
from contacts.models import Contact
from cyberadmin.sync import registry

#: What does not go over to another address.
NOT_TAKEN = frozenset({"email", "state"})


def correct(actor: User, contact: Contact, email: str, why: str) -> Contact:
    """Add the person again under the right address; returns the new contact. Raises ValidationError."""
    services.require(actor, "edit", contact.account)
    if contact.state != Contact.State.BOUNCED:
        raise ValidationError(_("Only an address that bounced is corrected like this. Edit the contact instead."))
    values = registry.get(services.KIND).values(contact)
    taken = {name: value for name, value in values.items() if name not in NOT_TAKEN and value not in ("", None)}
    return services.create_contact(actor, contact.account, {**taken, "email": email}, why=why.strip())
