"""The second step of a log-in, and setting a second factor up."""

from typing import Any
from urllib.parse import urlencode

import segno
from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cyberadmin.accounts.recent import RecentPassword
from cyberadmin.accounts.scoping import address
from cyberadmin.accounts.secrets import SecretUnreadable
from cyberadmin.people import factors, sessions, throttle
from cyberadmin.people.forms import AppCodeForm, CodeForm
from cyberadmin.sync.pages import add_refusal

from .base import DoorPage, next_address

#: The secret that is being set up, sealed for its person, until the first code is typed back.
PENDING = "pending_factor"
#: Below so many recovery codes, people are told to make new ones.
FEW_CODES = 3


class FactorPage(DoorPage):
    """The code of the app, or a recovery code. Who has no second factor but must is sent to set one up."""

    template_name = "people/second_factor.html"
    title = gettext_lazy("Second factor")

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        half = half_user(request)
        if half is None:
            return HttpResponseRedirect(next_address(request))
        if not factors.has_factor(half):
            query = urlencode({"next": next_address(request)})
            return HttpResponseRedirect(f"{address(request, 'admin:factor_setup')}?{query}")
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.render(form=CodeForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        form = CodeForm(request.POST)
        half = half_user(request)
        if half is None or not form.is_valid():
            return self.render(form=form)
        try:
            kind = factors.show(half, form.cleaned_data["code"])
        except throttle.Throttled as throttled:
            return self.wait(throttled, form=form)
        except ValidationError as refusal:
            add_refusal(form, refusal)
            return self.render(form=form)
        sessions.factor_shown(request, request.staff_session)  # type: ignore[attr-defined]
        left = factors.codes_left(half)
        if kind == "recovery" and left < FEW_CODES:
            messages.warning(request, _("Few recovery codes are left: make new ones under “My log-in”."))
        return HttpResponseRedirect(next_address(request))


class SetUpPage(RecentPassword, DoorPage):
    """Scan, type the first code back, keep the recovery codes.

    Open to half a log-in only while its person has no second factor at all: who has one must show it first.
    """

    template_name = "people/set_up.html"
    title = gettext_lazy("Set your second factor up")

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        half = half_user(request)
        if half is None:
            if not request.user.is_authenticated:
                return self.go_to_log_in(request)
            return super().dispatch(request, *args, **kwargs)
        if factors.has_factor(half):
            return HttpResponseRedirect(address(request, "admin:second_factor"))
        # The password was typed a moment ago; what else there is to ask is being set up here.
        return DoorPage.dispatch(self, request, *args, **kwargs)

    def go_to_log_in(self, request: HttpRequest) -> HttpResponse:
        """Strangers have nothing to set up."""
        return HttpResponseRedirect(address(request, "admin:login"))

    @property
    def person(self) -> User:
        """Whose second factor it is."""
        return half_user(self.request) or self.request.user  # type: ignore[return-value]

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.show(AppCodeForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        form = AppCodeForm(request.POST)
        if not form.is_valid():
            return self.show(form)
        try:
            codes = factors.enrol(self.person, self.secret(), form.cleaned_data["code"])
        except throttle.Throttled as throttled:
            return self.wait(throttled, **self.context(form))
        except ValidationError as refusal:
            add_refusal(form, refusal)
            return self.show(form)
        request.session.pop(PENDING, None)
        person = self.person
        sessions.factor_shown(request, request.staff_session)  # type: ignore[attr-defined]
        return self.render(**codes_context(request, person, codes))

    def show(self, form: AppCodeForm) -> HttpResponse:
        """The page with its form."""
        return self.render(**self.context(form))

    def context(self, form: AppCodeForm) -> dict[str, Any]:
        """The secret as a picture and as letters, and the form."""
        secret = self.secret()
        spaced = " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))
        picture = qr_code(factors.app_address(self.person, secret))
        half = half_user(self.request) is not None
        return {"form": form, "secret": spaced, "picture": picture, "required": half, "person": self.person}

    def secret(self) -> str:
        """The secret that is being set up: the same one until it is confirmed."""
        kept = self.request.session.get(PENDING, "")
        try:
            return factors.unseal(self.person, kept)
        except (SecretUnreadable, ValueError):
            secret = factors.start()
            self.request.session[PENDING] = factors.seal(self.person, secret)
            return secret


def codes_context(request: HttpRequest, person: User, codes: list[str]) -> dict[str, Any]:
    """What the page that shows recovery codes once needs."""
    head = _("Recovery codes of %(name)s for cyberadmin. Each opens once.") % {"name": person.get_username()}
    text = "\r\n".join([head, "", *codes, ""])
    return {
        "template": "people/codes.html",
        "title": _("Your recovery codes"),
        "codes": codes,
        "text": text,
        "next": next_address(request),
    }


def qr_code(text: str) -> SafeString:
    """A QR code as inline SVG: segno's own drawing, into which no text of anybody's goes."""
    drawn = segno.make(text, error="m", micro=False).svg_inline(
        scale=5, border=3, dark="#000", light="#fff", omitsize=True
    )
    return mark_safe(drawn)  # noqa: S308


def half_user(request: HttpRequest) -> User | None:
    """Who has shown the password, and the second factor not yet."""
    found: User | None = getattr(request, "half_user", None)
    return found
