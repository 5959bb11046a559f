"""App registration of the engine."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from cyberadmin.accounts import sealed


class SyncConfig(AppConfig):
    name = "cyberadmin.sync"
    label = "sync"
    verbose_name = _("Outbox and mirror")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Have what the engine keeps sealed follow a change of keys."""
        from . import exchanges, uploads

        sealed.register(exchanges.rotate)
        sealed.register(uploads.rotate)
