"""Taking a client on, step by step (product.md W1): who it is, the API, the token, the names, the first pull, the senders.

No request here speaks to the vendor: a page that waits for an answer asks a small status address until it is there.
"""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cyberadmin.accounts import services
from cyberadmin.accounts.downloads import as_file
from cyberadmin.accounts.forms import ConnectForm, LetterForm, SenderForm
from cyberadmin.accounts.models import Account, Credential, Sender
from cyberadmin.accounts.recent import RecentPassword
from cyberadmin.accounts.scoping import AgencyPage, ScopedPage, address
from cyberadmin.sync import services as engine
from cyberadmin.sync.pages import FormPage

from .letters import api_letter, api_letters
from .manage_page import ManagePage
from .steps import alike, learned_senders, steps, unfinished


class ConnectPage(RecentPassword, AgencyPage, FormPage):
    """A new client: who it is, and its token where that is at hand already."""

    form_class = ConnectForm
    template_name = "console/connect.html"
    title = gettext_lazy("Connect a client")
    submit_label = gettext_lazy("Go on")

    def perform(self, form: Any) -> Account:
        values = {name: form.cleaned_data[name] for name in (*services.DECIDED, "host")}
        token = form.cleaned_data["token"]
        return services.connect(self.user, values, token) if token.strip() else services.take_on(self.user, values)

    def announce(self, outcome: Any) -> None:
        """Nothing yet: the next page tells how the token fares, or what comes next."""

    def done_url(self, outcome: Any) -> str:
        if not isinstance(outcome, Account):
            return address(self.request, "admin:index")
        proving = outcome.state == Account.State.PROVING
        return address(self.request, "admin:account_proving" if proving else "admin:account_api", account=outcome)


class StartPage(ScopedPage):
    """Where the taking on stands, and the way into each step."""

    template_name = "console/start.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        self.title = _("Taking on %(client)s") % {"client": self.account.name}
        found = steps(self.account)
        return self.render(steps=found, current=next((step for step in found if step.state == "now"), None))


class ApiPage(ManagePage):
    """What to click at the vendor, and the letter for an account whose API is not active."""

    form_class = LetterForm
    template_name = "console/api.html"
    title = gettext_lazy("The API at Cyberimpact")
    submit_label = gettext_lazy("Make the letter")

    def initial(self) -> dict[str, Any]:
        return {"expected_name": self.account.expected_name or self.account.name}

    def perform(self, form: Any) -> str:
        services.make_letter(self.user, self.account, form.cleaned_data["expected_name"])
        return "made"

    def announce(self, outcome: Any) -> None:
        messages.success(self.request, _("The letter is ready below. This client now waits for the API."))

    def done_url(self, outcome: Any) -> str:
        return reverse("admin:account_api") + "#letter"

    def show(self, form: Any, **context: Any) -> HttpResponse:
        letters = api_letters(self.account) if self.account.letter_made_at else []
        return super().show(form, letters=letters, steps=unfinished(self.account, 2), cancel_url="", **context)


class LetterFile(ScopedPage):
    """The letter as a text file. `?language=`: fr or en, else the client's own."""

    right = "manage"

    def get(self, request: HttpRequest) -> HttpResponse:
        language = request.GET.get("language", "")
        if language not in Account.Language.values:
            language = self.account.language
        # With a byte order mark, so that Notepad shows the accents.
        text = "\ufeff" + api_letter(self.account, language).text.replace("\n", "\r\n")
        name = f"cyberimpact-api-{self.account.slug}-{language}.txt"
        return as_file(HttpResponse(text, content_type="text/plain; charset=utf-8"), name)


def newest(account: Account) -> Credential | None:
    """The newest credential: the one whose proof a page waits for."""
    return account.credentials.select_related("created_by").order_by("-pk").first()


