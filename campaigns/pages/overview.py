"""Across mailings: several of them side by side."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns import results
from campaigns.models import Mailing
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
