"""Reading the vendor's contacts into the mirror: custom fields, the three lists a person can be in, memberships.

Those who left come after those who are subscribed: somebody who leaves between two lists is then seen twice and ends up
as left, never as gone, and never as subscribed (promise P6, fault 63).
"""

from collections.abc import Iterator
from datetime import date

from cyberadmin.api import types
from cyberadmin.api.pagination import Page
from cyberadmin.sync import registry
from cyberadmin.sync.clock import now
from cyberadmin.sync.pull_context import ListRefused, PullContext
from cyberadmin.sync.pull_pages import Reading, Rows, Window, by_day, by_number
from cyberadmin.sync.sweep import Sweepable

from .models import Contact, CustomField
from .pull_clashes import settle_clashes
from .pull_contacts import ContactMerge
from .pull_memberships import pull_memberships
from .pull_rows import BOUNCED, MEMBERS, UNSUBSCRIBED, Listing, address_key, joined_day, member_id

#: A second walk over the members of an incremental pull.
UPDATED = "updated"


def pull_contacts(context: PullContext) -> Iterator[None]:
    """Read everything about contacts; yields after each page."""
    _pull_custom_fields(context)
    yield
    yield from _pull_members(context)
    yield from _pull_departed(context, UNSUBSCRIBED)
    yield from _pull_departed(context, BOUNCED)
    yield from pull_memberships(context)
    _offer_to_sweep(context)


def _pull_custom_fields(context: PullContext) -> None:
    context.step("custom_fields")
    try:
        listed = context.read(context.client.custom_fields.list)
    except ListRefused as refused:
        context.reading("custom_fields").veto("refused")
        context.problem("refused", list="custom_fields", error=str(refused))
        return
    context.in_page(lambda: _merge_custom_fields(context, listed))


def _merge_custom_fields(context: PullContext, listed: list[types.CustomField]) -> None:
    known = {one.remote_id: one for one in CustomField.objects.filter(account=context.account)}
    for field in listed:
        values = {"name": field.name[:200], "type": field.type[:20], "gone_at": None}
        one = known.pop(field.id, None)
        if one is None:
            CustomField.objects.create(account=context.account, remote_id=field.id, **values)
        elif any(getattr(one, name) != value for name, value in values.items()):
            CustomField.objects.filter(pk=one.pk).update(**values)
    if listed:
        # An empty list beside fields that were there is not believed.
        missing = [one.pk for one in known.values() if one.gone_at is None]
        CustomField.objects.filter(pk__in=missing).update(gone_at=now())


def _pull_members(context: PullContext) -> Iterator[None]:
    context.step(MEMBERS.name)
    merge = ContactMerge(context, MEMBERS)
    reading = context.reading(MEMBERS.name)
    yield from context.walk(reading, _members(context, reading, joined_from=context.since), merge.page)
    if context.since is not None:
        # New members may have no date of change yet, changed ones joined long ago: two questions (api/README.md 3).
        updated = context.reading(UPDATED)
        again = ContactMerge(context, MEMBERS.of_list(UPDATED))
        yield from context.walk(updated, _members(context, updated, updated_from=context.since), again.page)
        merge.clashes += again.clashes
    settle_clashes(context, merge)
    yield


def _members(
    context: PullContext, reading: Reading, joined_from: date | None = None, updated_from: date | None = None
) -> Iterator[Rows]:
    members = context.client.members.list

    def ask(window: Window) -> Page[types.Member]:
        return context.read(
            lambda: members(
                page=window.page,
                sort=window.sort,
                joined_from=window.start or joined_from,
                joined_to=window.until,
                updated_from=updated_from,
            )
        )

    return by_day(ask, joined_day, member_id, reading)


def _pull_departed(context: PullContext, listing: Listing) -> Iterator[None]:
    context.step(listing.name)
    reading = context.reading(listing.name)
    since = context.since

    def ask(window: Window) -> Page[types.UnsubscribedMember] | Page[types.BouncedMember]:
        members, page, sort = context.client.members, window.page, window.sort
        if listing is BOUNCED:
            return context.read(lambda: members.list_bounced(page=page, sort=sort, bounced_from=since))
        return context.read(lambda: members.list_unsubscribed(page=page, sort=sort, unsubscribed_from=since))

    merge = ContactMerge(context, listing)
    yield from context.walk(reading, by_number(ask, address_key, reading), merge.page)


def _offer_to_sweep(context: PullContext) -> None:
    rows = Contact.objects.filter(account=context.account, gone_at=None, deleted_at=None)
    # Subscribed without a number: waiting to be made there, so no list can have it.
    there = rows.exclude(remote_id=None, state=Contact.State.SUBSCRIBED)
    lists = (MEMBERS.name, UNSUBSCRIBED.name, BOUNCED.name)
    context.sweepable.append(Sweepable(registry.get("contact"), lists, there, _forget))


def _forget(contact: Contact) -> None:
    contact.memberships.all().delete()
