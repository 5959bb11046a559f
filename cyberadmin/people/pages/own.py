"""One's own log-in: password, second factor, sessions; and typing the password again."""

from typing import Any

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from cyberadmin.accounts import audit
from cyberadmin.accounts.forms import ConfirmForm
from cyberadmin.people import demand, factors, sessions, throttle
from cyberadmin.people.forms import ConfirmPasswordForm, OwnPasswordForm
from cyberadmin.people.models import SecondFactor, StaffSession

from .base import OwnFormPage, PersonalPage, next_address
from .factor import codes_context


class MyPage(PersonalPage):
    """What one's own log-in has, and where it is open."""

    template_name = "people/me.html"
    title = gettext_lazy("My log-in")

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.render(
            factor=SecondFactor.objects.filter(user=self.user).first(),
            codes_left=factors.codes_left(self.user),
            must=demand.must_have(self.user),
            here=request.staff_session,  # type: ignore[attr-defined]
            open_sessions=sessions.open_sessions(self.user),
        )

    def crumbs(self) -> list[tuple[Any, str]]:
        return []


def check_password(request: HttpRequest, password: str) -> None:
    """The password in use, typed again. Raises ValidationError; throttle.Throttled after too many tries."""
    user: Any = request.user
    charge = throttle.Charge.of(throttle.PASSWORD_AGAIN, "again", user.pk)
    throttle.take(charge)
    if not user.check_password(password):
        audit.record("password.refused", actor=user)
        raise ValidationError(_("This is not your password."))
    throttle.succeed(charge)
    sessions.password_typed(request, request.staff_session)  # type: ignore[attr-defined]


class ConfirmPasswordPage(PersonalPage):
    """The password again, before something risky; afterwards on to where the person was going."""

    template_name = "people/confirm_password.html"
    title = gettext_lazy("Type your password again")

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.show(ConfirmPasswordForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        form = ConfirmPasswordForm(request.POST)
        if not form.is_valid():
            return self.show(form)
        try:
            check_password(request, form.cleaned_data["password"])
        except throttle.Throttled as throttled:
            response = self.show(form, 429, throttled=throttled, minutes=-(-throttled.seconds // 60))
            response.headers["Retry-After"] = str(throttled.seconds)
            return response
        except ValidationError as refusal:
            form.add_error("password", refusal)
            return self.show(form)
        return HttpResponseRedirect(next_address(request))

    def show(self, form: ConfirmPasswordForm, status: int = 200, **context: Any) -> HttpResponse:
        """The page with its form."""
        typed = bool(self.request.GET.get("typed"))
        return self.render(status, form=form, next=next_address(self.request), typed=typed, **context)

    def crumbs(self) -> list[tuple[Any, str]]:
        return []


class PasswordPage(OwnFormPage):
    """A new password of one's own; every other session ends."""

    form_class = OwnPasswordForm
    template_name = "people/password.html"
    title = gettext_lazy("Change my password")
    submit_label = gettext_lazy("Change the password")
    success_text = gettext_lazy("Your password is changed. Every other session of yours has ended.")

    def form_kwargs(self) -> dict[str, Any]:
        return {"user": self.user, "check": self.check}

    def check(self, password: str) -> None:
        """The password in use. Raises ValidationError."""
        try:
            check_password(self.request, password)
        except throttle.Throttled as throttled:
            minutes = -(-throttled.seconds // 60)
            text = ngettext(
                "Too many tries. Try again in %(n)s minute.", "Too many tries. Try again in %(n)s minutes.", minutes
            )
            raise ValidationError(text % {"n": minutes}) from None

    def perform(self, form: Any) -> str:
        user = self.user
        user.set_password(form.cleaned_data["password"])
        user.save(update_fields=["password"])
        update_session_auth_hash(self.request, user)
        others = StaffSession.objects.filter(user=user).exclude(pk=self.request.staff_session.pk)  # type: ignore[attr-defined]
        ended = sessions.end(others, StaffSession.End.PASSWORD)
        audit.record("password.changed", actor=user, sessions_ended=ended)
        return "changed"


class NewCodesPage(OwnFormPage):
    """Ten new recovery codes in place of those before."""

    form_class = ConfirmForm
    title = gettext_lazy("New recovery codes")
    submit_label = gettext_lazy("Make new codes")
    template_name = "people/new_codes.html"

    def perform(self, form: Any) -> list[str]:
        if not factors.has_factor(self.user):
            raise ValidationError(_("Set a second factor up first."))
        self.codes = factors.renew_codes(self.user)
        return self.codes

    def announce(self, outcome: Any) -> None:
        """The page itself shows them."""

    def leave(self, token: str, url: str) -> HttpResponse:
        """The codes are shown at once and kept nowhere."""
        codes = getattr(self, "codes", None)
        if codes is None:
            return super().leave(token, url)
        context = codes_context(self.request, self.user, codes)
        return self.render(**context | {"next": reverse("admin:me")})


class RemoveFactorPage(OwnFormPage):
    """Turn one's own second factor off, where it is not required."""

    form_class = ConfirmForm
    title = gettext_lazy("Turn the second factor off")
    submit_label = gettext_lazy("Turn it off")
    template_name = "people/remove_factor.html"
    danger = True

    def perform(self, form: Any) -> str:
        factors.remove(self.user)
        return "removed"

    def announce(self, outcome: Any) -> None:
        messages.success(self.request, _("Your second factor is off: the password alone opens your log-in."))


class EndSessionPage(PersonalPage):
    """End one session of one's own."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, object_id: int) -> HttpResponse:
        ended = sessions.end(sessions.open_sessions(self.user).filter(pk=object_id), StaffSession.End.ELSEWHERE)
        if ended:
            audit.record("session.ended", actor=self.user)
            messages.success(request, _("This session has ended."))
        return HttpResponseRedirect(reverse("admin:me"))


class EndSessionsPage(PersonalPage):
    """Log out everywhere, here too."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        ended = sessions.end(StaffSession.objects.filter(user=self.user), StaffSession.End.ELSEWHERE)
        audit.record("sessions.ended", actor=self.user, user=self.user.get_username(), sessions=ended)
        return HttpResponseRedirect(reverse("admin:login"))
