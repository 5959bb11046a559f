"""The click map of a mailing: its body with what was clicked drawn into it, and the table behind it."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from campaigns import click_map, results
from campaigns.templatetags.campaigns import amount, rate
from templates import preview

from . import charts
from .common import mailing_url
from .mailing import OfMailing


def words(link: click_map.Link | None) -> str:
    """What a badge says."""
    if link is None:
        return _("not counted")
    people = ngettext("%(number)s person", "%(number)s people", link.unique) % {"number": amount(link.unique)}
    clicks = ngettext("%(number)s click", "%(number)s clicks", link.total) % {"number": amount(link.total)}
    return " · ".join([people, clicks, *([rate(link.share)] if link.share is not None else [])])


class ClickBody(OfMailing, preview.PreviewPage):
    """The HTML of a mailing with its badges, for a frame."""

    def html(self) -> str:
        if not self.obj.links:
            raise Http404
        return click_map.draw(self.obj.body_html, self.obj.links, words).html


class ClickMapPage(OfMailing):
    """Where people clicked: the body with a badge beside each link, and the links by clicks."""

    template_name = "campaigns/clicks.html"
    title = gettext_lazy("Click map")

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        mailing = self.obj
        found = click_map.draw(mailing.body_html, mailing.links, words)
        frame = preview.frame(request, mailing_url(mailing, "clicks_body"), html=mailing.body_html, text=None)
        return self.render(
            mailing=mailing,
            left=mailing.stage in results.LEFT,
            drawn=bool(mailing.links and mailing.body_html.strip()),
            rows=charts.link_rows(found.links),
            uncounted=found.uncounted,
            unplaced=sum(1 for link in found.links if not link.places),
            preview=frame,
        )
