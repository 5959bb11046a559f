"""App registration of the exports; hands what they hold of a person to the erasure."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ExportsConfig(AppConfig):
    name = "cyberadmin.exports"
    label = "exports"
    verbose_name = _("Exports")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from contacts.consent import erasure

        from . import erasers

        erasure.register("exports", erasers.exports)
