"""What the vendor shows of one person: subscribed, or in one of the two lists of those who left (api/README.md 4.1, 4.2).

Somebody who left has no number and is not found under `/members/{key}`. Unsubscribed people can be asked for by address,
bounced ones only by reading their list.
"""

from typing import Any

from cyberadmin.api import errors
from cyberadmin.api.client import ApiClient
from cyberadmin.api.types import BouncedMember, Member, UnsubscribedMember
from cyberadmin.api.types.members import ContactFields
from cyberadmin.sync.resource import Seen, Values

from .fitting import fit
from .models import Contact, email_key

PLAIN = ("email", "first_name", "last_name", "company", "gender", "language", "postal_code", "country", "note")
CUSTOM = "custom:"


def left(client: ApiClient, email: str) -> Seen | None:
    """Somebody of this address who unsubscribed or bounced, as the vendor holds them now. Raises ApiError."""
    return unsubscribed(client, email) or bounced(client, email)


def unsubscribed(client: ApiClient, email: str) -> Seen | None:
    """Somebody of this address who unsubscribed. Raises ApiError."""
    try:
        return gone_away(client.members.get_unsubscribed(email))
    except errors.NotFound:
        return None


def bounced(client: ApiClient, email: str) -> Seen | None:
    """Somebody of this address whose last mailing bounced: the list is read until they are met. Raises ApiError."""
    wanted, number, read = email_key(email), 1, 0
    while True:
        page = client.members.list_bounced(page=number)
        found = next((place for place, row in enumerate(page.rows) if _is_of(row, wanted)), None)
        if found is not None:
            return _bounced(page.items[found])
        read += len(page.rows)
        if not page.rows or read >= page.total_count:
            return None
        number += 1


def _is_of(row: dict[str, Any], wanted: str) -> bool:
    email = row.get("email")
    return isinstance(email, str) and email_key(email) == wanted


def member(found: Member) -> Seen:
    """A subscribed member in our words."""
    found = fit(found)
    return Seen(
        _values(found, Contact.State.SUBSCRIBED),
        found.id,
        {
            **_of_everybody(found),
            "mailings_received": found.mailings_received,
            "mailings_opened": found.mailings_opened,
            "mailings_clicked": found.mailings_clicked,
        },
    )


def gone_away(found: UnsubscribedMember) -> Seen:
    """An unsubscribed member in our words; without a number (api/README.md 4.1)."""
    found = fit(found)
    extra = {**_of_everybody(found), "unsubscribed_at": found.unsubscribed_at}
    return Seen(_values(found, Contact.State.UNSUBSCRIBED), None, extra)


def _bounced(found: BouncedMember) -> Seen:
    found = fit(found)
    extra = {**_of_everybody(found), "bounced_at": found.hard_bounced_at}
    return Seen(_values(found, Contact.State.BOUNCED), None, extra)


def _of_everybody(found: ContactFields) -> Values:
    return {
        "joined_at": found.joined_at,
        "remote_updated_at": found.updated_at,
        "consent_type": found.consent_type,
    }


def _values(found: ContactFields, state: Contact.State) -> Values:
    values: Values = {name: getattr(found, name) for name in PLAIN}
    values["birth_date"] = found.birth_date.isoformat() if found.birth_date else None
    values["state"] = str(state.value)
    values.update({f"{CUSTOM}{key}": value for key, value in found.custom_values.items() if value is not None})
    return values
