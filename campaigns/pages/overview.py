"""Across mailings: several of them side by side, and what one person received (W18)."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns import results
from campaigns.models import Mailing, RecipientList
from contacts.models import Contact, email_key
from cyberadmin.accounts.scoping import ScopedPage

from . import charts

#: How many mailings are offered to compare, and how many are compared at first.
OFFERED, FIRST = 50, 6


class ComparePage(ScopedPage):
    """Rates of several mailings that left, side by side."""

    template_name = "campaigns/compare.html"
    title = gettext_lazy("Compare mailings")

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        offered = list(results.comparable(self.account).defer("body_html", "body_text")[:OFFERED])
        wanted = set(request.GET.getlist("m"))
        chosen = [one for one in offered if str(one.pk) in wanted] or offered[:FIRST]
        return self.render(
            offered=offered,
            chosen=chosen,
            chosen_pks={one.pk for one in chosen},
            rows=[(one, _bars(one)) for one in chosen],
        )


def _bars(mailing: Mailing) -> list[charts.Bar]:
    """The three rates that mailings are compared by: of those sent, as the funnel tells them."""
    steps = {step.name: step for step in results.funnel(mailing)}
    named = (("delivered", _("delivered")), ("opened", _("opened")), ("clicked", _("clicked")))
    return [charts.bar(label, steps[name].count, steps[name].share) for name, label in named]


class ReceivedPage(ScopedPage):
    """What one person received, opened and clicked, as far as the lists were read."""

    template_name = "campaigns/received.html"
    title = gettext_lazy("Mailings received")

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        typed = request.GET.get("email", "").strip()[:254]
        contact = Contact.objects.filter(account=self.account, email_key=email_key(typed), gone_at=None).first()
        received = results.received(contact) if typed and contact else None
        labels = dict(RecipientList.Outcome.choices)
        rows = [
            (one.mailing, [(labels.get(name, name), when) for name, when in one.outcomes.items() if name != "all"])
            for one in (received.rows if received else [])
        ]
        return self.render(typed=typed, contact=contact, received=received, rows=rows)
