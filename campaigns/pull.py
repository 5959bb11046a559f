"""Reading the vendor's mailings into the mirror: three lists, then the details of those that are due for it.

A mailing only moves forward (scheduled, sent, archived), so the lists are read in that order and none is missed between
two of them. Whose details are due is decided in `due.py`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple, cast

from django.db.models import Q

from cyberadmin.api import types
from cyberadmin.api.errors import SchemaError
from cyberadmin.api.pagination import Page
from cyberadmin.api.types import fields
from cyberadmin.sync import merge, pull_merge, registry
from cyberadmin.sync.clock import now
from cyberadmin.sync.models import Change
from cyberadmin.sync.pull_context import ListRefused, PullContext
from cyberadmin.sync.pull_pages import Row, Rows, Window, by_number
from cyberadmin.sync.resource import Seen
from cyberadmin.sync.sweep import Sweepable

from . import due, states, twins, wire
from .models import Mailing

KIND = "mailing"
#: How many details one transaction takes; each may hold a body of some megabytes.
DETAILS_AT_ONCE = 20
#: How many new mailings one statement writes.
AT_ONCE = 500


@dataclass(frozen=True)
class Listing:
    """One of the vendor's lists of mailings."""

    name: str
    read: Callable[..., Page[Any]]
    convert: Callable[[Row], types.ScheduledMailing | types.SentMailing]


def pull_mailings(context: PullContext) -> Iterator[None]:
    """Read the three lists, then details; yields after each page. No list knows "changed since"."""
    endpoint = context.client.mailings
    listings = (
        Listing("mailings_scheduled", endpoint.list_scheduled, types.ScheduledMailing.from_json),
        Listing("mailings_sent", endpoint.list_sent, types.SentMailing.from_json),
        Listing("mailings_archived", endpoint.list_archived, types.ArchivedMailing.from_json),
    )
    for listing in listings:
        context.step(listing.name)
        reading = context.reading(listing.name)
        pages = by_number(partial(_ask, context, listing), mailing_id, reading)
        yield from context.walk(reading, pages, partial(_take_page, context, listing))
    if context.whole("mailings_scheduled"):
        _note_watched(context)
    context.step("mailing_details")
    yield from _details(context)
    live = Mailing.objects.filter(account=context.account, gone_at=None, deleted_at=None)
    names = tuple(listing.name for listing in listings)
    context.sweepable.append(Sweepable(registry.get(KIND), names, live.exclude(remote_id=None), forget))


def mailing_id(row: Row) -> int | None:
    """The vendor's number of a listed mailing; None for a row that has none."""
    try:
        return fields.integer(row, "id")
    except SchemaError:
        return None


def forget(mailing: Mailing) -> None:
    """What goes with a mailing that is gone: its campaign may be scheduled no more."""
    mailing.save()
    if mailing.edition is not None:
        states.refresh(mailing.edition.campaign_id)


def _ask(context: PullContext, listing: Listing, window: Window) -> Page[Any]:
    # Mailings have no e-mail address; their date is the steadiest order there is (api/README.md 4.7).
    return context.read(lambda: listing.read(page=window.page, sort="date_asc"))


def _take_page(context: PullContext, listing: Listing, rows: Rows) -> None:
    reading = context.readings[listing.name]
    context.expect((reading.announced or 0) if reading.pages == 1 else 0)
    context.in_page(lambda: _merge(context, listing, rows))


def _merge(context: PullContext, listing: Listing, rows: Rows) -> None:
    of_account = Mailing.objects.filter(account=context.account)
    known = _known(of_account, rows)
    being_made = set(of_account.filter(gone_at=None, remote_id=None).values_list("subject", "language"))
    seen, new = [], []
    for row in rows:
        there = known.get(mailing_id(row))
        digest = pull_merge.digest(row, listing.name.encode())
        if there is not None:
            seen.append(there.pk)
            if there.is_newer_than(context) or there.content_hash == digest:
                context.count("unchanged")
                continue
        made = _take(context, listing, there, row, digest)
        if made is not None and (made.subject, made.language) in being_made:
            # It may be the one that a create of ours is just making; settling or looking links the two.
            context.count("left_to_create")
        elif made is not None:
            new.append(made)
    created = Mailing.objects.bulk_create(new, batch_size=AT_ONCE)
    context.count("created", len(created))
    context.seen(context.readings[listing.name], [*seen, *(one.pk for one in created)])
    context.advance(len(rows))


class _Known(NamedTuple):
    """What tells whether a mirrored mailing must be looked at. `content_hash` is empty where it must be in any case."""

    pk: int
    pulled_at: datetime | None
    content_hash: str

    def is_newer_than(self, context: PullContext) -> bool:
        """Whether it was settled after this page was asked for."""
        return self.pulled_at is not None and self.pulled_at > context.asked_at


