"""What exports hold of a person, erased with them (`contacts.consent.erasure.register`): files, and what was searched for."""

from typing import Any
from urllib.parse import unquote_plus

from django.db import transaction
from django.db.models import Q

from cyberadmin.accounts import audit
from cyberadmin.accounts.models import Account, AuditEvent
from cyberadmin.sync.clock import now

from .files import STORE, folder, holds
from .models import ExportJob

#: Lists that name no contact.
_NAMELESS = ("groups", "mailings")
State = ExportJob.State


def exports(account: Account, key: str) -> int:
    """Delete the files that may name the person, and forget the searches that do; how many files go.

    A list that is being written may have read their row already, so it is begun anew. One that was to be narrowed to the
    address is given up: without its search it would hold everybody.
    """
    several_too = ExportJob.objects.select_for_update().filter(Q(account=account) | Q(account=None))
    gone: list[tuple[int, str]] = []
    for job in several_too.exclude(source__in=_NAMELESS).exclude(state=State.GONE).order_by("pk"):
        values: dict[str, Any] = {"query": ""} if _names(job.query, key) else {}
        if job.state == State.READY and holds(job, account.pk):
            gone.append((folder(job), job.stored_name))
            values = {"query": "", "state": State.GONE, "stored_name": ""}
        elif job.state in ExportJob.OPEN and values:
            values |= {
                "state": State.FAILED,
                "reason": ExportJob.Reason.LIST,
                "finished_at": now(),
                "lease_until": None,
            }
        elif job.state == State.MAKING:
            values = {"state": State.WAITING, "claim": None, "lease_until": None}
        if values:
            ExportJob.objects.filter(pk=job.pk).update(**values)
    _scrub_history(account, key)
    transaction.on_commit(lambda: _delete(gone))
    return len(gone)


def _names(text: str, key: str) -> bool:
    """Whether a query string holds the address, as it is or as an address of a page carries it."""
    text = text.casefold()
    return key in text or key in unquote_plus(text)


def _scrub_history(account: Account, key: str) -> None:
    """Entries used to keep what the list was narrowed by."""
    told = AuditEvent.objects.filter(account=account, action__startswith="export.", detail__has_key="query")
    audit.scrub([entry for entry in told if _names(str(entry.detail["query"]), key)], "query")


def _delete(files: list[tuple[int, str]]) -> None:
    for place, name in files:
        STORE.delete(place, name)
