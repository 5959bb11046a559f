"""Reading the vendor's mailings into the mirror: three lists, then the details of those that are due for it.

A mailing only moves forward (scheduled, sent, archived), so the lists are read in that order and none is missed between
two of them. Counters change fast while a mailing is young, so its details are read often then and seldom when it is old.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from django.db.models import F, Q

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

from . import states, twins, wire
from .models import Mailing

KIND = "mailing"
#: (younger than, counted from the time of sending; details at least this old are read again)
AGES = (
    (timedelta(days=2), timedelta(minutes=20)),
    (timedelta(days=14), timedelta(hours=6)),
    (timedelta(days=90), timedelta(days=3)),
    (None, timedelta(days=30)),
)
SCHEDULED_AGE = timedelta(hours=6)
DETAILS_PER_RUN = 300


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
    known = {one.remote_id: one for one in of_account.filter(remote_id__in=[mailing_id(row) for row in rows])}
    being_made = set(of_account.filter(gone_at=None, remote_id=None).values_list("subject", "language"))
    seen = []
    for row in rows:
        mailing = known.get(mailing_id(row))
        if mailing is None or not _is_same(context, listing, mailing, row):
            mailing = _take(context, listing, mailing, row, being_made) or mailing
        if mailing is not None:
            seen.append(mailing.pk)
    context.seen(context.readings[listing.name], seen)
    context.advance(len(rows))


def _is_same(context: PullContext, listing: Listing, mailing: Mailing, row: Row) -> bool:
    if mailing.pulled_at is not None and mailing.pulled_at > context.asked_at:
        return True  # settled after this page was asked for: what we hold is newer
    digest = pull_merge.digest(row, listing.name.encode())
    same = mailing.gone_at is None and mailing.snapshot is None and mailing.content_hash == digest
    if same:
        context.count("unchanged")
    return same


def _take(
    context: PullContext, listing: Listing, mailing: Mailing | None, row: Row, being_made: set[tuple[str, str]]
) -> Mailing | None:
    """Merge one new or changed mailing; None when it was left out."""
    digest = pull_merge.digest(row, listing.name.encode())
    try:
        item = listing.convert(row)
    except SchemaError as error:
        context.readings[listing.name].veto("bad_row")
        context.problem("bad_row", list=listing.name, id=mailing_id(row), field=error.field)
        return None
    seen = wire.seen_row(item, mailing)
    resource = registry.get(KIND)
    if mailing is not None:
        # Its counters may have moved with it.
        stale = Seen(seen.values, seen.remote_id, {**seen.extra, "details_at": None})
        pull_merge.take_in(resource, mailing, stale, digest)
        context.count("updated")
        return mailing
    if (seen.values["subject"], seen.values["language"]) in being_made:
        # It may be the one that a create of ours is just making; settling or looking links the two.
        context.count("left_to_create")
        return None
    mailing = Mailing(account=context.account, pulled_at=context.asked_at, content_hash=digest)
    resource.assign(mailing, seen.values)
    resource.absorb(mailing, seen)
    merge.compare(resource, mailing, seen.values)
    mailing.save()
    context.count("created")
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


def due_for_details(account_id: int, also: list[int]) -> Any:
    """The live mailings whose counters are to be read now, and those of `also`; the youngest first."""
    moment = now()
    due = Q(pk__in=also) | Q(details_at=None) | Q(stage=Mailing.Stage.SCHEDULED, details_at__lt=moment - SCHEDULED_AGE)
    older_than = moment
    for age, patience in AGES:
        of_age = Q(send_at__lte=older_than)
        if age is not None:
            of_age &= Q(send_at__gt=moment - age)
            older_than = moment - age
        due |= of_age & Q(details_at__lt=moment - patience)
    rows = Mailing.objects.filter(due, account_id=account_id, gone_at=None).exclude(remote_id=None)
    return rows.order_by(F("send_at").desc(nulls_last=True))


def _details(context: PullContext) -> Iterator[None]:
    resource = registry.get(KIND)
    for mailing in due_for_details(context.account.pk, _vanished(context))[:DETAILS_PER_RUN]:
        try:
            detail = context.read(partial(context.client.mailings.get, mailing.remote_id))
        except ListRefused as refused:
            _missed(context, mailing, str(refused))
            continue

        def take(mailing: Mailing = mailing, detail: types.MailingDetail = detail) -> None:
            row = Mailing.objects.get(pk=mailing.pk)
            if row.gone_at is None and (row.pulled_at is None or row.pulled_at <= context.asked_at):
                pull_merge.take_in(resource, row, wire.seen_detail(detail, row), row.content_hash)
                twins.link(Mailing.objects.get(pk=row.pk))
                if row.edition is not None:
                    states.refresh(row.edition.campaign_id)

        context.in_page(take)
        yield


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
