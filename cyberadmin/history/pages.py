"""The timeline as pages: of one client, and over all the clients that somebody manages."""

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cyberadmin.accounts import policy
from cyberadmin.accounts.localtime import moment_text
from cyberadmin.accounts.models import Account, AccountAccess, AuditEvent
from cyberadmin.accounts.my_clients import MyClientsPage
from cyberadmin.accounts.scoping import ScopedPage, address
from cyberadmin.sync.models import Change

from . import links, timeline, values
from .timeline import Asked, Cursor, Line
from .words import ICONS, KINDS, Kind, words


@dataclass(frozen=True)
class Shown:
    """One line as the page shows it; `said` follows the name of `who`."""

    at: str
    who: str
    said: str
    icon: str
    kind: Any
    account: Account | None
    account_name: str
    why: str
    differences: list[values.Difference]
    links: list[links.Link]
    calls: list[tuple[str, str]]


class Teller:
    """Puts lines into words for one request."""

    def __init__(self, request: HttpRequest, edited: set[int], managed: set[int]) -> None:
        self.request = request
        self.edited, self.managed = edited, managed
        self.edit_words = values.EditWords()

    def tell(self, line: Line) -> Shown:
        """A line in words."""
        if isinstance(line.row, AuditEvent):
            return self._event(line.row)
        return self._edit(line)

    def _event(self, event: AuditEvent) -> Shown:
        kind = words(event.action).kind
        return Shown(
            at=moment_text(event.at, event.account),
            who=event.actor_name,
            said=values.sentence(event),
            icon=ICONS[kind],
            kind=KINDS[kind],
            account=event.account,
            account_name=event.account_name,
            why=event.why,
            differences=values.differences(event),
            links=links.of_event(self.request, event, self.edited, self.managed),
            calls=[],
        )

    def _edit(self, line: Line) -> Shown:
        edit: Any = line.row
        change: Change = edit.change
        return Shown(
            at=moment_text(edit.at, change.account),
            who=edit.actor_name,
            said=values.edit_sentence(edit),
            icon=ICONS[Kind.CHANGE],
            kind=KINDS[Kind.CHANGE],
            account=change.account,
            account_name=change.account.name,
            why=edit.why,
            differences=self.edit_words.differences(edit),
            links=links.of_edit(self.request, edit),
            calls=[
                (
                    address(self.request, "admin:sync_apicall_change", call.pk, account=change.account),
                    f"{call.method} {call.path} {call.status or call.error}",
                )
                for call in line.calls
            ],
        )


class Timeline:
    """What both pages show; mixed into a page, which says over which clients."""

    request: HttpRequest
    template_name = "history/timeline.html"
    title: Any = gettext_lazy("History")

    def show(self, accounts: QuerySet[Account] | None, people: QuerySet[User], **context: Any) -> HttpResponse:
        """The page. `accounts` None: everything there is; `people`: whom the list can be narrowed to."""
        asked = Asked.of(self.request.GET)
        lines, following = timeline.page(accounts, asked, Cursor.of(self.request.GET.get("from", "")))
        edited = set(policy.accounts_for(self.request.user, "edit").values_list("pk", flat=True))
        managed = set(policy.accounts_for(self.request.user, "manage").values_list("pk", flat=True))
        teller = Teller(self.request, edited, managed)
        query = self.request.GET.copy()
        query.pop("from", None)
        page: Any = self
        response: HttpResponse = page.render(
            lines=[teller.tell(line) for line in lines],
            asked=asked,
            kinds=KINDS.items(),
            people=people.order_by("username"),
            next=f"{query.urlencode()}&from={following}" if following else "",
            first=f"?{query.urlencode()}" if "from" in self.request.GET else "",
            **context,
        )
        return response


class ClientHistoryPage(Timeline, ScopedPage):
    """The history of the client in the address."""

    def get(self, request: HttpRequest) -> HttpResponse:
        here = Account.objects.filter(pk=self.account.pk)
        return self.show(here, _staff(here))


class AllHistoryPage(Timeline, MyClientsPage):
    """The history over the clients that one works on; administrators also see what is about no client."""

    def get(self, request: HttpRequest) -> HttpResponse:
        clients = policy.accounts_for(request.user)
        slug = request.GET.get("client", "")
        people = User.objects.all() if self.user.is_superuser else _staff(clients)
        return self.show(
            timeline.reach(self.user, request.GET),
            people,
            clients=clients,
            chosen=clients.filter(slug=slug[:60]).first(),
            one_client=bool(slug),
            overall=True,
            may_export=bool(self.editable()),
        )

    def crumbs(self) -> list[tuple[Any, str]]:
        return [(_("Clients"), reverse("admin:index"))]


def _staff(accounts: QuerySet[Account]) -> QuerySet[User]:
    """Whom work on these clients can be by: who has a role there, and the administrators."""
    roles = AccountAccess.objects.filter(account__in=accounts).values("user")
    return User.objects.filter(pk__in=roles) | User.objects.filter(is_superuser=True)


def history_urls(site: Any) -> list[URLPattern]:
    """The addresses of the timelines."""
    pages: tuple[tuple[str, str, type[ScopedPage]], ...] = (
        ("history/", "history", ClientHistoryPage),
        ("history/clients/", "history_clients", AllHistoryPage),
    )
    return [path(route, site.admin_view(page.as_view(site=site)), name=name) for route, name, page in pages]
