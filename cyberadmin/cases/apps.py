"""App registration; hands what it knows to the seams of the apps below."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CasesConfig(AppConfig):
    name = "cyberadmin.cases"
    label = "cases"
    verbose_name = _("Cases")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from contacts import panels
        from contacts.consent import erasure
        from cyberadmin.accounts import sealed
        from cyberadmin.console import needs

        from . import details, erasers
        from .due import needs_of
        from .panel import panel

        sealed.register(details.seal_anew)
        erasure.register("exchanges", erasers.exchanges)
        panels.register(panel)
        needs.register(needs_of, {"cases": _("legal cases")})
