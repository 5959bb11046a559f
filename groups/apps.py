"""App registration; hands the group resource to the engine."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class GroupsConfig(AppConfig):
    name = "groups"
    verbose_name = _("Groups")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from cyberadmin.sync import registry

        from .resource import GroupResource

        registry.register(GroupResource())