def _known(of_account: Any, rows: Rows) -> dict[int | None, _Known]:
    """The mirrored ones among listed mailings, by the vendor's number; no bodies, of which a page could hold thousands."""
    found = of_account.filter(remote_id__in=[mailing_id(row) for row in rows])
    is_level = Q(gone_at=None, snapshot__isnull=True)
    told = found.values_list("remote_id", "pk", "pulled_at", "content_hash", is_level)
    return {remote_id: _Known(pk, at, digest if level else "") for remote_id, pk, at, digest, level in told}


def _take(context: PullContext, listing: Listing, there: _Known | None, row: Row, digest: str) -> Mailing | None:
    """Merge one changed mailing, or return a new one (not saved); None when there is nothing to make."""
    try:
        item = listing.convert(row)
    except SchemaError as error:
        context.readings[listing.name].veto("bad_row")
        context.problem("bad_row", list=listing.name, id=mailing_id(row), field=error.field)
        return None
    resource = registry.get(KIND)
    if there is not None:
        mailing = Mailing.objects.get(pk=there.pk)
        seen = wire.seen_row(item, mailing)
        # Its counters may have moved with it.
        stale = Seen(seen.values, seen.remote_id, {**seen.extra, "details_at": None})
        pull_merge.take_in(resource, mailing, stale, digest)
        context.count("updated")
        return None
    seen = wire.seen_row(item)
    mailing = Mailing(account=context.account, pulled_at=context.asked_at, content_hash=digest)
    resource.assign(mailing, seen.values)
    resource.absorb(mailing, seen)
    merge.compare(resource, mailing, seen.values)
    return mailing


def _note_watched(context: PullContext) -> None:
    """The whole list of scheduled mailings was looked through for second ones."""

    def note() -> None:
        ours = Mailing.objects.filter(account=context.account, gone_at=None, stage=Mailing.Stage.SCHEDULED)
        ours.exclude(purpose=Mailing.Purpose.FOREIGN).update(watched_at=context.asked_at)

    context.in_page(note)


# --- details ---
def _vanished(context: PullContext) -> list[int]:
    """Mailings of ours that were scheduled and are no longer listed: each is asked for by its number at once."""
    if not context.whole("mailings_scheduled", "mailings_sent"):
        return []
    ours = Mailing.objects.filter(account=context.account, gone_at=None, stage=Mailing.Stage.SCHEDULED)
    ours = ours.exclude(purpose=Mailing.Purpose.FOREIGN).exclude(pulled_at__gt=context.run.started_at)
    seen = context.seen_ids("mailings_scheduled", "mailings_sent")
    return [pk for pk in ours.values_list("pk", flat=True) if pk not in seen]


def _details(context: PullContext) -> Iterator[None]:
    waiting: list[_Detail] = []
    chosen = due.of_run(context.account.pk, _vanished(context))
    context.expect(len(chosen))
    for mailing in chosen:
        try:
            detail = context.read(partial(context.client.mailings.get, cast(int, mailing.remote_id)))
        except ListRefused as refused:
            _missed(context, mailing, str(refused))
            continue
        waiting.append(_Detail(mailing.pk, detail, context.asked_at))
        if len(waiting) == DETAILS_AT_ONCE:
            context.in_page(partial(_take_details, context, waiting))
            waiting = []
            yield
    context.in_page(partial(_take_details, context, waiting))
    yield


class _Detail(NamedTuple):
    """The details of a mirrored mailing, and when they were asked for."""

    pk: int
    detail: types.MailingDetail
    asked_at: datetime


def _take_details(context: PullContext, found: list[_Detail]) -> None:
    told = {one.pk: one for one in found}

    def see(row: Mailing) -> Seen | None:
        one = told[row.pk]
        is_newer = row.pulled_at is not None and row.pulled_at > one.asked_at
        return None if row.gone_at is not None or is_newer else wire.seen_detail(one.detail, row)

    for row in pull_merge.take_in_each(registry.get(KIND), list(told), see):
        twins.link(row)
        if row.edition is not None:
            states.refresh(row.edition.campaign_id)
    context.advance(len(found))


def _missed(context: PullContext, mailing: Mailing, why: str) -> None:
    """Details that could not be had. A 404 of a mailing that was scheduled says that it was cancelled elsewhere."""
    if why != "NotFound":
        context.problem("refused", list="mailing_details", id=mailing.remote_id, error=why)
        return

    def bury() -> None:
        row = Mailing.objects.get(pk=mailing.pk)
        changes = Change.objects.filter(kind=KIND, object_id=row.pk, state__in=Change.OPEN)
        if row.gone_at is None and row.pulled_at == mailing.pulled_at and not changes.exists():
            row.gone_at, row.content_hash = now(), ""
            forget(row)
            context.count("gone")

    context.in_page(bury)
