"""The file of a client who leaves holds everybody: erasing one person takes it (`contacts.consent.erasure.register`)."""

from django.db import transaction

from cyberadmin.accounts.models import Account

from .models import Work
from .store import STORE


def leaving_files(account: Account, key: str) -> int:
    """Delete what was made, and have what is being made begun anew; how many files go. The page asks for it once more."""
    files = Work.objects.filter(off_boarding__account=account, kind=Work.Kind.FILE)
    files.filter(state=Work.State.DOING).update(state=Work.State.WAITING, claim=None, lease_until=None)
    made = files.select_for_update(of=("self",)).filter(state=Work.State.DONE)
    names = list(made.values_list("stored_name", flat=True))
    files.filter(stored_name__in=names).update(state=Work.State.GONE, stored_name="")
    transaction.on_commit(lambda: _delete(account.pk, names))
    return len(names)


def _delete(account_id: int, names: list[str]) -> None:
    for name in names:
        STORE.delete(account_id, name)
