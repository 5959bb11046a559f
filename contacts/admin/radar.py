"""The radar of consents: what ended, what ends and when, what is not known, what looks made up (product.md N7, W12)."""

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from contacts.bulk.groups import campaign_to, joined
from contacts.consent import radar, standing, terms
from contacts.consent.standing import Standing, Tally
from contacts.models import ConsentReading
from cyberadmin.accounts.my_clients import MyClientsPage
from cyberadmin.accounts.scoping import ScopedPage, address
from cyberadmin.charts import columns
from cyberadmin.sync.models import ChangeSet
from groups.models import Group

#: So many of the groups that were filled from here are shown.
MADE = 3
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
            put_in_group=self.put_in_group(),
            made=self.made(),
        )

    def put_in_group(self) -> dict[str, str]:
        """Where exactly the people who stand like this are put in a new group, by the way they stand."""
        bulk, month = reverse("admin:contacts_contact_bulk"), date_format(terms.today(self.account), "F Y")
        titles = {
            Standing.SOON.value: gettext("Consents that end soon, %(month)s"),
            Standing.SUSPICIOUS.value: gettext("Consents to prove, %(month)s"),
        }
        asked = {"action": "join", "scope": "all"}
        return {
            standing: f"{bulk}?{urlencode({**asked, 'f-standing': standing, 'new_group': title % {'month': month}})}"
            for standing, title in titles.items()
        }

    def made(self) -> list[tuple[str, str]]:
        """(titles, address of a campaign to them) of the groups that were filled from here last, the newest first."""
        sets = ChangeSet.objects.filter(account=self.account, kind="join", state=ChangeSet.State.DONE)
        found = []
        for one in sets.filter(parameters__selection__filters__has_key="standing").order_by("-pk")[:MADE]:
            groups = Group.objects.filter(account=self.account, pk__in=joined(one), gone_at=None, deleted_at=None)
            if listed := list(groups.order_by("title_key")):
                found.append((", ".join(group.title for group in listed), campaign_to(listed)))
        return found


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
