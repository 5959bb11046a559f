"""The lists that can be exported: each gives the rows of its own screen, for one person and one address of that screen.

Nothing is chosen by key. The screen's query string is what is kept; when the worker runs, the list's own admin reads it
again for that person: scope, filters and search are the screen's, and a forged value narrows or is refused, never widens
(docs/engine.md 4, line 7).
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.auth.models import User
from django.core.exceptions import SuspiciousOperation
from django.db.models import Model, Prefetch, QuerySet
from django.http import HttpRequest, QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as lazy

from campaigns import results
from campaigns.models import Mailing, RecipientList
from contacts.models import Contact, GroupMembership
from cyberadmin.accounts import policy
from cyberadmin.accounts.models import Account
from cyberadmin.history import timeline
from cyberadmin.history.timeline import Asked
from cyberadmin.sync.admin import bulk_rows
from cyberadmin.sync.models import ChangeSet
from groups.models import Group

from . import columns

PIECE = 2_000


class NoList(Exception):
    """What the address names is not there, or not for this person."""


@dataclass(frozen=True)
class Source:
    """`rows(request)` streams what the screen would list for this request; `name` stands in file names."""

    label: str | Promise
    name: str | Promise
    rows: Callable[[HttpRequest], Iterable[Any]]
    columns: Callable[[Any], list[columns.Column]]
    #: Needs a row in its query string, so it is exported from that row's page alone.
    of_row: str = ""
    right: policy.Right = "edit"
    #: Says how many people the file would name, for a list of people.
    people: Callable[[HttpRequest], int] | None = None
    #: For a list over several clients: the primary keys of those that the file holds; None = everything there is.
    reach: Callable[[HttpRequest], list[int] | None] | None = None


def may(user: User, source: Source, account: Account | None) -> bool:
    """Whether this person may export this list of this client now, or (None) any at all of a list over several."""
    if source.reach is None:
        return policy.can(user, source.right, account)
    return account is None and policy.accounts_for(user, source.right).exists()


def request_for(user: User, account: Account | None, query: str) -> HttpRequest:
    """The screen's request once more, for whoever asked. No session, no form: only who, where and what is listed."""
    request = HttpRequest()
    request.method = "GET"
    request.GET = QueryDict(query)
    request.user = user
    request.account = account  # type: ignore[attr-defined]
    return request


def _listed(model: type[Model], request: HttpRequest) -> QuerySet[Any]:
    """The rows of an admin's list, as its own page filters, searches and sorts them."""
    try:
        rows: QuerySet[Any] = admin.site._registry[model].get_changelist_instance(request).queryset
    except (IncorrectLookupParameters, SuspiciousOperation, ValueError) as error:
        raise NoList from error
    return rows


def _row(model: type[Model], request: HttpRequest, name: str) -> Any:
    text = request.GET.get(name, "")
    number = int(text) if text.isdecimal() and len(text) < 19 else 0
    found = admin.site._registry[model].get_queryset(request).filter(pk=number).first()
    if found is None:
        raise NoList
    return found


def _contacts(request: HttpRequest) -> Iterator[Any]:
    memberships = Prefetch("memberships", GroupMembership.objects.select_related("group"))
    rows = _listed(Contact, request).defer(None).defer("search_text", "snapshot").prefetch_related(memberships)
    return rows.iterator(chunk_size=PIECE)


def _count(request: HttpRequest) -> int:
    return _listed(Contact, request).count()


def _plain(model: type[Model]) -> Callable[[HttpRequest], Iterator[Any]]:
    return lambda request: _listed(model, request).iterator(chunk_size=PIECE)


def _recipients(request: HttpRequest) -> QuerySet[Any]:
    outcome = request.GET.get("outcome", "") or RecipientList.Outcome.ALL
    if outcome not in RecipientList.Outcome.values:
        raise NoList
    return results.recipients(_row(Mailing, request, "mailing"), outcome)


def _plan(request: HttpRequest) -> QuerySet[Any]:
    return bulk_rows.View.of(request.GET).rows(_row(ChangeSet, request, "change_set"))


def _streamed(rows: Callable[[HttpRequest], QuerySet[Any]]) -> Callable[[HttpRequest], Iterator[Any]]:
    return lambda request: rows(request).iterator(chunk_size=PIECE)


def _counted(rows: Callable[[HttpRequest], QuerySet[Any]]) -> Callable[[HttpRequest], int]:
    return lambda request: rows(request).count()


def _history(request: HttpRequest) -> Iterator[Any]:
    account: Account = request.account  # type: ignore[attr-defined]
    return timeline.every(Account.objects.filter(pk=account.pk), Asked.of(request.GET))


def _reach(request: HttpRequest) -> list[int] | None:
    reached = timeline.reach(request.user, request.GET, "edit")
    return None if reached is None else list(reached.values_list("pk", flat=True))


def _history_of_clients(request: HttpRequest) -> Iterator[Any]:
    covered: list[int] | None = request.covered  # type: ignore[attr-defined]
    accounts = None if covered is None else Account.objects.filter(pk__in=covered)
    return timeline.every(accounts, Asked.of(request.GET))


SOURCES: dict[str, Source] = {
    "contacts": Source(lazy("Contacts"), lazy("contacts"), _contacts, columns.contacts, people=_count),
    "groups": Source(lazy("Groups"), lazy("groups"), _plain(Group), columns.groups),
    "mailings": Source(lazy("Mailings"), lazy("mailings"), _plain(Mailing), columns.mailings),
    "recipients": Source(
        lazy("Recipients of a mailing"),
        lazy("recipients"),
        _streamed(_recipients),
        columns.recipients,
        of_row="mailing",
        people=_counted(_recipients),
    ),
    "plan": Source(
        lazy("Rows of a bulk change"),
        lazy("bulk-change"),
        _streamed(_plan),
        columns.plan,
        of_row="change_set",
        people=_counted(_plan),
    ),
    "history": Source(lazy("History"), lazy("history"), _history, columns.history),
    "history_clients": Source(
        lazy("History over several clients"),
        lazy("history"),
        _history_of_clients,
        columns.history_of_clients,
        reach=_reach,
    ),
}
