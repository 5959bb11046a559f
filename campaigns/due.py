"""Whose counters, links and groups are to be read now: they are not in the vendor's lists, so each costs a request.

They change fast while a mailing is young, so they are read often then and seldom when it is old.
"""

from datetime import timedelta
from typing import Any

from django.db.models import F, Q

from cyberadmin.sync.clock import now

from .models import Mailing

#: (younger than, counted from the time of sending; details at least this old are read again)
AGES = (
    (timedelta(days=2), timedelta(minutes=20)),
    (timedelta(days=14), timedelta(hours=6)),
    (timedelta(days=90), timedelta(days=3)),
    (None, timedelta(days=30)),
)
SCHEDULED_AGE = timedelta(hours=6)
#: Details read in one run, and how many of them may be second readings while new mailings wait: a first pull of thousands
#: gets further with every run, however many young ones change meanwhile.
PER_RUN, AGAIN_PER_RUN = 300, 100


def never_read(account_id: int) -> Any:
    """The live mailings of which only the row of a list is known so far."""
    rows = Mailing.objects.filter(account_id=account_id, gone_at=None, details_at=None)
    return rows.exclude(remote_id=None)


def of_account(account_id: int, also: list[int]) -> Any:
    """The live mailings whose details are to be read now, and those of `also`; the youngest first."""
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


def of_run(account_id: int, also: list[int]) -> list[Mailing]:
    """What one run reads (number, `remote_id` and `pulled_at` only): some known ones, then new ones as far as there is room."""
    due = of_account(account_id, also).only("pk", "remote_id", "pulled_at", "details_at")
    again = list(due.exclude(details_at=None)[:PER_RUN])
    new = list(due.filter(details_at=None)[: PER_RUN - min(len(again), AGAIN_PER_RUN)])
    return again[: PER_RUN - len(new)] + new
