"""When a mailing bounced more than its client's mailings usually do (product.md N6, W17).

A mailing's share is its hard and soft bounces of the e-mails sent. A client's *normal* is the median share of its own
last `PAST` mailings that left within a year before the one that is judged; tests are no mailings (product.md 3d-12), and
mailings of fewer than `SMALL` e-mails say too little. The median is deaf to one bad mailing. A share is above normal when
it is more than twice the median, more than the median and three times its usual distance from it (the median of the
distances, times 1.4826, which is what a standard deviation is for chance alone), and more than one percentage point over
it; and when at least `FEW` e-mails came back. Before there are `ENOUGH` past mailings nothing is known of a client: then
`UNKNOWN`, one e-mail in twenty, stands in, a caution of our own.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from django.db.models import Q

from campaigns.models import Mailing
from campaigns.results import LEFT
from cyberadmin.accounts.models import Account

PAST, ENOUGH, YEAR = 20, 5, timedelta(days=365)
SMALL, FEW = 20, 3
UNKNOWN, POINT = 0.05, 0.01
#: Mailings that left so lately are judged: their bounces are in by then, and a Monday sees the week before.
LATELY = timedelta(days=10)


@dataclass(frozen=True)
class Bounced:
    """One mailing that left. `share` of its e-mails came back."""

    pk: int
    account: int
    subject: str
    left_at: datetime
    sent: int
    back: int

    @property
    def share(self) -> float:
        """What came back, of what was sent."""
        return self.back / self.sent


@dataclass(frozen=True)
class Outlier:
    """A mailing above its client's normal; `normal` is None when nothing is known of the client yet."""

    mailing: Bounced
    normal: float | None


def threshold(past: Sequence[float]) -> tuple[float, float | None]:
    """(the share above which a mailing is told, the normal one or None), from the shares of past mailings."""
    if len(past) < ENOUGH:
        return UNKNOWN, None
    middle = median(past)
    spread = 1.4826 * median(abs(share - middle) for share in past)
    return max(2 * middle, middle + 3 * spread, middle + POINT), middle


def outliers(accounts: Iterable[Account], moment: datetime) -> list[Outlier]:
    """The mailings of the last days that bounced above their client's normal, newest first; one query."""
    of_client: dict[int, list[Bounced]] = {}
    for one in _left(accounts, moment):
        of_client.setdefault(one.account, []).append(one)
    found = []
    for mailings in of_client.values():
        for place, one in enumerate(mailings):
            if one.left_at < moment - LATELY:
                break
            limit, normal = threshold([past.share for past in mailings[place + 1 : place + 1 + PAST]])
            if one.back >= FEW and one.share > limit:
                found.append(Outlier(one, normal))
    return found


def _left(accounts: Iterable[Account], moment: datetime) -> Iterable[Bounced]:
    """The mailings of the last year and a little that say enough, newest first."""
    rows = Mailing.objects.filter(
        Q(incorrect_addresses__isnull=False) | Q(technical_problems__isnull=False),
        account__in=[account.pk for account in accounts],
        gone_at=None,
        stage__in=LEFT,
        emails_sent__gte=SMALL,
        send_at__gt=moment - YEAR - LATELY,
        send_at__lte=moment,
    ).exclude(purpose=Mailing.Purpose.TEST)
    named = ("pk", "account", "subject", "send_at", "emails_sent", "incorrect_addresses", "technical_problems")
    for pk, account, subject, left_at, sent, hard, soft in rows.order_by("-send_at", "-pk").values_list(*named):
        yield Bounced(pk, account, subject, left_at, sent, (hard or 0) + (soft or 0))
