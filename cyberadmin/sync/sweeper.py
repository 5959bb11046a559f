"""Finding work that nobody rang for: expired leases, due changes, due pulls, tokens still to be proved."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Q

from cyberadmin.accounts.models import Account

from . import claim, custody, pull
from .clock import now
from .models import Change, Heartbeat, Pace, PullRun

EASTERN = ZoneInfo("America/Toronto")
#: Hour of the night, Eastern time, after which the nightly full pulls begin.
NIGHT_HOUR = 2


def beat(name: str) -> None:
    """Leave a sign of life."""
    Heartbeat.objects.update_or_create(name=name, defaults={"at": now()})


def accounts_with_work() -> list[int]:
    """Accounts that have something due now; takes back what lost its worker on the way."""
    claim.reap()
    moment = now()
    due = Change.objects.filter(
        Q(state=Change.State.QUEUED)
        | Q(state=Change.State.UNKNOWN) & (Q(lease_until=None) | Q(lease_until__lte=moment)),
        not_before__lte=moment,
    )
    runs = PullRun.objects.filter(
        Q(state=PullRun.State.QUEUED) & (Q(not_before=None) | Q(not_before__lte=moment))
        | Q(state=PullRun.State.RUNNING, lease_until__lt=moment)
    )
    working = Account.objects.filter(state=Account.State.CONNECTED, paused_reason="")
    ids = {*due.values_list("account_id", flat=True).distinct(), *runs.values_list("account_id", flat=True)}
    custody.find_forgotten(moment)
    return list(working.filter(pk__in=ids).values_list("pk", flat=True))


def request_due_pulls() -> list[int]:
    """Request an incremental pull where the last one is old, and a full one every night; returns the accounts."""
    requested = []
    moment = now()
    open_runs = PullRun.objects.filter(state__in=(PullRun.State.QUEUED, PullRun.State.RUNNING))
    accounts = Account.objects.filter(state=Account.State.CONNECTED, paused_reason="")
    for account in accounts.exclude(pk__in=open_runs.values("account")):
        scope = _due_scope(Pace.objects.filter(account=account).first(), _last_end(account), moment)
        if scope is not None:
            pull.request(account, scope)
            requested.append(account.pk)
    return requested


def _last_end(account: Account) -> datetime | None:
    run = PullRun.objects.filter(account=account).order_by("-id").first()
    return run.finished_at if run else None


def _due_scope(pace: Pace | None, last_end: datetime | None, moment: datetime) -> str | None:
    is_recent = last_end is not None and moment - last_end < timedelta(minutes=settings.SYNC_PULL_MINUTES)
    if is_recent and not (pace and pull.is_wanted(pace.account_id)):
        return None
    full_at = pace.full_pull_at if pace else None
    if full_at is None or full_at < _last_night(moment):
        return PullRun.Scope.FULL
    return PullRun.Scope.INCREMENTAL


def _last_night(moment: datetime) -> datetime:
    """The latest past moment at which a night's full pulls began."""
    local = moment.astimezone(EASTERN)
    night = local.replace(hour=NIGHT_HOUR, minute=0, second=0, microsecond=0)
    return night if night <= local else night - timedelta(days=1)
