"""What pages about campaigns share: addresses, the campaign's own crumbs, the preview of every language."""

from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from campaigns.models import Campaign, Edition, Mailing
from cyberadmin.sync.pages import FormPage
from templates import preview

#: How each state of a campaign looks.
STATE_TONES = {"draft": "quiet", "asked": "warn", "approved": "info", "scheduled": "info", "sent": "good"}

#: How a cancellation or a move ends that came too late: over, but worth saying.
TOO_LATE = ("already_started", "moved_too_late")


def campaign_url(campaign: Campaign, name: str = "change") -> str:
    """A page of a campaign."""
    return reverse(f"admin:campaigns_campaign_{name}", args=[campaign.pk])


def campaigns_url() -> str:
    """The list of campaigns."""
    return reverse("admin:campaigns_campaign_changelist")


def mailing_url(mailing: Mailing, name: str = "change") -> str:
    """A page of a mailing."""
    return reverse(f"admin:campaigns_mailing_{name}", args=[mailing.pk])


def editions_of(campaign: Campaign) -> list[Edition]:
    """The languages of a campaign with their groups."""
    return list(campaign.editions.prefetch_related("groups__group").select_related("edited_by"))


def chosen_edition(campaign: Campaign, language: str | None) -> Edition:
    """The edition that an address names; the first one when it names none. Raises Http404."""
    editions = campaign.editions.all()
    found = editions.filter(language=language).first() if language else editions.first()
    if found is None:
        raise Http404
    return found


def previews(request: HttpRequest, campaign: Campaign, editions: list[Edition]) -> dict[str, Any]:
    """For the page's context: every language as it will look, all shown in the same way."""
    body = campaign_url(campaign, "body")
    frames = [
        (one, preview.frame(request, f"{body}?language={one.language}", html=one.body_html, text=one.body_text))
        for one in editions
    ]
    show = request.GET.get("show")
    return {
        "previews": frames,
        "show": show if show in preview.WIDTHS else "desktop",
        "remote": any(frame.remote for _edition, frame in frames),
        "pictures_link": "?" + urlencode({"show": show if show in preview.WIDTHS else "desktop", "pictures": "1"}),
    }


class CampaignFormPage(FormPage):
    """A page that does something to one campaign."""

    obj: Campaign

    def crumbs(self) -> list[tuple[Any, str]]:
        return [(_("Campaigns"), campaigns_url()), (self.obj.name, campaign_url(self.obj))]

    def done_url(self, outcome: Any) -> str:
        return campaign_url(self.obj)

    def show(self, form: Any, **context: Any) -> HttpResponse:
        return super().show(form, campaign=self.obj, cancel_url=campaign_url(self.obj), **context)
