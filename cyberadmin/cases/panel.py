"""The card on a contact's page: the way to everything about the person, and the open cases of this client about them."""

from urllib.parse import urlencode

from django.contrib.auth.models import User
from django.http import HttpRequest
from django.template.loader import render_to_string

from contacts.models import Contact
from contacts.panels import Panel
from cyberadmin.accounts.scoping import address

from . import about


def panel(request: HttpRequest, user: User, contact: Contact) -> Panel:
    """The card."""
    cases = [
        {"case": case, "url": address(request, "admin:case", case.pk)}
        for case in about.open_cases(user, contact.email, contact.account)
    ]
    person = f"{address(request, 'admin:person_found')}?{urlencode({'email': contact.email})}"
    return Panel(render_to_string("cases/panel.html", {"cases": cases, "person_url": person}, request))