class ProvingPage(ScopedPage):
    """How the newest token fares: being made or checked, refused and why, or proved with the vendor's name to compare."""

    right = "manage"
    template_name = "console/proving.html"
    title = gettext_lazy("Checking the token")

    def get(self, request: HttpRequest) -> HttpResponse:
        credential = newest(self.account)
        if credential is None or credential.state == Credential.State.RETIRED:
            connected = self.account.state == Account.State.CONNECTED
            return HttpResponseRedirect(reverse("admin:account_tokens" if connected else "admin:account_start"))
        if credential.state == Credential.State.ACTIVE:
            messages.success(request, _("The token is in use. Everything that waited goes on in order."))
            to_delete = any(one.is_watched for one in self.account.credentials.all())
            return HttpResponseRedirect(reverse("admin:account_tokens" if to_delete else "admin:index"))
        refused = credential.state == Credential.State.REFUSED
        return self.render(
            credential=credential,
            proved=credential.proved_at is not None and not refused,
            refused=refused,
            expected=self.account.expected_name or self.account.name,
            alike=alike(self.account.expected_name or self.account.name, credential.proved_as),
            steps=steps(self.account, 3 if refused else 4) if self.account.state != Account.State.CONNECTED else [],
            worker_missing=not engine.workers_alive(),
        )


class ProvingStatus(ScopedPage):
    """Whether the proof is there, for the page that waits for it."""

    right = "manage"

    def get(self, request: HttpRequest) -> JsonResponse:
        credential = newest(self.account)
        return JsonResponse({"final": credential is None or not credential.is_open})


class ConfirmPage(RecentPassword, ManagePage):
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


class SendersPage(ManagePage):
    """The addresses that Cyberimpact has validated: typed in, or learned from the mailings it accepted."""

    form_class = SenderForm
    template_name = "console/senders.html"
    title = gettext_lazy("Senders")
    submit_label = gettext_lazy("Add this sender")

    def perform(self, form: Any) -> Any:
        return services.add_sender(self.user, self.account, form.cleaned_data["address"])

    def announce(self, outcome: Any) -> None:
        if outcome is None:
            messages.info(self.request, _("This address was noted already."))
        else:
            messages.success(self.request, _("Noted. Preflight checks take this address for validated."))

    def done_url(self, outcome: Any) -> str:
        return reverse("admin:account_senders")

    def show(self, form: Any, **context: Any) -> HttpResponse:
        typed = self.account.senders.select_related("created_by")
        learned = learned_senders(self.account)
        return super().show(
            form, typed=typed, learned=learned, steps=unfinished(self.account, 6), cancel_url="", **context
        )


class RemoveSenderPage(ManagePage):
    """Cross out an address that was typed by mistake."""

    title = gettext_lazy("Remove this sender")
    submit_label = gettext_lazy("Remove")
    template_name = "console/remove_sender.html"

    def rows(self) -> Any:
        return Sender.objects.filter(account=self.account)

    def perform(self, form: Any) -> str:
        services.remove_sender(self.user, self.obj)
        return "removed"

    def announce(self, outcome: Any) -> None:
        messages.success(self.request, _("Removed here. At Cyberimpact nothing changes."))

    def done_url(self, outcome: Any) -> str:
        return reverse("admin:account_senders")


class FinishPage(ManagePage):
    """Call the taking on finished, whatever step was left out."""

    title = gettext_lazy("Finish taking on")
    submit_label = gettext_lazy("Finish")
    template_name = "console/finish.html"

    def perform(self, form: Any) -> str:
        services.finish(self.user, self.account)
        return "finished"

    def announce(self, outcome: Any) -> None:
        messages.success(self.request, _("Finished. The steps stay reachable in the settings."))


PAGES = (
    ("connect/", "account_connect", ConnectPage),
    ("start/", "account_start", StartPage),
    ("start/finish/", "account_finish", FinishPage),
    ("api/", "account_api", ApiPage),
    ("api/letter/", "account_letter", LetterFile),
    ("proving/", "account_proving", ProvingPage),
    ("proving/status/", "account_proving_status", ProvingStatus),
    ("confirm/", "account_confirm", ConfirmPage),
    ("cancel/", "account_cancel", CancelPage),
    ("senders/", "account_senders", SendersPage),
    ("accounts/sender/<int:object_id>/remove/", "account_sender_remove", RemoveSenderPage),
)
