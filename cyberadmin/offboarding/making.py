"""What a worker does for the file of a client who leaves: one zip, sealed while it is written, never in clear on the disk.

The lists stream, so memory stays flat whatever their length. A worker that dies is replaced when its lease ends, and the
file is begun anew; after three tries it is given up.
"""

import logging
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, BinaryIO, cast

from django.db import transaction
from django.utils import translation

from contacts.consent import proofs
from cyberadmin.accounts import audit, policy
from cyberadmin.accounts.models import Account
from cyberadmin.exports import columns, writers
from cyberadmin.sync import crash
from cyberadmin.sync.clock import now
from cyberadmin.sync.uploads import UploadError

from . import contents, leases, services
from .models import Step, Work
from .store import STORE

TRIES = 3
#: Days after which the file goes, when the off-boarding is left lying.
KEPT = timedelta(days=30)
#: Rows between two signs of life.
PIECE = 5_000
logger = logging.getLogger(__name__)


def make(work_id: int) -> None:
    """Make the file, unless another worker is at it or its off-boarding is over."""
    work = leases.claim(work_id, Work.Kind.FILE)
    if work is None:
        return
    try:
        if work.tries > TRIES or not _may(work):
            leases.end(work, Work.State.FAILED)
            return
        _write(work)
    except leases.LeaseLost:
        return
    except UploadError:
        logger.exception("The file of off-boarding %s could not be kept.", work.off_boarding_id)
        leases.end(work, Work.State.FAILED)


def _may(work: Work) -> bool:
    return work.off_boarding.is_open and work.asked_by is not None and policy.can(
        work.asked_by, "manage", work.off_boarding.account
    )  # fmt: skip


def _write(work: Work) -> None:
    account: Account = work.off_boarding.account
    with translation.override(work.language):
        stored = STORE.keep(account.pk, cast(BinaryIO, writers.Stream(_pieces(work, account))))
    crash.here("offboarding_file_stored")
    try:
        with transaction.atomic():
            known = {"stored_name": stored.name, "size": stored.size, "sha256": stored.sha256, "counts": work.counts}
            leases.end(work, Work.State.DONE, **known)
            services.decide(work.off_boarding, Step.Name.EXPORT, work.asked_by, "", work=work.pk)
            rows = sum(work.counts.values())
            audit.record("offboarding.exported", actor=work.asked_by, account=account, form=work.form, rows=rows)
    except leases.LeaseLost:
        STORE.delete(account.pk, stored.name)
        raise
    earlier = work.off_boarding.works.filter(kind=Work.Kind.FILE, state=Work.State.DONE).exclude(pk=work.pk)
    for old in earlier:
        _delete(old, account.pk)


def _pieces(work: Work, account: Account) -> Iterator[bytes]:
    """The bytes of the zip: a list for each kind of thing, then bodies, then proofs."""
    drain = writers.Drain()
    with zipfile.ZipFile(drain, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as book:
        for entry in contents.entries():
            with book.open(f"{entry.name}.{work.form}", "w", force_zip64=True) as file:
                for piece in _list(work, account, entry):
                    file.write(piece)
                    yield drain.take()
        for name, html in contents.bodies(account):
            book.writestr(name, html)
            yield drain.take()
        for name, proof in contents.proofs(account):
            with proofs.STORE.open_plain(account.pk, proof.stored_name) as plain, book.open(name, "w") as file:
                while data := plain.read(1 << 18):
                    file.write(data)
                    yield drain.take()
            work.counts["proofs"] = work.counts.get("proofs", 0) + 1
    yield drain.take()


def _list(work: Work, account: Account, entry: contents.Entry) -> Iterator[bytes]:
    found = entry.columns(account)
    rows = _counted(work, entry.name, columns.cells(found, entry.rows(account)))
    names, labels = [one.name for one in found], [one.label for one in found]
    return writers.WRITERS[work.form](names, labels, rows, work.language)


def _counted(work: Work, name: str, rows: Iterator[list[Any]]) -> Iterator[list[Any]]:
    """The rows, with a sign of life at the beginning and for each piece of them."""
    work.counts[name] = 0
    leases.keep(work, counts=work.counts)
    for row in rows:
        work.counts[name] += 1
        if work.counts[name] % PIECE == 0:
            leases.keep(work, counts=work.counts)
        yield row


def keep_house() -> None:
    """Delete files that were left lying."""
    old = Work.objects.filter(kind=Work.Kind.FILE, state=Work.State.DONE, ended_at__lt=now() - KEPT)
    for work in old.select_related("off_boarding"):
        _delete(work, work.off_boarding.account_id)
    STORE.purge(KEPT + timedelta(days=1))


def _delete(work: Work, account_id: int) -> None:
    STORE.delete(account_id, work.stored_name)
    Work.objects.filter(pk=work.pk).update(state=Work.State.GONE, stored_name="")
