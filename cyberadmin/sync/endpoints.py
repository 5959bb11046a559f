"""What each call to the vendor means, and what each kind of failure means, in words for who did not write the program.

Keys are the operations of docs/vendor/openapi.yaml; a test keeps both lists the same.
"""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from .reasons import Text

MEANINGS: dict[tuple[str, str], Promise] = {
    ("GET", "/ping"): _("Ask whether the token works, and whose account it opens."),
    ("GET", "/members"): _("Read a page of the subscribed contacts."),
    ("POST", "/members"): _("Add one contact."),
    ("GET", "/members/bounced"): _("Read a page of the contacts whose address bounced."),
    ("GET", "/members/unsubscribed"): _("Read a page of the contacts who unsubscribed."),
    ("GET", "/members/unsubscribed/{key}"): _("Look whether one person unsubscribed."),
    ("POST", "/members/unsubscribed/{key}"): _("Unsubscribe one contact."),
    ("POST", "/members/optins"): _("Have Cyberimpact e-mail one person a request for consent."),
    ("GET", "/members/{key}"): _("Read one contact."),
    ("PUT", "/members/{key}"): _("Replace all fields of one contact."),
    ("PATCH", "/members/{key}"): _("Change some fields of one contact."),
    ("DELETE", "/members/{key}"): _("Delete one contact."),
    ("GET", "/members/{key}/groups"): _("Read which groups one contact is in."),
    ("POST", "/members/{key}/groups"): _("Add one contact to groups."),
    ("PUT", "/members/{key}/groups"): _("Replace the groups of one contact."),
    ("DELETE", "/members/{key}/groups/{groupId}"): _("Take one contact out of a group."),
    ("GET", "/members/{key}/mailings"): _("Read which mailings one contact received."),
    ("GET", "/members/{key}/consent"): _("Read the consent of one contact."),
    ("PUT", "/members/{key}/consent"): _("Set the consent of one contact."),
    ("GET", "/customfields"): _("Read the custom fields of the account."),
    ("GET", "/groups"): _("Read a page of the groups."),
    ("POST", "/groups"): _("Create a group."),
    ("GET", "/groups/{id}"): _("Read one group."),
    ("PUT", "/groups/{id}"): _("Replace the title and visibility of a group."),
    ("PATCH", "/groups/{id}"): _("Change the title or visibility of a group."),
    ("DELETE", "/groups/{id}"): _("Delete a group; its contacts stay."),
    ("GET", "/groups/{id}/members"): _("Read a page of the contacts in a group."),
    ("DELETE", "/groups/{id}/members"): _("Take every contact out of a group."),
    ("POST", "/mailings"): _("Schedule a mailing."),
    ("GET", "/mailings/sent"): _("Read a page of the sent mailings."),
    ("GET", "/mailings/scheduled"): _("Read a page of the scheduled mailings."),
    ("GET", "/mailings/archived"): _("Read a page of the archived mailings."),
    ("GET", "/mailings/{id}"): _("Read one mailing with its results."),
    ("DELETE", "/mailings/{id}"): _("Cancel a mailing that has not started."),
    ("GET", "/mailings/{id}/recipients"): _("Read a page of the recipients of a mailing."),
    ("GET", "/mailings/{id}/recipients/delivered"): _("Read who a mailing was delivered to."),
    ("GET", "/mailings/{id}/recipients/stopped"): _("Read who did not get a mailing because it was stopped."),
    ("GET", "/mailings/{id}/recipients/hard-bounced"): _("Read whose address refused a mailing for good."),
    ("GET", "/mailings/{id}/recipients/soft-bounced"): _("Read whose address refused a mailing for a while."),
    ("GET", "/mailings/{id}/recipients/unsubscribed"): _("Read who unsubscribed through a mailing."),
    ("GET", "/mailings/{id}/recipients/opened"): _("Read who opened a mailing."),
    ("GET", "/mailings/{id}/recipients/clicked"): _("Read who clicked in a mailing."),
    ("GET", "/mailings/{id}/hard-bounces"): _("Read whose address refused a mailing (older address of this call)."),
    ("GET", "/templates"): _("Read a page of the templates."),
    ("POST", "/templates"): _("Create a template."),
    ("GET", "/templates/{id}"): _("Read one template."),
    ("PUT", "/templates/{id}"): _("Replace a template."),
    ("DELETE", "/templates/{id}"): _("Delete a template."),
    ("POST", "/batches"): _("Hand in many contacts at once, to be added, unsubscribed or deleted."),
    ("GET", "/batches/{id}"): _("Ask how far a bulk job is, and what came of each row."),
    ("POST", "/tokens"): _("Ask for a new API token."),
    ("GET", "/tokens/new"): _("Ask for a new API token (older form of this call)."),
}

#: The classes of cyberadmin/api/errors.py.
FAILURES: dict[str, Promise] = {
    "NotSent": _("Cyberimpact could not be reached, so nothing was sent."),
    "PerhapsSent": _("The connection broke before an answer came: it may or may not have been carried out."),
    "TlsFailed": _("The encrypted connection could not be trusted, so nothing was sent."),
    "Redirected": _(
        "Cyberimpact pointed to another address; we never follow, so that the token stays where it belongs."
    ),
    "InvalidToken": _("Cyberimpact does not accept the token: it was deleted, has expired, or belongs elsewhere."),
    "PaymentRequired": _("Cyberimpact wants the account to be paid for first."),
    "Forbidden": _("The token is accepted, but not for this."),
    "NotFound": _("There is nothing by this number or address at Cyberimpact."),
    "Conflict": _("It clashes with something that exists at Cyberimpact already."),
    "TooLarge": _("It was too large for Cyberimpact."),
    "Rejected": _("Cyberimpact refused the values; its own words say which."),
    "RateLimited": _("Too many calls in a short time; we wait as long as Cyberimpact asks."),
    "ServerError": _("Cyberimpact had trouble of its own; we try again later."),
    "UnexpectedResponse": _("The answer was not what Cyberimpact documents; we look before anything is sent again."),
}


def meaning(method: str, pattern: str) -> Text:
    """What a call does, or "" for one that this version does not make."""
    return MEANINGS.get((method, pattern), "")


def failure(error_class: str) -> Text:
    """What a kind of failure means, or ""."""
    return FAILURES.get(error_class, "")
