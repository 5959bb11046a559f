"""Erasing a person from one client here: what says who they were goes, what the law wants proved stays as a hash and dates.

The vendor's side comes first: whoever is still subscribed or bounced there is deleted there, by a change of their own. Who
unsubscribed stays there, as the evidence that they said no (product.md 3d-11), and pulls leave them out here. Apps above
this one register what they hold of a person.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from contacts.models import ConsentRecord, Contact, ErasedAddress, ImportFile, ProofFile, email_key
from cyberadmin.accounts import audit, policy
from cyberadmin.accounts.models import Account, AuditEvent
from cyberadmin.sync import record
from cyberadmin.sync.clock import now
from cyberadmin.sync.mirror import writing
from cyberadmin.sync.models import ApiCall, Change, Edit, PlannedRow
from cyberadmin.sync.uploads import Store

from . import never_back, proofs

IMPORTS = Store("imports")
KIND = "contact"
#: What apps above hold of a person: each erases it for (account, email_key) and returns how many rows it took.
Eraser = Callable[[Account, str], int]
_erasers: dict[str, Eraser] = {}


def register(name: str, eraser: Eraser) -> None:
    """Have `eraser` called for everybody who is erased; call it in `AppConfig.ready()`."""
    _erasers[name] = eraser


@dataclass
class Erasure:
    """What was taken: rows by the name of what they were, and the files that go once all of it is certain."""

    address: ErasedAddress
    counts: dict[str, int] = field(default_factory=dict)
    files: list[tuple[Store, str]] = field(default_factory=list)


def erase_address(actor: User, account: Account, email: str, why: str) -> Erasure:
    """Erase one address of one client. The right `manage`; raises ValidationError while the vendor still has the person."""
    if not policy.can(actor, "manage", account):
        raise PermissionDenied
    if not why.strip():
        raise ValidationError({"why": _("Say why: the reason is kept in the history.")})
    with transaction.atomic():
        people = [record.lock(row) for row in Contact.objects.filter(account=account, email_key=email_key(email))]
        changes = _changes(account, people, email)
        _check_may_be_erased(people, changes, _planned(account, people, email))
        done = Erasure(never_back.remember(account.pk, email))
        done.counts["changes"] = _scrub_changes(changes)
        done.counts["planned_rows"] = _scrub_plans(account, people, email, done)
        done.counts["consent_records"] = _reduce_ledger(account, email, done)
        done.counts["history"] = _scrub_history(account, email)
        done.counts |= {name: eraser(account, email_key(email)) for name, eraser in _erasers.items()}
        with writing():
            done.counts["contacts"] = len(people)
            Contact.objects.filter(pk__in=[one.pk for one in people]).delete()
        audit.record("address.erased", actor=actor, account=account, why=why.strip(), counts=done.counts)
        transaction.on_commit(lambda: _finish(account.pk, done.files))
    return done


def _changes(account: Account, people: list[Contact], email: str) -> list[Change]:
    mine = Q(object_id__in=[one.pk for one in people]) | Q(object_label__iexact=email.strip())
    return list(Change.objects.filter(mine, account=account, kind=KIND))


def _check_may_be_erased(people: list[Contact], changes: list[Change], planned: QuerySet[PlannedRow]) -> None:
    there = [one for one in people if one.gone_at is None and one.state != Contact.State.UNSUBSCRIBED]
    if there:
        raise ValidationError(
            _(
                "Cyberimpact still has this person. Delete the contact first and wait until that is done, then erase here."
            )
        )
    # An erasure here would leave the person subscribed there.
    if any(change.is_open and change.is_kept_no for change in changes):
        raise ValidationError(
            _("An unsubscription of this contact has not reached Cyberimpact yet. Wait until it has, then erase.")
        )
    on_the_wire = planned.filter(state__in=(PlannedRow.State.SENDING, PlannedRow.State.VERIFYING))
    if any(change.state in Change.IN_FLIGHT for change in changes) or on_the_wire.exists():
        raise ValidationError(_("A change of this contact is on its way. Wait until it has arrived, then erase."))


def _planned(account: Account, people: list[Contact], email: str) -> QuerySet[PlannedRow]:
    mine = Q(object_id__in=[one.pk for one in people]) | Q(label__iexact=email.strip())
    return PlannedRow.objects.filter(mine, account=account)


def _scrub_changes(changes: list[Change]) -> int:
    """Take the values, the label and the reasons out of all changes, edits and calls; what waited is not sent."""
    record.supersede([change for change in changes if change.is_open], "erased")
    ids = [change.pk for change in changes]
    Edit.objects.filter(change__in=ids).update(fields={}, why="")
    ApiCall.objects.filter(change__in=ids).update(request="", response="")
    return Change.objects.filter(pk__in=ids).update(object_label="", fields={}, reason_detail={}, why="")


def _scrub_plans(account: Account, people: list[Contact], email: str, done: Erasure) -> int:
    """Empty the rows of plans that name the person, and drop the files that they came from. What waited is not sent."""
    rows = _planned(account, people, email)
    rows.filter(state=PlannedRow.State.WAITING).update(state=PlannedRow.State.FAILED, result=never_back.ERASED)
    sets = list(rows.values_list("change_set", flat=True).distinct())
    files = ImportFile.objects.filter(account=account, change_set__in=sets).exclude(stored_name="")
    for file in files:
        done.files.append((IMPORTS, file.stored_name))
    done.counts["uploads"] = files.update(stored_name="", original_name="", purged_at=now())
    return rows.update(label="", values={}, base={}, detail={}, result_words="")


def _reduce_ledger(account: Account, email: str, done: Erasure) -> int:
    """Keep what happened and when, of whom only the hash tells; proof files go unless others rest on them."""
    # The only change a record ever sees, past the guard of its own manager.
    rows = ConsentRecord._base_manager.filter(account=account, email_key=email_key(email))
    files = {pk for pk in rows.values_list("proof_file", flat=True) if pk is not None}
    reduced = rows.update(email_key="", proof="", proof_file=None, how="", place="", words="", erased=done.address)
    unused = ProofFile.objects.filter(account=account, pk__in=files, records=None)
    done.files += [(proofs.STORE, name) for name in unused.values_list("stored_name", flat=True)]
    unused.delete()
    return reduced


def _scrub_history(account: Account, email: str) -> int:
    """Take the address out of entries of the history that name it."""
    return audit.scrub(AuditEvent.objects.filter(account=account, detail__object__iexact=email.strip()), "object")


def _finish(account_id: int, files: list[tuple[Store, str]]) -> None:
    """Once it is certain: delete the files, and make SQLite's search index forget the words of deleted rows at once."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO contacts_search(contacts_search) VALUES ('optimize')")
    for store, name in files:
        store.delete(account_id, name)
