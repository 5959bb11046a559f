"""Find a person, and everything about them, client by client."""

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from cyberadmin.accounts.scoping import address
from cyberadmin.cases import about, finding
from cyberadmin.cases.finding import PerClient

from .base import MyPage, case_url


def person_url(email: str) -> str:
    """Everything about one address."""
    return f"{reverse('admin:person_found')}?{urlencode({'email': email})}"


class FindPage(MyPage):
    """One search over the clients of this person."""

    template_name = "cases/find.html"
    title = _("Find a person")

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        typed = request.GET.get("q", "")[: finding.LONGEST].replace("\x00", "")
        groups = [
            {
                "found": found,
                "rows": [{"contact": one, "url": person_url(one.email)} for one in found.contacts],
            }
            for found in finding.search_people(self.user, typed)
        ]
        # Who was never a contact, or is one no longer, may still stand in a ledger or in a list of recipients.
        elsewhere = ""
        if not groups and "@" in typed and finding.accounts_with(self.user, typed):
            elsewhere = person_url(typed.strip())
        return self.render(typed=typed, groups=groups, elsewhere=elsewhere)


class PersonPage(MyPage):
    """Everything that the clients of this person have about one address."""

    template_name = "cases/person.html"
    title: Any = _("Everything about a person")

    def crumbs(self) -> list[tuple[Any, str]]:
        return [(_("Find a person"), reverse("admin:find_person"))]

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        email = request.GET.get("email", "").replace("\x00", "").strip()[:254]
        clients = finding.everything(self.user, email) if email else []
        cases = about.open_cases(self.user, email) if email else []
        wanted = urlencode(
            {"email": email, "client": [one.account.slug for one in clients if one.may_edit]}, doseq=True
        )
        if email:
            self.title = email
        return self.render(
            email=email,
            clients=[self._links(one) for one in clients],
            cases=[{"case": case, "url": case_url(case)} for case in cases],
            open_url=f"{reverse('admin:case_open')}?{wanted}" if any(one.may_edit for one in clients) else "",
        )

    def _links(self, one: PerClient) -> dict[str, Any]:
        """The client's part with the ways into the client."""

        def inside(name: str, *args: Any) -> str:
            return address(self.request, f"admin:{name}", *args, account=one.account)

        contact = one.contact
        return {
            "one": one,
            "contact_url": inside("contacts_contact_change", contact.pk) if contact and not contact.gone_at else "",
            "received_url": f"{inside('campaigns_mailing_received')}?{urlencode({'email': contact.email})}"
            if contact and not contact.gone_at
            else "",
            "changes": [(change, said, inside("sync_change_detail", change.pk)) for change, said in one.changes],
            "calls": [(call, inside("sync_apicall_change", call.pk)) for call in one.calls],
            "planned": [(row, inside("sync_changeset_change", row.change_set_id)) for row in one.planned],
        }
