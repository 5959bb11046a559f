"""Counting each client once a day, just after midnight of its own time zone, and reckoning back the year before.

Only clients that were read completely at least once are counted: half a mirror would look like growth. The first count
reckons back up to a year from the dates that contacts carry: from one day to the day before, those who joined are taken
off and those who left (unsubscribed, bounced, or vanished at the vendor) are put back. That is an estimate and marked as
one: who was deleted before the first reading is unknown, and so is who joined without a date or came back after leaving.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from django.db import transaction
from django.db.models import Count, Min, Q
from django.db.models.functions import TruncDate

from contacts.models import Contact
from cyberadmin.accounts.models import Account
from cyberadmin.sync.clock import now
from cyberadmin.sync.models import Change, PullRun

from .models import DailyFigure

REACH = timedelta(days=365)
State = Contact.State
_WAITING = (Change.State.QUEUED, Change.State.SENDING, Change.State.UNKNOWN)


def count_due() -> int:
    """Count every client of which this day was not counted yet; how many. Run twice, the second does nothing."""
    counted = 0
    for account in _complete():
        today = now().astimezone(account.zone).date()
        if not DailyFigure.objects.filter(account=account, on=today).exists():
            counted += count(account, today)
    return counted


def count(account: Account, on: date) -> bool:
    """Write the row of one client and day, and the year before the first one; whether this call wrote it."""
    people: Counter[str] = Counter()
    rows = Contact.objects.filter(account=account, gone_at=None).order_by()
    people.update(dict(rows.values_list("state").annotate(n=Count("pk"))))
    changes = Change.objects.filter(account=account, state__in=Change.OPEN)
    waiting = Count("pk", filter=Q(state__in=_WAITING))
    queue = changes.aggregate(waiting=waiting, open=Count("pk"))
    with transaction.atomic():
        row, made = DailyFigure.objects.get_or_create(
            account=account,
            on=on,
            defaults={
                "subscribed": people[State.SUBSCRIBED],
                "unsubscribed": people[State.UNSUBSCRIBED],
                "bounced": people[State.BOUNCED],
                "waiting": queue["waiting"],
                "attention": queue["open"] - queue["waiting"],
            },
        )
        if made and not DailyFigure.objects.filter(account=account, on__lt=on).exists():
            DailyFigure.objects.bulk_create(_before(row), batch_size=400)
    return made


def _complete() -> Iterator[Account]:
    """Connected clients that were read completely once."""
    read = PullRun.objects.filter(state=PullRun.State.COMPLETE).values("account")
    yield from Account.objects.filter(state=Account.State.CONNECTED, pk__in=read).order_by("pk")


def _before(first: DailyFigure) -> list[DailyFigure]:
    """The estimated days before the first one, back to when the first known contact joined, a year at most."""
    account, start = first.account, first.on - REACH
    oldest = Contact.objects.filter(account=account).aggregate(at=Min("joined_at"))["at"]
    if oldest is None:
        return []
    joined, left = _by_day(account, "joined_at", start), _left(account, start)
    number, days = first.subscribed, []
    for back in range(1, (first.on - max(oldest.astimezone(account.zone).date(), start)).days + 1):
        day = first.on - timedelta(days=back)
        number = max(number - joined[day] + left[day], 0)
        days.append(DailyFigure(account=account, on=day, subscribed=number, estimated=True))
    return days


def _left(account: Account, start: date) -> Counter[date]:
    """How many stopped being subscribed on each day since `start`."""
    return (
        _by_day(account, "unsubscribed_at", start, state=State.UNSUBSCRIBED)
        + _by_day(account, "bounced_at", start, state=State.BOUNCED)
        + _by_day(account, "gone_at", start, state=State.SUBSCRIBED)
    )


def _by_day(account: Account, field: str, start: date, **conditions: str) -> Counter[date]:
    """How many contacts have `field` on each day since `start`, in the client's time zone."""
    begins = datetime.combine(start, time.min, account.zone)
    rows = Contact.objects.filter(account=account, **{f"{field}__gte": begins}, **conditions).order_by()
    days = rows.annotate(day=TruncDate(field, tzinfo=account.zone)).values_list("day").annotate(n=Count("pk"))
    return Counter(dict(days))
