"""App registration; hands the mailing resource to the engine."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CampaignsConfig(AppConfig):
    name = "campaigns"
    verbose_name = _("Campaigns")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from cyberadmin.sync import registry

        from .resource import MailingResource

        registry.register(MailingResource())
