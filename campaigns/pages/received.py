"""What one person received: a page of its own, and a panel on the contact's page."""

from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext_lazy, pgettext_lazy

from campaigns import received
from contacts.models import Contact, email_key
from contacts.panels import Panel
from cyberadmin.accounts.scoping import ScopedPage

#: How many mailings the contact's page shows.
NEWEST = 5
#: How a mailing ended for one person: (words, tone).
ENDS = {
    "": (gettext_lazy("sent"), "quiet"),
    "delivered": (pgettext_lazy("one mailing", "delivered"), "good"),
    "hard-bounced": (gettext_lazy("came back: hard bounce"), "bad"),
    "soft-bounced": (gettext_lazy("came back: soft bounce"), "warn"),
    "stopped": (gettext_lazy("stopped before it left"), "warn"),
    "unsubscribed": (gettext_lazy("unsubscribed through it"), "warn"),
}


def context_of(contact: Contact, newest: int | None = None) -> dict[str, Any]:
    """What the templates need of one person; of the `newest` mailings only, when given."""
    found = received.received(contact)
    rows = found.rows[:newest]
    return {
        "contact": contact,
        "received": found,
        "total": len(found.rows),
        "rows": [(row, *ENDS[row.end], received.consent_then(contact, row.sent_at)) for row in rows],
        "readable": received.can_be_read(contact),
        "page_url": f"{reverse('admin:campaigns_mailing_received')}?{urlencode({'email': contact.email})}",
    }


def status_url(contact: Contact, part: str) -> str:
    """Where a page that waits asks: `part` is "panel" or "table"."""
    query = urlencode({"contact": contact.pk, "part": part})
    return f"{reverse('admin:campaigns_mailing_received_status')}?{query}"


def look(user: User, contact: Contact) -> bool:
    """Have the vendor asked unless that was just done; whether the page should wait for the answer."""
    if not received.can_be_read(contact) or received.received(contact).is_fresh:
        return False
    received.request(user, contact)
    return True


def panel(request: HttpRequest, user: User, contact: Contact) -> Panel:
    """The card on the contact's page."""
    waits = status_url(contact, "panel") if look(user, contact) else ""
    return Panel(render_to_string("campaigns/received_panel.html", context_of(contact, NEWEST), request), waits)


class ReceivedPage(ScopedPage):
    """What one person received, opened and clicked, and the consent at that time."""

    template_name = "campaigns/received.html"
    title = gettext_lazy("Mailings received")

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        typed = request.GET.get("email", "").strip()[:254]
        contact = Contact.objects.filter(account=self.account, email_key=email_key(typed), gone_at=None).first()
        if not typed or contact is None:
            return self.render(typed=typed, contact=None)
        waits = status_url(contact, "table") if look(self.user, contact) else ""
        return self.render(typed=typed, waits=waits, **context_of(contact))


class ReceivedStatus(ScopedPage):
    """The same as last read, for the page that waits for it."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> JsonResponse:
        wanted = request.GET.get("contact", "")
        number = int(wanted) if wanted.isdecimal() and len(wanted) < 18 else 0
        contact = Contact.objects.filter(account=self.account, pk=number, gone_at=None).first()
        if contact is None:
            return JsonResponse({"html": "", "final": False})
        part, newest = ("table", None) if request.GET.get("part") == "table" else ("panel", NEWEST)
        context = context_of(contact, newest)
        html = render_to_string(f"campaigns/received_{part}.html", context, request)
        return JsonResponse({"html": html, "final": context["received"].is_fresh})
