"""Asking for an export, and opening its file."""

from collections.abc import Iterator

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import QueryDict
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from cyberadmin.accounts import audit, policy
from cyberadmin.accounts.models import Account
from cyberadmin.celery import app
from cyberadmin.sync.clock import now

from . import making, sources
from .addresses import narrowing
from .models import ExportJob

MAKE = "cyberadmin.exports.tasks.make"
#: Exports of one person on one client that may wait at a time.
AT_ONCE = 5
#: Bytes of one piece of a download.
PIECE = 1 << 16


def ask(actor: User, account: Account, source: str, form: str, query: QueryDict) -> ExportJob:
    """Have a worker make a file of this list, as `query` narrows it. Raises ValidationError."""
    known = sources.SOURCES.get(source)
    if known is None or form not in ExportJob.Form.values:
        raise ValidationError(_("Choose a list and a format."))
    if not policy.can(actor, known.right, account):
        raise PermissionDenied
    waiting = ExportJob.objects.filter(account=account, actor=actor, state__in=ExportJob.OPEN)
    if waiting.count() >= AT_ONCE:
        raise ValidationError(_("Several of your exports are being made already. Wait until one is ready."))
    with transaction.atomic():
        job = ExportJob.objects.create(
            account=account,
            actor=actor,
            actor_name=actor.get_username(),
            source=source,
            form=form,
            query=narrowing(query),
            language=get_language() or "en",
            created_at=now(),
        )
        transaction.on_commit(lambda: app.send_task(MAKE, args=(job.pk,), ignore_result=True), robust=True)
    return job


def read_file(actor: User, job: ExportJob) -> Iterator[bytes]:
    """The plain file of an export in pieces, noted in the history. Raises PermissionDenied, uploads.UploadError at once.

    It is open only while the pieces are asked for: an answer that nobody reads leaves nothing open.
    """
    source = sources.SOURCES.get(job.source)
    if not policy.can(actor, source.right if source else "edit", job.account):
        raise PermissionDenied
    making.STORE.open_plain(job.account_id, job.stored_name).close()
    audit.record(
        "export.downloaded",
        actor=actor,
        account=job.account,
        export=job.pk,
        source=job.source,
        form=job.form,
        rows=job.rows,
    )
    return _pieces(job)


def _pieces(job: ExportJob) -> Iterator[bytes]:
    with making.STORE.open_plain(job.account_id, job.stored_name) as file:
        while piece := file.read(PIECE):
            yield piece
