"""Asking for an export, and opening its file."""

from collections.abc import Iterator

from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import QueryDict
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from cyberadmin.accounts import policy
from cyberadmin.accounts.models import Account
from cyberadmin.accounts.numbers import grouped
from cyberadmin.celery import app
from cyberadmin.sync.clock import now

from . import files, making, sources
from .addresses import narrowing
from .models import ExportJob

MAKE = "cyberadmin.exports.tasks.make"
#: Exports of one person on one client, or over several, that may wait at a time.
AT_ONCE = 5
#: Bytes of one piece of a download.
PIECE = 1 << 16


def people_in(actor: User, account: Account | None, source: str, query: QueryDict) -> int:
    """How many people the file of this list would name now; 0 for a list of something else, or one that is not there."""
    known = sources.SOURCES.get(source)
    if known is None or known.people is None or not sources.may(actor, known, account):
        return 0
    try:
        return known.people(sources.request_for(actor, account, narrowing(query)))
    except sources.NoList:
        return 0


def count_to_type(people: int) -> bool:
    """Whether so many people leave only after their number was typed."""
    return people > int(settings.EXPORTS_TYPED_COUNT_ABOVE)


def ask(
    actor: User, account: Account | None, source: str, form: str, query: QueryDict, typed_count: int | None = None
) -> ExportJob:
    """Have a worker make a file of this list, as `query` narrows it. `account` None: of a list over several clients.

    Raises ValidationError, also when a large list of people is asked for without their number (docs/engine.md 4, line 11).
    """
    known = sources.SOURCES.get(source)
    if known is None or form not in ExportJob.Form.values or (account is None) != (known.reach is not None):
        raise ValidationError(_("Choose a list and a format."))
    if not sources.may(actor, known, account):
        raise PermissionDenied
    waiting = ExportJob.objects.filter(account=account, actor=actor, state__in=ExportJob.OPEN)
    if waiting.count() >= AT_ONCE:
        raise ValidationError(_("Several of your exports are being made already. Wait until one is ready."))
    people = people_in(actor, account, source, query)
    if count_to_type(people) and typed_count != people:
        raise ValidationError(
            {
                "typed_count": _("Type the number of people in the file, %(count)s, to confirm.")
                % {"count": grouped(people)}
            }
        )
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


def may_open(actor: User, job: ExportJob) -> bool:
    """Whether this person may have the file now: still holding the right on every client whose data is in it."""
    source = sources.SOURCES.get(job.source)
    right = source.right if source else "edit"
    if job.account is not None:
        return policy.can(actor, right, job.account)
    if job.actor_id != actor.pk:
        return False
    if job.covers is None:
        return actor.is_active and actor.is_superuser
    return set(job.covers) <= set(policy.accounts_for(actor, right).values_list("pk", flat=True))


def read_file(actor: User, job: ExportJob) -> Iterator[bytes]:
    """The plain file of an export in pieces, noted in the history. Raises PermissionDenied, uploads.UploadError at once.

    It is open only while the pieces are asked for: an answer that nobody reads leaves nothing open.
    """
    if not may_open(actor, job):
        raise PermissionDenied
    files.STORE.open_plain(files.folder(job), job.stored_name).close()
    making.note("export.downloaded", actor, job)
    return _pieces(job)


def _pieces(job: ExportJob) -> Iterator[bytes]:
    with files.STORE.open_plain(files.folder(job), job.stored_name) as file:
        while piece := file.read(PIECE):
            yield piece
