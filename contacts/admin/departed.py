"""Who bounced and who unsubscribed, with dates: of one client, or of all the clients whom a person works on (W3)."""

from typing import Any

from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from contacts.consent import typos
from contacts.models import Contact
from contacts.services import BOUNCED_STAYS
from cyberadmin.accounts.models import Account
from cyberadmin.accounts.my_clients import MyClientsPage
from cyberadmin.accounts.scoping import ScopedPage, address, rights
from cyberadmin.sync.listing import BoundedPaginator

PER_PAGE = 50
#: Which moment orders each list.
MOMENTS = {Contact.State.BOUNCED.value: "bounced_at", Contact.State.UNSUBSCRIBED.value: "unsubscribed_at"}


def left(accounts: list[Account], state: str) -> QuerySet[Any]:
    """Those who left these clients in this way, the latest first."""
    rows = Contact.objects.filter(account__in=accounts, gone_at=None, state=state).select_related("account")
    return rows.order_by(F(MOMENTS[state]).desc(nulls_last=True), "-pk")


def listing(request: HttpRequest, accounts: list[Account], editable: set[int]) -> dict[str, Any]:
    """The context of a page of such a list. `editable`: clients whose contacts this person may change."""
    state = request.GET.get("state", "")
    state = state if state in MOMENTS else Contact.State.BOUNCED.value
    page = BoundedPaginator(left(accounts, state), PER_PAGE).get_page(request.GET.get("p"))
    rows = [
        {
            "contact": contact,
            "moment": getattr(contact, MOMENTS[state]),
            "suggestion": typos.suggestion(contact.email) if state == Contact.State.BOUNCED else "",
            "editable": contact.account_id in editable and contact.deleted_at is None,
            **{
                name: address(request, f"admin:contacts_contact_{name}", contact.pk, account=contact.account)
                for name in ("change", "correct", "unsubscribe")
            },
        }
        for contact in page
    ]
    return {
        "rows": rows,
        "page": page,
        "state": state,
        "bounced_stays": BOUNCED_STAYS,
        "states": [(value, Contact.State(value).label) for value in MOMENTS],
    }


class LeftPage(ScopedPage):
    """Who left one client."""

    template_name = "contacts/consent_left.html"
    title = _("Bounced and unsubscribed")

    def crumbs(self) -> list[tuple[Any, str]]:
        return [(_("Contacts"), reverse("admin:contacts_contact_changelist"))]

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        editable = {self.account.pk} if rights(request).edit else set()
        return self.render(**listing(request, [self.account], editable))


class MyClientsLeftPage(MyClientsPage):
    """Who left any of the clients whom a person works on."""

    template_name = "contacts/consent_left.html"
    title = _("Bounced and unsubscribed")

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self.render(several=True, **listing(request, self.accounts(), self.editable()))
