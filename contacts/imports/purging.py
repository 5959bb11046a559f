"""What time takes away from imports: the sealed files that lists came in. What became of their rows stays with the plan."""

from datetime import timedelta

from django.conf import settings
from django.db.models import Q

from contacts.models import ImportFile
from cyberadmin.accounts import retention
from cyberadmin.sync.clock import now
from cyberadmin.sync.models import ChangeSet

from .planning import STORE

#: Twice the time that any file of an import is kept: whatever is older belongs to none, its upload was interrupted.
_STRAY = 2


def run() -> int:
    """Delete the files of imports that ended, or were begun and left, long ago, and files of no import; how many."""
    moment = now()
    gone = 0
    for account_id, before in retention.limits("uploads", moment):
        left = Q(change_set__state=ChangeSet.State.DRAFT, change_set__created_at__lt=before)
        ended = ImportFile.objects.filter(Q(change_set__finished_at__lt=before) | left, account=account_id)
        old = list(ended.exclude(stored_name=""))
        for file in old:
            STORE.delete(account_id, file.stored_name)
            ImportFile.objects.filter(pk=file.pk).update(stored_name="", original_name="", purged_at=moment)
        retention.count(account_id, "uploads", len(old))
        gone += len(old)
    return gone + STORE.purge(_STRAY * timedelta(days=settings.IMPORT_FILES_KEPT_DAYS))
