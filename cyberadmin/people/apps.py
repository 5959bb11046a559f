"""App registration of the people; each log-in gets its row as soon as Django has made it."""

from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in
from django.utils.translation import gettext_lazy as _


class PeopleConfig(AppConfig):
    name = "cyberadmin.people"
    label = "people"
    verbose_name = _("People")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from cyberadmin.accounts import sealed

        from . import factors, sessions

        user_logged_in.connect(sessions.began, dispatch_uid="people.sessions")
        sealed.register(factors.seal_anew)
