"""Looking again shortly before a mailing leaves: a second one is found while it can still be deleted (fault 49)."""

from datetime import datetime, timedelta

from cyberadmin.accounts.models import Account
from cyberadmin.sync import pull
from cyberadmin.sync.clock import now
from cyberadmin.sync.models import PullRun

from .models import Mailing

#: The list of scheduled mailings is read once within each of these times before a mailing of ours leaves. The second
#: look comes a while before minus 10 minutes, since a person still has to confirm.
WINDOWS = (timedelta(minutes=30), timedelta(minutes=18))


def request_due() -> list[int]:
    """Request a pull for every account of which a mailing leaves soon and was not looked after yet; returns them."""
    moment = now()
    soon = Mailing.objects.filter(
        gone_at=None,
        stage=Mailing.Stage.SCHEDULED,
        send_at__gt=moment,
        send_at__lte=moment + WINDOWS[0],
        account__state=Account.State.CONNECTED,
        account__paused_reason="",
    ).exclude(purpose=Mailing.Purpose.FOREIGN)
    due = {one.account_id: one.account for one in soon.select_related("account") if _is_due(one, moment)}
    for account in due.values():
        pull.request(account, PullRun.Scope.INCREMENTAL)
    return sorted(due)


def _is_due(mailing: Mailing, moment: datetime) -> bool:
    """Whether the latest window that has begun passed without a look."""
    if mailing.send_at is None:
        return False
    begun = [mailing.send_at - window for window in WINDOWS if mailing.send_at - window <= moment]
    return bool(begun) and (mailing.watched_at is None or mailing.watched_at < max(begun))
