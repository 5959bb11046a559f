"""Who works on a client, and inviting new colleagues."""

from typing import Any, ClassVar

from django.contrib.auth.models import User
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from cyberadmin.accounts import services
from cyberadmin.accounts.forms import AccessForm, ConfirmForm, PageForm
from cyberadmin.accounts.models import AccountAccess
from cyberadmin.people import links, mail
from cyberadmin.people.forms import AgencyInviteForm, InviteForm
from cyberadmin.people.models import OneTimeLink

from .base import ClientFormPage, PeopleFormPage
from .door import link_address


class ShowsLink:
    """Mixin for a FormPage whose `perform` returns links.Made: the address is shown at once, and nowhere again."""

    made: links.Made | None = None
    #: Whether the mail server took the e-mail with the link.
    sent = False

    def announce(self, outcome: Any) -> None:
        """The page itself tells; the e-mail goes out now that everything is saved."""
        page: Any = self
        self.made = outcome
        self.sent = mail.send_link(outcome.link, link_address(page.request, outcome.token), get_language() or "")

    def leave(self, token: str, url: str) -> HttpResponse:
        """The page with the link; a second submit of the same form goes on without it."""
        page: Any = self
        if self.made is None:
            response: HttpResponse = super().leave(token, url)  # type: ignore[misc]
            return response
        rendered: HttpResponse = page.render(
            template="people/link_made.html",
            title=self.made_title(),
            link=self.made.link,
            url=link_address(page.request, self.made.token),
            sent=self.sent,
            mail=mail.is_configured(),
            back=url,
        )
        return rendered

    def made_title(self) -> str:
        """The heading above the link."""
        return _("The invitation is ready")


class AccessPage(ClientFormPage):
    """Who works on this client and in which role; who is invited to."""

    form_class = AccessForm
    template_name = "people/access.html"
    title = gettext_lazy("Staff of this client")
    submit_label = gettext_lazy("Save the role")

    def perform(self, form: Any) -> str:
        user: User = form.cleaned_data["user"]
        services.set_access(self.user, self.account, user, form.cleaned_data["role"] or None)
        return "set"

    def show(self, form: Any, **context: Any) -> HttpResponse:
        rows = AccountAccess.objects.filter(account=self.account).select_related("user").order_by("user__username")
        return super().show(form, accesses=rows, invitations=links.open_invitations(self.account), **context)


class ClientInvitePage(ShowsLink, ClientFormPage):
    """Invite somebody to this client."""

    form_class = InviteForm
    template_name = "people/invite.html"
    title = gettext_lazy("Invite a colleague")
    submit_label = gettext_lazy("Make the invitation")

    def perform(self, form: Any) -> links.Made:
        values = {name: form.cleaned_data[name] for name in ("role", "second_factor_required")}
        return links.invite(self.user, form.cleaned_data["email"], account=self.account, **values)

    def crumbs(self) -> list[tuple[Any, str]]:
        return [*super().crumbs(), (_("Staff of this client"), reverse("admin:account_access"))]


class AgencyInvitePage(ShowsLink, PeopleFormPage):
    """Invite somebody to any client, or as an agency administrator."""

    form_class = AgencyInviteForm
    template_name = "people/invite.html"
    title = gettext_lazy("Invite a colleague")
    submit_label = gettext_lazy("Make the invitation")

    def perform(self, form: Any) -> links.Made:
        names = ("account", "role", "is_administrator", "second_factor_required")
        return links.invite(self.user, form.cleaned_data["email"], **{name: form.cleaned_data[name] for name in names})


class _Revoke:
    """What both pages that take an invitation back share."""

    form_class: ClassVar[type[PageForm]] = ConfirmForm
    title = gettext_lazy("Take the invitation back")
    submit_label = gettext_lazy("Take it back")
    template_name = "people/revoke.html"
    danger = True
    success_text = gettext_lazy("The invitation is taken back: its link does not open any more.")


class ClientRevokePage(_Revoke, ClientFormPage):
    """Take an invitation to this client back."""

    def rows(self) -> Any:
        return links.open_invitations(self.account)

    def find(self, pk: int) -> OneTimeLink:
        link: OneTimeLink | None = self.rows().filter(pk=pk).first()
        if link is None:
            raise Http404
        return link

    def perform(self, form: Any) -> str:
        links.revoke(self.user, self.obj)
        return "revoked"

    def show(self, form: Any, **context: Any) -> HttpResponse:
        return super().show(form, invitation=self.obj, **context)


class AgencyRevokePage(_Revoke, PeopleFormPage):
    """Take any invitation back."""

    @cached_property
    def link(self) -> OneTimeLink:
        """The invitation in the address. Raises Http404."""
        found: OneTimeLink = get_object_or_404(links.open_invitations(), pk=self.kwargs["object_id"])
        return found

    def perform(self, form: Any) -> str:
        links.revoke(self.user, self.link)
        return "revoked"

    def show(self, form: Any, **context: Any) -> HttpResponse:
        return super().show(form, invitation=self.link, **context)
