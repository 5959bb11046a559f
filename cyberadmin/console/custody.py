"""The tokens of one client: the one in use, its replacement, and the old ones until they are dead (product.md W9, S19)."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cyberadmin.accounts import services
from cyberadmin.accounts.forms import HostForm, PageForm, ReasonForm, TokenForm
from cyberadmin.accounts.models import Account, Credential
from cyberadmin.accounts.recent import RecentPassword
from cyberadmin.accounts.scoping import ScopedPage, account_of
from cyberadmin.sync import custody

from .manage_page import ManagePage
from .steps import steps


class OptionalReasonForm(ReasonForm):
    """A reason that may be left out."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["why"].required = False


class TokensPage(ScopedPage):
    """What opens this client's account, and what is left to be done about what opened it before."""

    right = "manage"
    template_name = "console/tokens.html"
    title = gettext_lazy("Tokens")

    def crumbs(self) -> list[tuple[Any, str]]:
        return [(self.account.name, reverse("admin:index"))]

    def get(self, request: HttpRequest) -> HttpResponse:
        rows = Credential.objects.filter(account=self.account).select_related("account", "created_by", "replaced_by")
        return self.render(
            in_use=next((one for one in rows if one.state == Credential.State.ACTIVE), None),
            watched=[one for one in rows if one.is_watched],
            others=[one for one in rows if one.state != Credential.State.ACTIVE and not one.is_watched],
        )


class OwnTokenPage(ManagePage):
    """A page about one of the client's credentials; afterwards back to all of them."""

    def rows(self) -> Any:
        return Credential.objects.filter(account=self.account).select_related("account")

    def crumbs(self) -> list[tuple[Any, str]]:
        return [*super().crumbs(), (_("Tokens"), reverse("admin:account_tokens"))]

    def done_url(self, outcome: Any) -> str:
        return reverse("admin:account_tokens")

    def show(self, form: Any, **context: Any) -> HttpResponse:
        return super().show(form, **{"cancel_url": reverse("admin:account_tokens"), **context})


class TokenPage(RecentPassword, OwnTokenPage):
    """Paste a new token; it is checked before it replaces the one in use."""

    form_class = TokenForm
    template_name = "console/token.html"
    title = gettext_lazy("New token")
    submit_label = gettext_lazy("Check the token")

    def perform(self, form: Any) -> Credential:
        values = form.cleaned_data
        return services.propose_token(
            self.user,
            self.account,
            values["token"],
            kind=values["kind"],
            username=values["username"],
            why=values["why"],
        )

    def announce(self, outcome: Any) -> None:
        """Nothing yet: the next page tells how the token fares."""

    def done_url(self, outcome: Any) -> str:
        return reverse("admin:account_proving")

    def show(self, form: Any, **context: Any) -> HttpResponse:
        connected = self.account.state == Account.State.CONNECTED
        found = [] if connected else steps(self.account, 3)
        back = "admin:account_tokens" if connected else "admin:account_start"
        return super().show(form, connected=connected, steps=found, cancel_url=reverse(back), **context)


class AskPage(RecentPassword, OwnTokenPage):
    """Have Cyberimpact make a new token with the one in use; with a user name and password, this switches to a token."""

    form_class = OptionalReasonForm
    template_name = "console/ask_token.html"
    title = gettext_lazy("Ask Cyberimpact for a new token")
    submit_label = gettext_lazy("Ask for a new token")

    def perform(self, form: Any) -> Credential:
        return custody.ask_for_token(self.user, self.account, form.cleaned_data["why"])

    def announce(self, outcome: Any) -> None:
        """Nothing yet: the next page tells how the token fares."""

    def done_url(self, outcome: Any) -> str:
        return reverse("admin:account_proving")

    def show(self, form: Any, **context: Any) -> HttpResponse:
        active = self.account.credentials.filter(state=Credential.State.ACTIVE).first()
        return super().show(form, active=active, **context)


class AgainPage(RecentPassword, OwnTokenPage):
    """Check the same token once more after Cyberimpact could not be reached or the API was not active."""

    title = gettext_lazy("Check the token again")
    submit_label = gettext_lazy("Check again")

    def perform(self, form: Any) -> str:
        services.prove_again(self.user, self.obj)
        return "again"

    def announce(self, outcome: Any) -> None:
        """Nothing yet: the next page tells how the token fares."""

    def done_url(self, outcome: Any) -> str:
        return reverse("admin:account_proving")


class CheckPage(OwnTokenPage):
    """Look now whether a replaced token is dead."""

    title = gettext_lazy("Is the old token dead?")
    submit_label = gettext_lazy("Check now")

    def perform(self, form: Any) -> str:
        custody.check_now(self.user, self.obj)
        return "asked"

    def announce(self, outcome: Any) -> None:
        messages.info(self.request, _("Cyberimpact is being asked. The outcome stands here in a moment."))


class ForgetPage(RecentPassword, OwnTokenPage):
    """Empty a credential that nobody has seen dead; it is not watched any more."""

    form_class = ReasonForm
    title = gettext_lazy("Forget this token")
    submit_label = gettext_lazy("Forget it")
    template_name = "console/forget_token.html"
    danger = True

    def perform(self, form: Any) -> str:
        custody.forget(self.user, self.obj, form.cleaned_data["why"])
        return "forgotten"

    def announce(self, outcome: Any) -> None:
        messages.success(self.request, _("Forgotten. The register keeps that it existed."))


class HostPage(RecentPassword, OwnTokenPage):
    """Call another host of Cyberimpact for this client: an administrator's decision, which forgets the token."""

    form_class = HostForm
    template_name = "console/host.html"
    title = gettext_lazy("Another Cyberimpact host")
    submit_label = gettext_lazy("Change the host and forget the token")
    danger = True

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if account_of(request) is not None and not getattr(request.user, "is_superuser", False):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def initial(self) -> dict[str, Any]:
        return {"host": self.account.host}

    def perform(self, form: PageForm) -> str:
        services.change_host(self.user, self.account, form.cleaned_data["host"], form.cleaned_data["why"])
        return "changed"

    def announce(self, outcome: Any) -> None:
        messages.warning(self.request, _("The host is changed and the token forgotten. Paste a token now."))

    def done_url(self, outcome: Any) -> str:
        return reverse("admin:account_token")


PAGES = (
    ("tokens/", "account_tokens", TokensPage),
    ("token/", "account_token", TokenPage),
    ("token/ask/", "account_token_ask", AskPage),
    ("accounts/credential/<int:object_id>/again/", "account_token_again", AgainPage),
    ("accounts/credential/<int:object_id>/check/", "account_token_check", CheckPage),
    ("accounts/credential/<int:object_id>/forget/", "account_token_forget", ForgetPage),
    ("host/", "account_host", HostPage),
)
