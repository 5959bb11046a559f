"""App registration of the console."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ConsoleConfig(AppConfig):
    name = "cyberadmin.console"
    label = "console"
    verbose_name = _("Console")

    def ready(self) -> None:
        from . import needs_engine, needs_mailings

        needs_engine.register()
        needs_mailings.register()
