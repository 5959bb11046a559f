"""Connecting a client, and what is decided about one: settings, token, staff, pause.

No request here speaks to the vendor: a page that waits for an answer asks a small status address until it is there.
"""

from typing import Any, ClassVar

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cyberadmin.accounts import audit, policy, services
from cyberadmin.accounts.forms import AccessForm, AccountForm, ConfirmForm, ConnectForm, PageForm, ReasonForm, TokenForm
from cyberadmin.accounts.models import Account, AccountAccess, Credential
from cyberadmin.accounts.scoping import AgencyPage, ScopedPage, address
from cyberadmin.sync import services as engine
from cyberadmin.sync.models import HeldSweep
from cyberadmin.sync.pages import FormPage


class ConnectPage(AgencyPage, FormPage):
    """A new client: its name, colour, language, zone and host, and its token pasted once."""

    form_class = ConnectForm
    template_name = "console/connect.html"
    title = gettext_lazy("Connect a client")
    submit_label = gettext_lazy("Check the token")

    def perform(self, form: Any) -> Account:
        names = ("name", "colour", "language", "time_zone", "host")
        values = {name: form.cleaned_data[name] for name in names}
        return services.connect(self.user, values, form.cleaned_data["token"])

    def announce(self, outcome: Any) -> None:
        """Nothing yet: the next page tells how the token fares."""

    def done_url(self, outcome: Any) -> str:
        if isinstance(outcome, Account):
            return address(self.request, "admin:account_proving", account=outcome)
        return address(self.request, "admin:index")


class ManagePage(FormPage):
    """A page about the client itself, for who manages it; afterwards back to the client's own page."""

    right: ClassVar[policy.Right] = "manage"
    form_class: ClassVar[type[PageForm]] = ConfirmForm

    def done_url(self, outcome: Any) -> str:
        return reverse("admin:index")

    def crumbs(self) -> list[tuple[Any, str]]:
        return [(self.account.name, reverse("admin:index"))]

    def show(self, form: Any, **context: Any) -> HttpResponse:
        return super().show(form, cancel_url=reverse("admin:index"), **context)


def candidate(account: Account) -> Credential | None:
    """The newest credential: the one whose proof a page waits for."""
    return account.credentials.select_related("created_by").order_by("-pk").first()


class ProvingPage(ScopedPage):
    """How the newest token fares: being checked, refused and why, or proved with the vendor's name to compare."""

    right = "manage"
    template_name = "console/proving.html"
    title = gettext_lazy("Checking the token")

    def get(self, request: HttpRequest) -> HttpResponse:
        credential = candidate(self.account)
        if credential is None:
            raise Http404
        if credential.state == Credential.State.ACTIVE:
            messages.success(request, _("The token is in use. Everything that waited goes on in order."))
            return HttpResponseRedirect(reverse("admin:index"))
        return self.render(
            credential=credential,
            proved=credential.proved_at is not None,
            refused=credential.state == Credential.State.REFUSED,
            worker_missing=not engine.workers_alive(),
        )


class ProvingStatus(ScopedPage):
    """Whether the proof is there, for the page that waits for it."""

    right = "manage"

    def get(self, request: HttpRequest) -> JsonResponse:
        credential = candidate(self.account)
        waiting = credential is not None and credential.state == Credential.State.CANDIDATE and not credential.proved_at
        return JsonResponse({"final": not waiting})


class ConfirmPage(ManagePage):
    """A person says that the vendor's account is this client; the first pull starts."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:account_proving"))

    def perform(self, form: Any) -> str:
        services.confirm(self.user, self.account)
        engine.request_pull(self.user, self.account)
        return "confirmed"

    def announce(self, outcome: Any) -> None:
        messages.success(self.request, _("Connected. The first reading of contacts and groups has started."))


class CancelPage(ManagePage):
    """Give up connecting a client that was never confirmed."""

    title = gettext_lazy("Give up connecting")
    submit_label = gettext_lazy("Give up connecting")
    danger = True
    template_name = "console/cancel.html"

    def perform(self, form: Any) -> str:
        services.cancel(self.user, self.account)
        return "cancelled"

    def announce(self, outcome: Any) -> None:
        messages.info(self.request, _("Given up. Nothing of this client or its token was kept."))

    def done_url(self, outcome: Any) -> str:
        return address(self.request, "admin:index")


class SettingsPage(ManagePage):
    """Name, colour, language and time zone of a client."""

    form_class = AccountForm
    template_name = "console/settings.html"
    title = gettext_lazy("Settings")
    submit_label = gettext_lazy("Save")
    FIELDS = ("name", "colour", "language", "time_zone")

    def initial(self) -> dict[str, Any]:
        return {"pk": self.account.pk, **{name: getattr(self.account, name) for name in self.FIELDS}}

    def perform(self, form: Any) -> str | None:
        changed = {
            name: form.cleaned_data[name]
            for name in self.FIELDS
            if form.cleaned_data[name] != getattr(self.account, name)
        }
        if not changed:
            return None
        before = {name: getattr(self.account, name) for name in changed}
        for name, value in changed.items():
            setattr(self.account, name, value)
        self.account.save(update_fields=list(changed))
        audit.record("account.edited", actor=self.user, account=self.account, before=before, after=changed)
        return "edited"

    def show(self, form: Any, **context: Any) -> HttpResponse:
        credentials = Credential.objects.filter(account=self.account).select_related("created_by")
        return super().show(form, credentials=credentials, **context)


class TokenPage(ManagePage):
    """Paste a new token; it is checked before it replaces the one in use."""

    form_class = TokenForm
    template_name = "console/token.html"
    title = gettext_lazy("New token")
    submit_label = gettext_lazy("Check the token")

    def perform(self, form: Any) -> Credential:
        values = form.cleaned_data
        return services.propose_token(
            self.user, self.account, values["token"], kind=values["kind"], username=values["username"]
        )

    def announce(self, outcome: Any) -> None:
        """Nothing yet: the next page tells how the token fares."""

    def done_url(self, outcome: Any) -> str:
        return reverse("admin:account_proving")


class AccessPage(ManagePage):
    """Who works on this client, and in which role."""

    form_class = AccessForm
    template_name = "console/access.html"
    title = gettext_lazy("Staff of this client")
    submit_label = gettext_lazy("Save the role")

    def perform(self, form: Any) -> str:
        user: User = form.cleaned_data["user"]
        services.set_access(self.user, self.account, user, form.cleaned_data["role"] or None)
        return "set"

    def done_url(self, outcome: Any) -> str:
        return reverse("admin:account_access")

    def show(self, form: Any, **context: Any) -> HttpResponse:
        rows = AccountAccess.objects.filter(account=self.account).select_related("user").order_by("user__username")
        return super().show(form, accesses=rows, **context)


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
    """The addresses of the pages above, all inside the client in the address but the first."""
    pages = (
        ("connect/", "account_connect", ConnectPage),
        ("proving/", "account_proving", ProvingPage),
        ("proving/status/", "account_proving_status", ProvingStatus),
        ("confirm/", "account_confirm", ConfirmPage),
        ("cancel/", "account_cancel", CancelPage),
        ("settings/", "account_settings", SettingsPage),
        ("token/", "account_token", TokenPage),
        ("access/", "account_access", AccessPage),
        ("pause/", "account_pause", PausePage),
        ("resume/", "account_resume", ResumePage),
        ("pull/", "account_pull", PullPage),
        ("vanished/<int:object_id>/", "account_sweep", SweepPage),
    )
    return [path(route, site.admin_view(page.as_view(site=site)), name=name) for route, name, page in pages]
