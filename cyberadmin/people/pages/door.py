"""Log in, log out, and the links that open once: an invitation, a new password."""

from typing import Any

from django.conf import settings
from django.contrib.auth import authenticate, login, logout
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import check_for_language, get_language, gettext_lazy
from django.utils.translation import gettext as _

from cyberadmin.accounts import audit
from cyberadmin.accounts.scoping import address
from cyberadmin.people import forwarded, links, mail, sessions, throttle
from cyberadmin.people.forms import ForgottenForm, LogInForm, NewPasswordForm, WelcomeForm
from cyberadmin.people.models import OneTimeLink, Profile, StaffSession
from cyberadmin.sync.pages import add_refusal

from .base import DoorPage, next_address

#: Where the token of an opened link waits, so that it does not stand in the address of the page with the form.
LINK = "one_time_link"


class LogInPage(DoorPage):
    """Log-in name and password. Whatever does not fit gives one and the same answer."""

    template_name = "people/log_in.html"
    title = gettext_lazy("Log in")

    def get(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_staff or _half(request):
            return HttpResponseRedirect(next_address(request))
        ended = request.GET.get("ended", "")
        return self.show(LogInForm(), ended=dict(StaffSession.End.choices).get(ended, ""))

    def post(self, request: HttpRequest) -> HttpResponse:
        form = LogInForm(request.POST)
        if not form.is_valid():
            return self.show(form)
        name = form.cleaned_data["username"]
        charges = throttle.log_in_charges(request, name)
        try:
            throttle.take(*charges)
        except throttle.Throttled as throttled:
            self.note(name, "login.throttled" if throttled.first else "")
            return self.wait(throttled, form=form)
        user = authenticate(request, username=name, password=form.cleaned_data["password"])
        if not isinstance(user, User) or not user.is_staff:
            self.note(name, "login.refused")
            form.add_error(None, _("This log-in name and this password do not fit. Check both, and capital letters."))
            return self.show(form)
        throttle.succeed(*charges)
        return self.enter(user)

    def show(self, form: LogInForm, **context: Any) -> HttpResponse:
        """The page with its form."""
        return self.render(form=form, **context)

    def enter(self, user: User) -> HttpResponse:
        """Begin the session, with a key of its own, and go where the person was going."""
        request = self.request
        target = next_address(request)
        login(request, user)
        audit.record("login", actor=user, address=forwarded.client_address(request))
        response = HttpResponseRedirect(target)
        throttle.mark_browser(response, user.get_username(), settings.SESSION_COOKIE_SECURE)
        language = Profile.objects.filter(user=user).values_list("language", flat=True).first()
        if language and settings.LANGUAGE_COOKIE_NAME not in request.COOKIES:
            speak(response, language)
        return response

    def note(self, name: str, action: str) -> None:
        """Write a refusal down. What was typed is kept only when it is somebody's name: it may be a password."""
        if action:
            known = User.objects.filter(username=name).exists()
            audit.record(action, actor=None, user=name if known else "", address=forwarded.client_address(self.request))


class LogOutPage(DoorPage):
    """End this session, whole or half."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        session = getattr(request, "staff_session", None)
        if session is not None:
            sessions.end(StaffSession.objects.filter(pk=session.pk), StaffSession.End.LOGGED_OUT)
            audit.record("logout", actor=session.user)
        logout(request)
        return self.go("login")


class OpenLinkPage(DoorPage):
    """The address in an invitation: its token moves into the session, out of the address."""

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        if links.find(token) is not None:
            request.session[LINK] = token
        else:
            request.session.pop(LINK, None)
        return self.go("link")


class LinkPage(DoorPage):
    """The form behind a one-time link: a log-in of one's own, or a new password."""

    template_name = "people/link.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        link = self.link()
        return self.closed() if link is None else self.show(link, self.form(link))

    def post(self, request: HttpRequest) -> HttpResponse:
        link = self.link()
        if link is None:
            return self.closed()
        form = self.form(link, request.POST)
        if not form.is_valid():
            return self.show(link, form)
        token = request.session[LINK]
        try:
            if link.kind == OneTimeLink.Kind.INVITATION:
                return self.welcome(links.accept(token, form.cleaned_data))
            links.new_password(token, form.cleaned_data["password"])
        except ValidationError as refusal:
            add_refusal(form, refusal)
            return self.show(link, form)
        request.session.flush()
        return self.render(template="people/password_set.html", title=_("Your password is changed"))

    def link(self) -> OneTimeLink | None:
        """The link that was opened in this browser, while it is good."""
        return links.find(self.request.session.get(LINK, ""))

    def form(self, link: OneTimeLink, data: Any = None) -> Any:
        """The form of this kind of link."""
        if link.kind == OneTimeLink.Kind.PASSWORD:
            return NewPasswordForm(data, user=link.user)
        return WelcomeForm(data, initial={"email": link.email, "username": link.email, "language": get_language()})

    def show(self, link: OneTimeLink, form: Any) -> HttpResponse:
        """The page with its form."""
        invited = link.kind == OneTimeLink.Kind.INVITATION
        title = _("Welcome to cyberadmin") if invited else _("Choose a new password")
        return self.render(link=link, form=form, invited=invited, title=title)

    def closed(self) -> HttpResponse:
        """One answer for every link that does not open."""
        return self.render(410, template="people/link_closed.html", title=_("This link does not open"))

    def welcome(self, user: User) -> HttpResponse:
        """Log the new colleague in."""
        request = self.request
        request.session.flush()
        login(request, user, backend=settings.AUTHENTICATION_BACKENDS[0])
        audit.record("login", actor=user, address=forwarded.client_address(request))
        response = HttpResponseRedirect(address(request, "admin:index"))
        throttle.mark_browser(response, user.get_username(), settings.SESSION_COOKIE_SECURE)
        speak(response, user.profile.language)
        return response


class ForgottenPage(DoorPage):
    """Ask for a link to a new password by e-mail. The answer is the same whoever asks for whom."""

    template_name = "people/forgotten.html"
    title = gettext_lazy("Forgotten password")

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.render(form=ForgottenForm(), possible=mail.is_configured())

    def post(self, request: HttpRequest) -> HttpResponse:
        form = ForgottenForm(request.POST)
        if not mail.is_configured() or not form.is_valid():
            return self.render(form=form, possible=mail.is_configured())
        name = form.cleaned_data["username"]
        origin = forwarded.neighbourhood(forwarded.client_address(request))
        try:
            throttle.take(
                throttle.Charge.of(throttle.LINK_PERSON, "link", throttle.same_name(name)),
                throttle.Charge.of(throttle.LINK_ADDRESS, "link", origin),
            )
        except throttle.Throttled as throttled:
            return self.wait(throttled, form=form, possible=True)
        for user in self.meant(name):
            made = links.password_link(None, user)
            language = Profile.objects.filter(user=user).values_list("language", flat=True).first()
            mail.send_link(made.link, link_address(request, made.token), language or get_language() or "")
        return self.render(template="people/forgotten_sent.html", title=_("Look into your mailbox"))

    def meant(self, name: str) -> list[User]:
        """Who this is: by log-in name, else by an e-mail address that is one person's alone."""
        rows = User.objects.filter(is_active=True, is_staff=True).exclude(email="")
        named = list(rows.filter(username=name)[:1])
        found = named or list(rows.filter(email__iexact=name)[:2])
        return found if len(found) == 1 else []


def link_address(request: HttpRequest, token: str) -> str:
    """The whole address of a one-time link, as it is copied or sent."""
    return request.build_absolute_uri(address(request, "admin:open_link", token))


def speak(response: HttpResponse, language: str) -> None:
    """Speak the person's language in this browser from now on."""
    if check_for_language(language):
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            language,
            max_age=settings.LANGUAGE_COOKIE_AGE,
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )


def _half(request: HttpRequest) -> bool:
    return getattr(request, "half_user", None) is not None
