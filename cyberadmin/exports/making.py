"""What a worker does: reads the list once more with the rights of who asked, and writes it sealed.

A job is claimed under a lease that each piece of rows renews. When its worker dies, the lease ends and another worker
begins the file anew; what the first one left is removed by the store. After three tries it is given up.
"""

import logging
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, BinaryIO, cast
from uuid import uuid4

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F, Q
from django.utils import translation

from cyberadmin.accounts import audit, retention
from cyberadmin.accounts.models import Account
from cyberadmin.sync import crash
from cyberadmin.sync.clock import now
from cyberadmin.sync.uploads import UploadError

from . import columns, sources, writers
from .files import STORE, delete, folder
from .models import ExportJob

LEASE = timedelta(minutes=2)
#: The longest; clients may want less (accounts/retention.py).
KEPT = timedelta(days=7)
TRIES = 3
#: Rows between two signs of life.
PIECE = 5_000
State, Reason = ExportJob.State, ExportJob.Reason
logger = logging.getLogger(__name__)


class LeaseLost(Exception):
    """Another worker has taken the job over, or it is gone."""


def open_jobs() -> list[int]:
    """Jobs that nobody works on now."""
    free = Q(state=State.WAITING) | Q(state=State.MAKING, lease_until__lt=now())
    return list(ExportJob.objects.filter(free).order_by("id").values_list("pk", flat=True)[:20])


def make(job_id: int) -> None:
    """Make the file of one job, unless another worker is at it."""
    claim = uuid4()
    free = Q(state=State.WAITING) | Q(state=State.MAKING, lease_until__lt=now())
    mine = ExportJob.objects.filter(free, pk=job_id)
    if not mine.update(state=State.MAKING, claim=claim, lease_until=now() + LEASE, rows=0, tries=F("tries") + 1):
        return
    job = ExportJob.objects.select_related("account", "actor").get(pk=job_id)
    if job.tries > TRIES:
        _fail(job, Reason.CRASH)
        return
    try:
        _write(job)
    except LeaseLost:
        return
    except sources.NoList:
        _fail(job, Reason.LIST)
    except UploadError as error:
        _fail(job, Reason.ROOM if error.code == "no_room" else Reason.CRASH)
    except Exception:
        logger.exception("Export %s could not be made.", job.pk)
        _fail(job, Reason.CRASH)
        raise


def _write(job: ExportJob) -> None:
    source = sources.SOURCES.get(job.source)
    actor: User | None = job.actor
    if source is None:
        raise sources.NoList
    if actor is None or not sources.may(actor, source, job.account):
        _fail(job, Reason.RIGHT)
        return
    with translation.override(job.language):
        request = sources.request_for(actor, job.account, job.query)
        if source.reach is not None:
            job.covers = request.covered = source.reach(request)  # type: ignore[attr-defined]
        found = source.columns(job.account)
        rows = _counted(job, columns.cells(found, source.rows(request)))
        names, labels = [one.name for one in found], [one.label for one in found]
        pieces = writers.WRITERS[job.form](names, labels, rows, job.language)
        stored = STORE.keep(folder(job), cast(BinaryIO, writers.Stream(pieces)))
    crash.here("export_stored")
    with transaction.atomic():
        moment = now()
        ready: dict[str, Any] = {
            "state": State.READY, "stored_name": stored.name, "size": stored.size, "sha256": stored.sha256,
            "rows": job.rows, "covers": job.covers, "finished_at": moment, "expires_at": moment + _kept(job), "lease_until": None,
        }  # fmt: skip
        if not ExportJob.objects.filter(pk=job.pk, claim=job.claim, state=State.MAKING).update(**ready):
            STORE.delete(folder(job), stored.name)
            raise LeaseLost
        note("export.made", actor, job)


def _kept(job: ExportJob) -> timedelta:
    """How long its client wants it kept; a file over several clients, as long as any."""
    return KEPT if job.account is None else timedelta(days=retention.days(job.account, "exports"))


def note(action: str, actor: User, job: ExportJob) -> None:
    """Write an export into the history of each client whose data it holds; never what was searched for: it may be a name."""
    about: dict[str, Any] = {"source": job.source, "form": job.form, "rows": job.rows}
    if job.account is not None:
        audit.record(action, actor=actor, account=job.account, export=job.pk, **about)
        return
    clients = Account.objects.all() if job.covers is None else Account.objects.filter(pk__in=job.covers)
    if job.covers is None:
        audit.record(action, actor=actor, **about)
    for account in clients:
        audit.record(action, actor=actor, account=account, **about)


def _counted(job: ExportJob, rows: Iterator[list[Any]]) -> Iterator[list[Any]]:
    """The rows, with a sign of life for each piece of them."""
    for row in rows:
        job.rows += 1
        if job.rows % PIECE == 0:
            mine = ExportJob.objects.filter(pk=job.pk, claim=job.claim, state=State.MAKING)
            if not mine.update(rows=job.rows, lease_until=now() + LEASE):
                raise LeaseLost
        yield row


def _fail(job: ExportJob, reason: str) -> None:
    failed = ExportJob.objects.filter(pk=job.pk, claim=job.claim, state=State.MAKING)
    failed.update(state=State.FAILED, reason=reason, query="", finished_at=now(), lease_until=None)


def keep_house() -> None:
    """Delete the files whose time is over, and what no job knows of; the rows stay, for the history."""
    moment = now()
    for account_id, before in retention.limits("exports", moment):
        # A client may have chosen a shorter time since the file was made.
        over = Q(expires_at__lt=moment) | Q(finished_at__lt=before)
        retention.count(account_id, "exports", delete(ExportJob.objects.filter(over, account=account_id)))
    delete(ExportJob.objects.filter(account=None, expires_at__lt=moment))
    STORE.purge(KEPT + timedelta(days=1))
