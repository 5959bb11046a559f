"""What time takes away, the hourly check of promise P12, and the nightly one of the wall between clients."""

import logging
from datetime import timedelta

from cyberadmin.accounts import retention, wall

from .bulk import purging
from .clock import now
from .health import differences
from .models import ApiCall, KeptExchange, PullPage, PullRun, Submission
from .sweep import purge_tombstones

logger = logging.getLogger(__name__)

SUBMISSIONS_KEPT = timedelta(days=7)


def run() -> None:
    """Prune calls, used form ids, finished staging and tombstones by age; log where mirror and Outbox disagree."""
    moment = now()
    for kind, model in (("exchanges", KeptExchange), ("calls", ApiCall)):
        for account_id, before in retention.limits(kind, moment):
            _gone, by_model = model._default_manager.filter(account=account_id, at__lt=before).delete()
            retention.count(account_id, kind, by_model.get(model._meta.label, 0))
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
