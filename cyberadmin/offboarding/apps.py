"""App registration; tells the first page what an off-boarding needs."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OffBoardingConfig(AppConfig):
    name = "cyberadmin.offboarding"
    label = "offboarding"
    verbose_name = _("Off-boarding")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from cyberadmin.console import needs

        from .due import needs_of

        needs.register(needs_of, {"off_boarding": _("off-boardings")})
