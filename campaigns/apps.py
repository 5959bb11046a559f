"""App registration; hands the mailing resource to the engine."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CampaignsConfig(AppConfig):
    name = "campaigns"
    verbose_name = _("Campaigns")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from contacts import panels
        from contacts.consent import erasure
        from cyberadmin.sync import registry
        from templates import merge_fields, uses

        from .erasure import of_person
        from .pages.received import panel
        from .resource import MailingResource
        from .uses import custom_field_names, foreign_bodies, of_template

        registry.register(MailingResource())
        uses.register(of_template)
        merge_fields.register_bodies(foreign_bodies)
        merge_fields.register_custom_names(custom_field_names)
        panels.register(panel)
        erasure.register("recipients", of_person)
