"""App registration of the client accounts."""

from django.apps import AppConfig
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "cyberadmin.accounts"
    label = "accounts"
    verbose_name = _("Client accounts")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from . import checks, history_guard  # noqa: F401

        connection_created.connect(history_guard.connected, dispatch_uid="accounts.history_guard")
        post_migrate.connect(history_guard.install, sender=self, dispatch_uid="accounts.history_guard")
