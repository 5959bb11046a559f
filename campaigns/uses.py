"""What of this app was made from an e-mail template, for the page that deletes the template."""

from templates.models import EmailTemplate
from templates.uses import Use

from .models import Edition
from .pages.common import campaign_url


def of_template(template: EmailTemplate) -> list[Use]:
    """The editions of campaigns that began with this template."""
    editions = Edition.objects.filter(campaign__account_id=template.account_id, template_pk=template.pk)
    return [
        Use(f"{one.campaign.name} ({one.get_language_display()})", campaign_url(one.campaign))
        for one in editions.select_related("campaign").order_by("-campaign__updated_at", "language")[:50]
    ]
