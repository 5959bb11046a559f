"""What a pulled page adds to the ledger of consent: who left, who came back, whose type of consent moved.

A first sight of subscribed people adds nothing: their consent is written down once it is really read. Whoever carries an
edit of ours is left to the field-by-field merge (`ContactResource.absorb`), except that leaving always counts.
"""

from typing import TYPE_CHECKING

from .consent import observed
from .consent.ledger import Source
from .models import Contact
from .pull_rows import Listing

if TYPE_CHECKING:
    from .pull_contacts import Known, Listed, Plan


def write_down(account_id: int, listing: Listing, plan: "Plan") -> None:
    """Add what this page shows to be different from what the mirror holds; call it before the page is written."""
    if listing.departed:
        _who_left(account_id, listing, plan)
    else:
        _who_is_subscribed(account_id, plan)


def _who_left(account_id: int, listing: Listing, plan: "Plan") -> None:
    state = str(listing.state.value)
    moved = [listed for known, listed in (*plan.updates, *plan.merges) if known.state != state]
    moment = "bounced_at" if state == Contact.State.BOUNCED else "unsubscribed_at"
    rows = [(one.value("email"), one.value("consent_type"), one.value(moment)) for one in (*plan.inserts, *moved)]
    if rows:
        observed.listed_as_left(account_id, state, rows)


def _who_is_subscribed(account_id: int, plan: "Plan") -> None:
    pairs = [pair for pair in (*plan.updates, *plan.merges) if not pair[0].edited]
    back = [pair for pair in pairs if pair[0].state != Contact.State.SUBSCRIBED]
    if back:
        observed.listed_as_subscribed(account_id, Source.CAME_BACK, map(_consent, back))
    other = [pair for pair in plan.updates if _has_other_type(*pair)]
    if other:
        observed.listed_as_subscribed(account_id, Source.SEEN, map(_consent, other))
        # What was read before holds no more, so it is read again before anything else (contacts/consent/reading.py).
        Contact.objects.filter(pk__in=[known.pk for known, _listed in other]).update(consent_read_at=None)


def _consent(pair: "tuple[Known, Listed]") -> tuple[str, str]:
    return pair[1].value("email"), pair[1].value("consent_type")


def _has_other_type(known: "Known", listed: "Listed") -> bool:
    return known.state == Contact.State.SUBSCRIBED and known.consent_type != listed.value("consent_type")
