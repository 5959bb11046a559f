"""The radar of consents: what ended, what ends and when, what is not known, what looks made up (product.md N7, W12)."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from contacts.consent import radar, standing, terms
from contacts.consent.standing import Standing, Tally
from contacts.models import ConsentReading
from cyberadmin.accounts.my_clients import MyClientsPage
from cyberadmin.accounts.scoping import ScopedPage, address
from cyberadmin.charts import columns

#: What a radar counts, in the order of its figures.
FIGURES = (Standing.EXPIRED, Standing.UNKNOWN, Standing.SUSPICIOUS, Standing.UNREAD, Standing.EXPRESS)


def number_of(tally: Tally, one: Standing) -> int | None:
    """How many contacts of a client stand like this; None = not counted yet."""
    number: int | None = getattr(tally, one.value)
    return number


class RadarPage(ScopedPage):
    """The radar of one client; each number leads to exactly these people."""

    template_name = "contacts/consent_radar.html"
    title = _("Consent radar")

    def crumbs(self) -> list[tuple[Any, str]]:
        return [(_("Consent ledger"), reverse("admin:contacts_consentrecord_changelist"))]

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        today = terms.today(self.account)
        tally = radar.tallies([self.account], today)[0]
        listed = reverse("admin:contacts_contact_changelist")
        figures = [
            {
                "label": one.label,
                "number": number_of(tally, one),
                "tone": standing.TONES[one],
                "url": f"{listed}?standing={one.value}",
            }
            for one in FIGURES
        ]
        return self.render(
            tally=tally,
            figures=figures,
            chart=columns(tally.months),
            listed=listed,
            clusters=standing.clusters(self.account) if tally.suspicious else [],
            reading=ConsentReading.objects.filter(account=self.account).first(),
        )


class MyClientsRadarPage(MyClientsPage):
    """The radar over all the clients whom a person works on; those with most to do come first."""

    template_name = "contacts/consent_clients.html"
    title = _("Consent radar")

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        today = timezone.localdate()
        tallies = radar.tallies(self.accounts(), today)
        rows = [
            {
                "tally": tally,
                "url": address(request, "admin:contacts_consentrecord_radar", account=tally.account),
            }
            for tally in sorted(tallies, key=lambda one: -(one.expired + one.unknown + one.ending))
        ]
        return self.render(
            rows=rows,
            chart=columns(radar.together(tallies, today)),
            expired=sum(one.expired for one in tallies),
            unknown=sum(one.unknown for one in tallies),
            unread=sum(one.unread for one in tallies),
            suspicious=sum(one.suspicious or 0 for one in tallies),
            left_url=reverse("admin:contacts_consentrecord_clients_left"),
        )
