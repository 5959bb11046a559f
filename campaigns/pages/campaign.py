"""One campaign: how far it is, what it looks like, and what is next."""

from typing import Any

from django.http import HttpRequest, HttpResponse

from cyberadmin.accounts.scoping import ScopedPage, rights

from ..models import Campaign, Mailing
from .common import STATE_TONES, editions_of, previews


class CampaignPage(ScopedPage):
    """Every language of a campaign as people will receive it."""

    template_name = "campaigns/campaign.html"
    obj: Campaign

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        campaign = self.obj
        self.title = campaign.name
        editions = editions_of(campaign)
        return self.render(
            campaign=campaign,
            editable=rights(request).edit,
            deletable=not Mailing.objects.filter(edition__campaign=campaign).exists(),
            state_tone=STATE_TONES[campaign.state],
            **previews(request, campaign, editions),
        )
