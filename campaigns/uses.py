"""What this app tells the e-mail templates: what was made from one, and what is known of merge fields."""

from collections.abc import Iterator

from contacts.models import CustomField
from cyberadmin.accounts.models import Account
from templates.models import EmailTemplate
from templates.uses import Use

from .models import Edition, Mailing
from .pages.common import campaign_url

#: How many mailings made elsewhere are looked through for merge fields.
NEWEST = 20


def of_template(template: EmailTemplate) -> list[Use]:
    """The editions of campaigns that began with this template."""
    editions = Edition.objects.filter(campaign__account_id=template.account_id, template_pk=template.pk)
    return [
        Use(f"{one.campaign.name} ({one.get_language_display()})", campaign_url(one.campaign))
        for one in editions.select_related("campaign").order_by("-campaign__updated_at", "language")[:50]
    ]


def foreign_bodies(account: Account) -> Iterator[str]:
    """The newest bodies that were made in the vendor's own editor: they show how merge fields are written."""
    rows = Mailing.objects.filter(account=account, purpose=Mailing.Purpose.FOREIGN, body_available=True)
    newest = rows.filter(gone_at=None).order_by("-send_at").values_list("body_html", "body_text")[:NEWEST]
    return (body for bodies in newest.iterator() for body in bodies)


def custom_field_names(account: Account) -> list[str]:
    """What the client calls its custom fields."""
    return list(
        CustomField.objects.filter(account=account, gone_at=None).order_by("name").values_list("name", flat=True)
    )
