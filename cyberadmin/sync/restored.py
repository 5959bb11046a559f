"""Noticing that the database is a restored backup, and holding everything back until a person has looked (fault 32).

A backup does not know what was sent after it was made: what it shows as waiting may have been done. Each sweep counts
one further in the database and in a file of the data folder, which no database backup contains. A database that has
counted less than the file is older than what this machine has seen: nothing is written to the vendor any more, every
client is pulled in full, and an administrator lets it go on. Then creates that carry no key (mailings, groups,
templates, requests for consent) still wait for a person one by one, since they may have been made; edits are compared
with what is there, as always.
"""

import logging
from pathlib import Path
from tempfile import NamedTemporaryFile

from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Max, QuerySet
from django.utils.translation import gettext as _

from cyberadmin.accounts import audit
from cyberadmin.accounts.models import Account

from . import pull
from .clock import now
from .doorbell import ring
from .models import Change, ChangeSet, Heartbeat, Installation, PullRun

logger = logging.getLogger(__name__)


def current() -> Installation | None:
    """The installation while it is held back, for the pages."""
    return Installation.objects.filter(restored_at__isnull=False).first()


def tick() -> None:
    """Count one further, in the database first; a database that lags behind the file is held back."""
    with transaction.atomic():
        Installation.objects.get_or_create(pk=1)
        row = Installation.objects.select_for_update().get(pk=1)
        reached = _remembered(row)
        if reached > row.ticks:
            _hold(row)
        row.ticks = max(row.ticks, reached) + 1
        row.save()
    _remember(row)


def _hold(row: Installation) -> None:
    row.restored_at = now()
    row.backup_from = Heartbeat.objects.aggregate(last=Max("at"))["last"]
    row.confirmed_by = row.confirmed_at = None
    logger.error("The database is older than this machine remembers: nothing is sent until an administrator confirms.")
    audit.record("installation.restored", actor=None, backup_from=str(row.backup_from or ""))
    for account in _connected():
        pull.request(account, PullRun.Scope.FULL)


def still_to_pull() -> list[Account]:
    """Connected clients that have had no complete pull of everything since the restore; paused ones cannot and are left out."""
    row = current()
    if row is None or row.restored_at is None:
        return []
    done = PullRun.objects.filter(
        state=PullRun.State.COMPLETE, scope=PullRun.Scope.FULL, started_at__gte=row.restored_at
    )
    return list(_connected().filter(paused_reason="").exclude(pk__in=done.values("account")))


def confirm(actor: User, why: str) -> None:
    """Let sending go on; what may have been made since the backup waits for a person, each with its own button."""
    if not (actor.is_active and actor.is_superuser):
        raise PermissionDenied
    with transaction.atomic():
        row = Installation.objects.select_for_update().filter(restored_at__isnull=False).first()
        if row is None:
            raise ValidationError(_("Nothing is held back any more."))
        if still_to_pull():
            raise ValidationError(_("Wait until every client has been pulled in full."))
        stopped = Change.objects.filter(state=Change.State.QUEUED, keyless=True).update(
            state=Change.State.PARKED, reason="restored", updated_at=now()
        )
        sets = ChangeSet.objects.filter(state=ChangeSet.State.APPLYING).update(
            state=ChangeSet.State.PAUSED, reason="restored"
        )
        row.restored_at, row.confirmed_by, row.confirmed_at = None, actor, now()
        row.save()
        audit.record("installation.goes_on", actor=actor, why=why.strip(), changes_stopped=stopped, sets_paused=sets)
        for account in _connected():
            ring(account.pk)


def _connected() -> QuerySet[Account]:
    return Account.objects.filter(state=Account.State.CONNECTED)


def _file() -> Path:
    return Path(settings.DATA_DIR) / "ticks"


def _remembered(row: Installation) -> int:
    """How far this machine has seen this installation come; 0 when it remembers nothing, or another installation."""
    try:
        uid, ticks = _file().read_text(encoding="ascii").split()
    except (FileNotFoundError, ValueError):
        return 0
    return int(ticks) if uid == str(row.uid) else 0


def _remember(row: Installation) -> None:
    # Two threads of one process may be here at once: each writes a file of its own, and the last to rename it stays.
    with NamedTemporaryFile("w", encoding="ascii", dir=settings.DATA_DIR, prefix="ticks.", delete=False) as new:
        new.write(f"{row.uid} {row.ticks}")
    Path(new.name).replace(_file())
