"""App registration; tells the first page what an off-boarding needs, and the erasure what its files hold."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OffBoardingConfig(AppConfig):
    name = "cyberadmin.offboarding"
    label = "offboarding"
    verbose_name = _("Off-boarding")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from contacts.consent import erasure
        from cyberadmin.console import needs

        from . import erasers
        from .due import needs_of

        erasure.register("leaving_files", erasers.leaving_files)
        needs.register(needs_of, {"off_boarding": _("off-boardings")})
