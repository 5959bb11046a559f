"""Which contacts the filters of the list mean, without a request: the list, and what acts on all it shows, agree.

Each function narrows rows of one account by one parameter of the list's address, by indexed columns only. Whoever acts on
"all that match" must know every parameter: `unknown` tells which are not, since leaving one out would take in more people.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.db.models import QuerySet

from cyberadmin.accounts.models import Account
from cyberadmin.sync.models import Change
from groups.models import Group

from . import search
from .consent import standing
from .models import GroupMembership, email_key

Rows = QuerySet[Any]

#: States of a contact's own changes, by the value of the filter.
PUSH_STATES = {
    "waiting": ("queued", "sending", "unknown"),
    "attention": ("conflict", "failed", "parked"),
}


def by_text(account: Account, rows: Rows, text: str) -> Rows:
    """Words of name, company or address. A whole address means that very person, not everybody who begins like it."""
    if not text.strip():
        return rows
    if "@" in text:
        exact = rows.filter(email_key=email_key(text))
        if exact.exists():
            return exact
    return search.search(rows, account, text[:200])


def by_group(account: Account, rows: Rows, value: str) -> Rows:
    """Members of one group of this client; any other number gives nobody, whoever it belongs to."""
    chosen = group_of(account, value)
    if chosen is None:
        return rows.none()
    members = GroupMembership.objects.filter(group=chosen).exclude(pending=GroupMembership.Pending.REMOVE)
    return rows.filter(pk__in=members.values("contact"))


def group_of(account: Account | int, value: str) -> Group | None:
    """The group that a filter names, when it is this client's."""
    if not value.isdecimal() or len(value) > 18:
        return None
    found: Group | None = Group.objects.filter(account=account, pk=int(value)).first()
    return found


def by_push(account: Account, rows: Rows, value: str) -> Rows:
    """By how far the contact's own changes are; another value narrows nothing."""
    states = PUSH_STATES.get(value)
    if states is None:
        return rows
    changes = Change.objects.filter(account=account, kind="contact", state__in=states)
    return rows.filter(pk__in=changes.values("object_id"))


def _by_column(column: str) -> Callable[[Account, Rows, str], Rows]:
    def narrow(account: Account, rows: Rows, value: str) -> Rows:
        return rows.filter(**{column: "" if value == "none" else value})

    return narrow


BY: Mapping[str, Callable[[Account, Rows, str], Rows]] = {
    "q": by_text,
    "state": _by_column("state"),
    "language": _by_column("language"),
    "consent": _by_column("consent_type"),
    "standing": standing.narrow,
    "group": by_group,
    "push": by_push,
}


def unknown(names: Iterable[str]) -> set[str]:
    """Parameters that narrow the list in a way that is not known here."""
    return set(names) - set(BY)


def narrowed(account: Account, rows: Rows, wanted: Mapping[str, str]) -> Rows:
    """`rows` narrowed by every parameter that has a value. Raises KeyError for an unknown one."""
    for name, value in wanted.items():
        if value:
            rows = BY[name](account, rows, value)
    return rows
