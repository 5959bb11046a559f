"""One campaign: how far it is, what preflight says, what it looks like, and what is next."""

from collections.abc import Iterable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy

from campaigns import confirming
from campaigns.approvals import open_approval
from campaigns.models import Campaign, Edition, Mailing
from campaigns.preflight import Finding, Report, gather
from campaigns.sending import countdown
from cyberadmin.accounts.scoping import ScopedPage, rights
from cyberadmin.sync import reasons
from cyberadmin.sync import services as outbox

from .common import STATE_TONES, TOO_LATE, campaign_url, editions_of, previews

LEVELS = (
    ("block", "bad", "block", gettext_lazy("must be mended")),
    ("warn", "warn", "warning", gettext_lazy("look at it")),
    ("pass", "good", "check", gettext_lazy("in order")),
)


def repair_url(campaign: Campaign, finding: Finding, *, manage: bool) -> str:
    """The page that mends what a check found; "" when there is none for this person."""
    if finding.repair in ("groups", "body", "text", "subject", "sender"):
        return f"{campaign_url(campaign, 'write')}#{finding.language}"
    if finding.repair == "token":
        return reverse("admin:account_token") if manage else ""
    pages = {"time": "time", "confirmation": "send", "campaign": "change"}
    if finding.repair in pages:
        return campaign_url(campaign, pages[finding.repair])
    lists = {
        "identity": "admin:campaigns_campaign_identity",
        "outbox": "admin:sync_change_changelist",
        "contacts": "admin:contacts_contact_changelist",
        "other_mailing": "admin:campaigns_mailing_changelist",
    }
    return reverse(lists[finding.repair]) if finding.repair in lists else ""


def checked(request: HttpRequest, campaign: Campaign, report: Report) -> list[dict[str, Any]]:
    """The findings by level, each with the way to its repair, for "campaigns/preflight.html"."""
    languages = {one.language: one.get_language_display() for one in campaign.editions.all()}
    manage, editable = rights(request).manage, rights(request).edit
    return [
        {
            "level": level,
            "tone": tone,
            "icon": icon,
            "label": label,
            "findings": [
                {
                    "sentence": one.sentence,
                    "language": languages.get(one.language, ""),
                    "url": repair_url(campaign, one, manage=manage) if editable else "",
                }
                for one in found
            ],
        }
        for (level, tone, icon, label), found in zip(
            LEVELS, (report.blocks, report.warnings, report.passed), strict=True
        )
    ]


def at_vendor(campaign: Campaign, editions: Iterable[Edition]) -> list[dict[str, Any]]:
    """The mailings made of a campaign, the newest first, with what the Outbox says of each."""
    mailings = list(
        Mailing.objects.filter(edition__in=[one.pk for one in editions]).defer("body_html", "body_text").order_by("-pk")
    )
    changes = outbox.latest_changes(campaign.account, "mailing", [one.pk for one in mailings])
    return [
        {
            "mailing": one,
            "change": changes.get(one.pk),
            "explained": reasons.explain(changes[one.pk]) if one.pk in changes else None,
            "countdown": countdown(one),
            "too_late": one.pk in changes and changes[one.pk].reason in TOO_LATE,
        }
        for one in mailings
    ]


class CampaignPage(ScopedPage):
    """Every language of a campaign as people will receive it, its checks, its approval and its mailings."""

    template_name = "campaigns/campaign.html"
    obj: Campaign

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        campaign = self.obj
        self.title = campaign.name
        editions = editions_of(campaign)
        mailings = at_vendor(campaign, editions)
        report = gather.check(campaign, confirming.latest_confirmation(campaign))
        return self.render(
            campaign=campaign,
            editions=editions,
            editable=rights(request).edit,
            deletable=not mailings,
            state_tone=STATE_TONES[campaign.state],
            mailings=mailings,
            checks=checked(request, campaign, report),
            report=report,
            approval=open_approval(campaign),
            refused=campaign.approvals.first(),
            zone=self.account.time_zone,
            **previews(request, campaign, editions),
        )
