"""What is decided about a client: settings, pause, what vanished; and the addresses of all pages about one."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cyberadmin.accounts import hosts, services
from cyberadmin.accounts.forms import AccountForm, ReasonForm
from cyberadmin.accounts.models import Credential
from cyberadmin.sync import services as engine
from cyberadmin.sync.models import HeldSweep

from . import custody, digest_page, register, retention_page, taking_on
from .figures import ClientFiguresPage, MyFiguresPage
from .mailing_calendar import CalendarPage
from .manage_page import ManagePage
from .steps import steps


class SettingsPage(ManagePage):
    """Name, colour, language and time zone of a client."""

    form_class = AccountForm
    template_name = "console/settings.html"
    title = gettext_lazy("Settings")
    submit_label = gettext_lazy("Save")

    def initial(self) -> dict[str, Any]:
        return {"pk": self.account.pk, **{name: getattr(self.account, name) for name in services.DECIDED}}

    def perform(self, form: Any) -> str | None:
        return "edited" if services.edit_account(self.user, self.account, form.cleaned_data) else None

    def show(self, form: Any, **context: Any) -> HttpResponse:
        credentials = Credential.objects.filter(account=self.account).select_related("created_by")
        found = {"credentials": credentials, "hosts": hosts.choices(), "steps": steps(self.account)}
        return super().show(form, retention=retention_page.shown(self.account), **found, **context)


class PausePage(ManagePage):
    """Stop sending until somebody resumes."""

    form_class = ReasonForm
    template_name = "console/pause.html"
    title = gettext_lazy("Pause this client")
    submit_label = gettext_lazy("Pause")

    def perform(self, form: Any) -> str:
        engine.pause(self.user, self.account, form.cleaned_data["why"])
        return "paused"


class ResumePage(ManagePage):
    """Go on after a pause."""

    title = gettext_lazy("Resume this client")
    submit_label = gettext_lazy("Resume")

    def perform(self, form: Any) -> str:
        engine.resume(self.user, self.account)
        return "resumed"

    def announce(self, outcome: Any) -> None:
        messages.success(self.request, _("Resumed. What waits goes out in order."))


class PullPage(ManagePage):
    """Have everything read anew; anybody who may see the client may ask for it."""

    right = "view"
    title = gettext_lazy("Read everything anew")
    submit_label = gettext_lazy("Read now")

    def perform(self, form: Any) -> str:
        engine.request_pull(self.user, self.account)
        return "requested"

    def announce(self, outcome: Any) -> None:
        messages.success(self.request, _("Cyberimpact is being read. You can work meanwhile."))


class SweepPage(ManagePage):
    """Decide whether objects that vanished in great number may go here as well."""

    title = gettext_lazy("Many objects vanished at Cyberimpact")
    template_name = "console/sweep.html"

    def rows(self) -> Any:
        return HeldSweep.objects.filter(account=self.account, state=HeldSweep.State.HELD)

    def perform(self, form: Any) -> str:
        engine.decide_sweep(self.user, self.obj, approve="approve" in self.request.POST)
        return "decided"


def client_urls(site: Any) -> list[URLPattern]:
    """The addresses of all pages about a client; all but connecting one and those over all clients are inside its address."""
    pages = (
        *taking_on.PAGES,
        *custody.PAGES,
        *register.PAGES,
        *digest_page.PAGES,
        ("figures/", "account_figures", ClientFiguresPage),
        ("my-figures/", "figures", MyFiguresPage),
        ("calendar/", "calendar", CalendarPage),
        ("settings/", "account_settings", SettingsPage),
        ("settings/retention/", "account_retention", retention_page.RetentionPage),
        ("pause/", "account_pause", PausePage),
        ("resume/", "account_resume", ResumePage),
        ("pull/", "account_pull", PullPage),
        ("vanished/<int:object_id>/", "account_sweep", SweepPage),
    )
    return [path(route, site.admin_view(page.as_view(site=site)), name=name) for route, name, page in pages]
