"""App registration; hands the template resource to the engine."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TemplatesConfig(AppConfig):
    name = "templates"
    label = "emailtemplates"
    verbose_name = _("Templates")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from cyberadmin.sync import registry

        from .resource import TemplateResource

        registry.register(TemplateResource())
