"""What kinds of pages there are about people, besides those of one client and of the agency."""

from typing import Any, ClassVar

from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.functional import cached_property
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from cyberadmin.accounts.models import Account
from cyberadmin.accounts.recent import RecentPassword
from cyberadmin.accounts.scoping import AgencyPage, ScopedPage, account_of, address
from cyberadmin.people import throttle
from cyberadmin.sync.pages import FormPage


def next_address(request: HttpRequest) -> str:
    """Where the person was going, when that is a page of this console; the first page otherwise."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    allowed = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if allowed else address(request, "admin:index")


@method_decorator([never_cache, sensitive_post_parameters()], name="dispatch")
class DoorPage(View):
    """A page that is open to who has not shown everything yet: no menu, no client, nothing of the inside.

    Outside every client, always. Subclasses say `template_name` and `title`.
    """

    template_name: ClassVar[str] = ""
    title: Any = ""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if account_of(request) is not None or request.path_info != request.path.removeprefix(self.root(request)):
            raise Http404
        return super().dispatch(request, *args, **kwargs)

    @staticmethod
    def root(request: HttpRequest) -> str:
        """What stands before every address of this installation."""
        return (request.META.get("SCRIPT_NAME") or "").rstrip("/")

    def go(self, name: str, **query: str) -> HttpResponse:
        """On to another page of the door."""
        url = address(self.request, f"admin:{name}")
        return HttpResponseRedirect(f"{url}?{'&'.join(f'{k}={v}' for k, v in query.items())}" if query else url)

    def render(self, status: int = 200, template: str = "", **context: Any) -> HttpResponse:
        """The page."""
        values = {"title": self.title, "next": next_address(self.request), **context}
        return TemplateResponse(self.request, template or self.template_name, values, status=status)

    def wait(self, throttled: throttle.Throttled, **context: Any) -> HttpResponse:
        """429: the page, saying when the next try is free."""
        response = self.render(429, throttled=throttled, minutes=-(-throttled.seconds // 60), **context)
        response.headers["Retry-After"] = str(throttled.seconds)
        return response


class PersonalPage(ScopedPage):
    """A page about the person behind the request, outside every client, for everybody who is logged in."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if account_of(request) is not None:
            raise Http404
        return View.dispatch(self, request, *args, **kwargs)

    def crumbs(self) -> list[tuple[Any, str]]:
        return [(_("My log-in"), reverse("admin:me"))]


class OwnFormPage(RecentPassword, PersonalPage, FormPage):
    """Something about one's own log-in that wants the password typed lately."""

    def done_url(self, outcome: Any) -> str:
        return reverse("admin:me")

    def show(self, form: Any, **context: Any) -> HttpResponse:
        return super().show(form, cancel_url=reverse("admin:me"), **context)


class PeopleFormPage(RecentPassword, AgencyPage, FormPage):
    """Something that an agency administrator decides about the staff."""

    def crumbs(self) -> list[tuple[Any, str]]:
        return [(_("Staff"), reverse("admin:people"))]

    def done_url(self, outcome: Any) -> str:
        return reverse("admin:people")

    def show(self, form: Any, **context: Any) -> HttpResponse:
        return super().show(form, cancel_url=self.done_url(None), **context)


class PersonFormPage(PeopleFormPage):
    """Something that an agency administrator decides about one colleague."""

    @cached_property
    def person(self) -> User:
        """The colleague in the address. Raises Http404."""
        found: User = get_object_or_404(User.objects.filter(is_staff=True), pk=self.kwargs["object_id"])
        return found

    def crumbs(self) -> list[tuple[Any, str]]:
        return [*super().crumbs(), (name_of(self.person), self.done_url(None))]

    def done_url(self, outcome: Any) -> str:
        return reverse("admin:person", args=[self.person.pk])

    def show(self, form: Any, **context: Any) -> HttpResponse:
        return super().show(form, person=self.person, **context)


def name_of(user: User) -> str:
    """What colleagues call somebody."""
    return user.get_full_name() or user.get_username()


class ClientFormPage(RecentPassword, FormPage):
    """Something about who works on the client in the address, for who manages it."""

    right = "manage"

    def done_url(self, outcome: Any) -> str:
        return reverse("admin:account_access")

    def crumbs(self) -> list[tuple[Any, str]]:
        account: Account = self.account
        return [(account.name, reverse("admin:index"))]

    def show(self, form: Any, **context: Any) -> HttpResponse:
        return super().show(form, cancel_url=reverse("admin:index"), **context)
