"""What time takes away, the hourly check of promise P12, and the nightly one of the wall between clients."""

import logging
from datetime import timedelta

from cyberadmin.accounts import wall

from .bulk import purging
from .clock import now
from .health import differences
from .models import ApiCall, KeptExchange, PullPage, PullRun, Submission
from .sweep import purge_tombstones

logger = logging.getLogger(__name__)

CALLS_KEPT = timedelta(days=90)
#: Failed calls whole, with personal data: long enough for a question to the vendor's support.
EXCHANGES_KEPT = timedelta(days=30)
SUBMISSIONS_KEPT = timedelta(days=7)


def run() -> None:
    """Prune calls, used form ids, finished staging and tombstones by age; log where mirror and Outbox disagree."""
    moment = now()
    KeptExchange.objects.filter(at__lt=moment - EXCHANGES_KEPT).delete()
    ApiCall.objects.filter(at__lt=moment - CALLS_KEPT).delete()
    Submission.objects.filter(at__lt=moment - SUBMISSIONS_KEPT).delete()
    ended = PullRun.objects.exclude(state__in=(PullRun.State.QUEUED, PullRun.State.RUNNING))
    PullPage.objects.filter(run__in=ended).delete()
    purge_tombstones()
    purging.run()
    for difference in differences():
        logger.error("Promise P12 is broken: %s", difference)


def check_wall() -> None:
    """Log where a row of one client refers to a row of another (docs/security.md, line 4)."""
    for relation in wall.crossings():
        logger.error("Promise P9 is broken: %s refers to another client's row", relation)
