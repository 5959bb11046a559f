"""App registration; hands the contact resources to the engine."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ContactsConfig(AppConfig):
    name = "contacts"
    verbose_name = _("Contacts")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from cyberadmin.accounts import sealed
        from cyberadmin.sync import registry

        from .bulk.kinds import register_all
        from .consent import never_back
        from .resource import ContactResource

        registry.register(ContactResource())
        sealed.register(never_back.seal_anew)
        register_all()
