"""What the pages about cases share: they show the parts of clients that the person may see, and no other."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponseBase
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views import View

from cyberadmin.accounts import policy
from cyberadmin.accounts.scoping import AgencyPage, account_of
from cyberadmin.cases import services
from cyberadmin.cases.models import Case, CasePart
from cyberadmin.sync.pages import FormPage

TONES = {"open": "warn", "waiting": "warn", "held": "bad", "doing": "info", "done": "good", "refused": "quiet"}


def state_words(state: str) -> str:
    """How a case stands, in words."""
    return {
        "open": _("open: identity not checked"),
        "waiting": _("waiting for a decision"),
        "doing": _("being carried out"),
        "done": pgettext("case", "done"),
        "refused": pgettext("case", "refused"),
    }[state]


class MyPage(AgencyPage):
    """Open to all staff, outside every client: what it shows comes from the rights of the person alone."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if account_of(request) is not None:
            raise Http404
        return View.dispatch(self, request, *args, **kwargs)


class CasePage(MyPage):
    """A page about one case; one without a client of this person's is like a missing one."""

    @cached_property
    def case(self) -> Case:
        """The case in the address. Raises Http404."""
        case = services.visible(self.user).filter(pk=self.kwargs["object_id"]).first()
        if case is None:
            raise Http404
        return case

    def crumbs(self) -> list[tuple[Any, str]]:
        return [(_("Cases"), reverse("admin:cases"))]


class CaseFormPage(CasePage, FormPage):
    """A form about one case."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if account_of(request) is not None:
            raise Http404
        self.check()
        return View.dispatch(self, request, *args, **kwargs)

    def check(self) -> None:
        """Raise Http404 for a case that is not this person's."""
        self.case  # noqa: B018 - reading it looks it up

    def crumbs(self) -> list[tuple[Any, str]]:
        return [*super().crumbs(), (case_name(self.case), case_url(self.case))]

    def done_url(self, outcome: Any) -> str:
        return case_url(self.case)

    def show(self, form: Any, **context: Any) -> Any:
        return super().show(form, case=self.case, cancel_url=case_url(self.case), **context)


class PartMixin:
    """A page about one client's part of a case; another client's is like a missing one."""

    kwargs: Any
    user: Any

    @cached_property
    def part(self) -> CasePart:
        """The part in the address. Raises Http404."""
        part = services.parts_for(self.user).filter(pk=self.kwargs["object_id"]).first()
        if part is None:
            raise Http404
        return part

    @property
    def case(self) -> Case:
        """Its case."""
        return self.part.case

    @property
    def may_edit(self) -> bool:
        """Whether this person may work on the case for this client."""
        return policy.can(self.user, "edit", self.part.account)


def case_name(case: Case) -> str:
    """How a case is called."""
    return _("Case %(number)s") % {"number": case.pk}


def case_url(case: Case) -> str:
    """The page of a case."""
    return reverse("admin:case", args=[case.pk])
