"""The register of tokens over every client that a person manages (product.md N3)."""

from typing import Any, ClassVar

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import F, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.utils.translation import gettext_lazy as _
from django.views import View

from cyberadmin.accounts import policy
from cyberadmin.accounts.models import Account, Credential
from cyberadmin.accounts.scoping import AgencyPage, account_of, address
from cyberadmin.accounts.standing import WARNED
from cyberadmin.sync.clock import now

State = Credential.State
PER_PAGE = 50

#: What the list can be narrowed to.
SHOWN = {
    "": _("in use, being checked, or to delete"),
    "delete": _("to delete at Cyberimpact"),
    "expiring": _("expiring within a year, or expired"),
    "unknown": _("in use, with an unknown end"),
    "legacy": _("user name and password (older method)"),
    "refused": _("refused"),
    "all": _("all, also dead and forgotten ones"),
}
#: Columns the list can be sorted by, with what they are sorted by.
SORTED: dict[str, tuple[Any, ...]] = {
    "client": (F("account__name").asc(), F("pk").desc()),
    "made": (F("created_at").desc(),),
    "end": (F("expires_at").asc(nulls_last=True), F("account__name").asc()),
    "proved": (F("proved_at").asc(nulls_first=True),),
    "used": (F("last_used_at").asc(nulls_first=True),),
    "by": (F("created_by__username").asc(nulls_last=True), F("account__name").asc()),
}
SORT_LABELS = {
    "client": _("client"),
    "end": _("end, the next first"),
    "made": _("made, the latest first"),
    "by": _("brought by"),
    "proved": _("proved, the oldest first"),
    "used": _("used, the oldest first"),
}


class ManagedPage(AgencyPage):
    """A page outside every client, for administrators and whoever manages a client; over what they manage alone."""

    right: ClassVar[policy.Right] = "manage"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if account_of(request) is not None:
            raise Http404
        if not (getattr(request.user, "is_superuser", False) and request.user.is_active) and not self.managed.exists():
            raise PermissionDenied
        return View.dispatch(self, request, *args, **kwargs)

    @property
    def managed(self) -> QuerySet[Account]:
        """The clients that this page is about."""
        return policy.accounts_for(self.request.user, self.right)


class RegisterPage(ManagedPage):
    """Every token of every client one manages: who brought it, its end, its last proof and use, and what is to be done."""

    template_name = "console/register.html"
    title = _("Tokens")

    def get(self, request: HttpRequest) -> HttpResponse:
        asked = {name: request.GET.get(name, "")[:200] for name in ("q", "show", "by", "sort")}
        rows = self.credentials()
        people = User.objects.filter(pk__in=rows.order_by().values("created_by")).order_by("username")
        found = narrowed(rows, asked).order_by(*SORTED.get(asked["sort"], SORTED["client"]))
        page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
        query = request.GET.copy()
        query.pop("page", None)
        return self.render(
            rows=[(credential, self.tokens_url(credential)) for credential in page],
            page=page,
            query=query.urlencode(),
            asked=asked,
            shown=SHOWN.items(),
            sorts=SORT_LABELS.items(),
            people=people,
        )

    def credentials(self) -> QuerySet[Credential]:
        """The rows this page may show."""
        rows = Credential.objects.filter(account__in=self.managed)
        return rows.select_related("account", "created_by", "replaced_by")

    def tokens_url(self, credential: Credential) -> str:
        """The page of that client's tokens."""
        return address(self.request, "admin:account_tokens", account=credential.account)


def narrowed(rows: QuerySet[Credential], asked: dict[str, str]) -> QuerySet[Credential]:
    """The rows that were asked for; what is no known choice narrows nothing."""
    if asked["q"].strip():
        rows = rows.filter(account__name__icontains=asked["q"].strip())
    if asked["by"].isdecimal():
        rows = rows.filter(created_by=int(asked["by"][:18]))
    watched = Q(state=State.RETIRED, dead_at=None) & ~Q(secret="")
    choices = {
        "": Q(state__in=(State.ACTIVE, State.ASKED, State.MAKING, State.CANDIDATE)) | watched,
        "delete": watched,
        "expiring": Q(state=State.ACTIVE, expires_at__lte=now() + WARNED),
        "unknown": Q(state=State.ACTIVE, expires_at=None, kind=Credential.Kind.TOKEN),
        "legacy": Q(state=State.ACTIVE, kind=Credential.Kind.LEGACY),
        "refused": Q(state=State.REFUSED),
        "all": Q(),
    }
    return rows.filter(choices.get(asked["show"], choices[""]))


PAGES = (("register/", "account_register", RegisterPage),)
