"""What time takes away from imports: the sealed files that lists came in. What became of their rows stays with the plan."""

from datetime import timedelta

from django.conf import settings
from django.db.models import Q

from contacts.models import ImportFile
from cyberadmin.sync.clock import now
from cyberadmin.sync.models import ChangeSet

from .planning import STORE

#: Twice the time that any file of an import is kept: whatever is older belongs to none, its upload was interrupted.
_STRAY = 2


def run() -> int:
    """Delete the files of imports that ended, or were begun and left, long ago, and files of no import; how many."""
    moment = now()
    before = moment - timedelta(days=settings.IMPORT_FILES_KEPT_DAYS)
    left = Q(change_set__state=ChangeSet.State.DRAFT, change_set__created_at__lt=before)
    old = ImportFile.objects.filter(Q(change_set__finished_at__lt=before) | left).exclude(stored_name="")
    for file in old:
        STORE.delete(file.account_id, file.stored_name)
        ImportFile.objects.filter(pk=file.pk).update(stored_name="", original_name="", purged_at=moment)
    return len(old) + STORE.purge(_STRAY * timedelta(days=settings.IMPORT_FILES_KEPT_DAYS))
