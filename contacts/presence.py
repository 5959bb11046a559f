"""Contacts as the engine of batches asks about them: who must not be written to, who is here, what arrived, who left."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import Any

from cyberadmin.api import errors
from cyberadmin.api.client import ApiClient
from cyberadmin.api.pagination import MAX_LIMIT, Page
from cyberadmin.api.types import AddMembers, BatchMember, BatchWrite, Member, UnsubscribeMembers
from cyberadmin.api.types.fields import UNSET
from cyberadmin.sync import guard
from cyberadmin.sync.departures import Departures
from cyberadmin.sync.models import Change
from cyberadmin.sync.resource import Seen
from cyberadmin.sync.upsert import pick_rows

from . import seeing
from .models import Contact, email_key


def protected(account_id: int, labels: Iterable[str]) -> dict[str, str]:
    """{address: "unsubscribed" or "bounced"} of those who must not be written to; a wish to leave on its way counts as left.

    Somebody alive under an address decides about it; where nobody is, whoever was there last does.
    """
    keys = {label: email_key(label) for label in labels}
    if not keys:
        return {}
    found: dict[str, str] = {}
    # Two questions, since each address is looked up in the index of the living and in that of the tombstones; the living
    # last: they overwrite what a tombstone said.
    for where in ("c.gone_at IS NOT NULL", "c.gone_at IS NULL"):
        found |= dict(
            pick_rows(Contact, account_id, "email_key", sorted(set(keys.values())), ("email_key", "state"), where)
        )
    leaving = _leaving(account_id)
    return {
        label: "unsubscribed" if key in leaving else found[key]
        for label, key in keys.items()
        if key in leaving or found.get(key) in guard.PROTECTED
    }


def _leaving(account_id: int) -> set[str]:
    """Addresses, as the vendor knows them, whose unsubscription is still on its way."""
    waiting = Change.objects.filter(
        account_id=account_id, kind="contact", verb=Change.Verb.UNSUBSCRIBE, state__in=Change.OPEN
    )
    rows = Contact.objects.filter(pk__in=waiting.values("object_id")).values_list("email", "snapshot")
    return {email_key(address) for email, snapshot in rows for address in (email, (snapshot or {}).get("email", email))}


def present(account_id: int, labels: Iterable[str]) -> dict[str, int]:
    """{address: primary key} of the living contacts under these addresses."""
    keys = {label: email_key(label) for label in labels}
    if not keys:
        return {}
    rows = pick_rows(
        Contact, account_id, "email_key", sorted(set(keys.values())), ("email_key", "id"), "c.gone_at IS NULL"
    )
    found: dict[str, int] = dict(rows)
    return {label: found[key] for label, key in keys.items() if key in found}


#: Before anybody's address can have bounced: the day to ask from for all bounces that have a date.
_EVER = date(1990, 1, 1)


def departures(client: ApiClient, since: date | None) -> Departures:
    """Who unsubscribed or bounced since that Eastern day, and both totals: some short requests (api/README.md 4.2).

    A bounce may have no date, so that a question by day leaves it out; where there are such, all who bounced are read.
    """
    members = client.members
    if since is None:
        gone, gone_total = _names(lambda page: members.list_unsubscribed(page=page))
        bounced, bounced_total = _names(lambda page: members.list_bounced(page=page))
        return Departures(gone, bounced, gone_total, bounced_total)
    gone, _ = _names(lambda page: members.list_unsubscribed(page=page, unsubscribed_from=since))
    bounced, _ = _names(lambda page: members.list_bounced(page=page, bounced_from=since))
    bounced_total = members.list_bounced(limit=1).total_count
    if members.list_bounced(limit=1, bounced_from=_EVER).total_count < bounced_total:
        bounced, bounced_total = _names(lambda page: members.list_bounced(page=page))
    return Departures(gone, bounced, members.list_unsubscribed(limit=1).total_count, bounced_total)


def _names(read: Callable[[int], Page[Any]]) -> tuple[frozenset[str], int]:
    """The addresses of a whole list, and its total."""
    names: set[str] = set()
    number = 1
    while True:
        page = read(number)
        names.update(email_key(str(row.get("email", ""))) for row in page.rows)
        if len(page.rows) < min(page.limit, MAX_LIMIT) or number * page.limit >= page.total_count:
            return frozenset(names), page.total_count
        number += 1


def lately(client: ApiClient, size: int) -> dict[str, str]:
    """{number: key} of the subscribed members that changed last, in one request (api/README.md 4.1)."""
    page = client.members.list(limit=min(size, MAX_LIMIT), sort="updated_desc")
    return {str(member.id): email_key(member.email) for member in page.items}


def arrived(client: ApiClient, write: BatchWrite, label: str, stop: Callable[[Seen | None], None]) -> bool:
    """Whether the vendor holds what a batch of this one row asks for. `stop`: raise ProtectedThere for who left."""
    if isinstance(write, AddMembers):
        return _was_added(client, write, write.members[0], label, stop)
    if isinstance(write, UnsubscribeMembers):
        return seeing.unsubscribed(client, label) is not None
    if _member(client, label) is not None:
        return False
    stop(seeing.left(client, label))
    return True


def _was_added(
    client: ApiClient, write: AddMembers, wanted: BatchMember, label: str, stop: Callable[[Seen | None], None]
) -> bool:
    member = _member(client, label)
    if member is None:
        # Who bounced was held back right before the batch; their whole list is not read again for each row.
        stop(seeing.unsubscribed(client, label))
        return False
    if not _shows(member, wanted):
        return False
    return not write.groups or set(write.groups) <= _groups(client, member.id)


def _member(client: ApiClient, label: str) -> Member | None:
    try:
        return client.members.get(label)
    except errors.NotFound:
        return None


def _groups(client: ApiClient, member_id: int) -> set[int]:
    return {group.id for group in client.members.list_groups(member_id).items}


#: Attributes of a batch's row that reading the member shows, under the same name.
_COMPARED: Sequence[str] = (
    "first_name", "last_name", "company", "gender", "language", "birth_date", "postal_code", "country", "note",
)  # fmt: skip


def _shows(member: Member, wanted: BatchMember) -> bool:
    """Whether the member shows what the row set; an empty one was cleared, one that is UNSET was kept."""
    for name in _COMPARED:
        value = getattr(wanted, name)
        if value is not UNSET and (value or None) != (getattr(member, name) or None):
            return False
    if wanted.custom_values is UNSET:
        return True
    return all(_plain(member.custom_values.get(key)) == _plain(value) for key, value in wanted.custom_values.items())


def _plain(value: Any) -> str:
    """A custom value as text, whichever way it was written down."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value.isoformat() if isinstance(value, date) else str(value)
