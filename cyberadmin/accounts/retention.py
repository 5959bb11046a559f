"""For how long data of a client is kept: the usual, or less where the client wants less (product.md 3b, L12, L14).

The usual is also the most: docs/security.md, line 28 promises it. Who purges asks `limits` for every client and tells
`count` how much went, which the settings page of the client shows night by night.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from . import audit, policy
from .models import Account, Purged


@dataclass(frozen=True)
class Kind:
    """What is kept for a time: in words, with the fewest days that make sense. `setting` names the usual, or is it."""

    label: str | Promise
    help: str | Promise
    setting: str | int
    least: int = 1

    @property
    def most(self) -> int:
        """Days by which it goes at the latest: the usual."""
        return self.setting if isinstance(self.setting, int) else int(getattr(settings, self.setting))


KINDS: dict[str, Kind] = {
    "deleted": Kind(
        lazy("Deleted rows"), lazy("Contacts, groups, mailings and templates that are gone at Cyberimpact."), 30, 7
    ),
    "uploads": Kind(lazy("Uploaded lists"), lazy("Sealed files of imports, after the import's end."), "IMPORT_FILES_KEPT_DAYS"),
    "plans": Kind(
        lazy("Rows of bulk changes"),
        lazy("Addresses and values, after the end of the bulk change; it cannot be taken back afterwards."),
        "BULK_ROWS_KEPT_DAYS",
        7,
    ),
    "exports": Kind(lazy("Exports"), lazy("Sealed files, after they were made."), 7),
    "exchanges": Kind(lazy("Failed calls, kept whole"), lazy("What Cyberimpact’s support asks for."), 30),
    "calls": Kind(lazy("Calls to Cyberimpact"), lazy("With masked excerpts, to explain what became of a change."), 90, 7),
}  # fmt: skip


def days(account: Account, kind: str) -> int:
    """Days for which this client's data of this kind is kept."""
    known = KINDS[kind]
    chosen = account.kept_days.get(kind)
    return min(known.most, max(known.least, int(chosen))) if chosen else known.most


def limits(kind: str, moment: datetime) -> Iterator[tuple[int, datetime]]:
    """(client, the moment before which its data of this kind goes), for every client."""
    for account in Account.objects.only("pk", "kept_days").order_by("pk"):
        yield account.pk, moment - timedelta(days=days(account, kind))


def count(account_id: int, kind: str, number: int) -> None:
    """Count what age took away today."""
    if not number:
        return
    today: dict[str, Any] = {"account_id": account_id, "day": timezone.now().date(), "kind": kind}
    with transaction.atomic():
        Purged.objects.get_or_create(**today)
        Purged.objects.filter(**today).update(number=F("number") + number)


def change(actor: User, account: Account, chosen: dict[str, int | None]) -> bool:
    """Set the days of each kind; None is the usual. False when nothing differs. Raises ValidationError by field."""
    if not policy.can(actor, "manage", account):
        raise PermissionDenied
    wrong = {name: _out_of_bounds(name) for name, number in chosen.items() if not _is_allowed(name, number)}
    if wrong:
        raise ValidationError(wrong)
    wanted = {name: number for name, number in chosen.items() if number not in (None, KINDS[name].most)}
    with transaction.atomic():
        locked = Account.objects.select_for_update().get(pk=account.pk)
        before = dict(locked.kept_days)
        if wanted == before:
            return False
        Account.objects.filter(pk=account.pk).update(kept_days=wanted)
        audit.record("account.retention", actor=actor, account=account, days_before=before, days_after=wanted)
    account.kept_days = wanted
    return True


def report(account: Account, since: timedelta = timedelta(days=30)) -> list[tuple[Any, list[tuple[Any, int]]]]:
    """What age took away, the latest day first: (day, [(what, how many)])."""
    found: dict[Any, list[tuple[Any, int]]] = {}
    for row in Purged.objects.filter(account=account, day__gte=(timezone.now() - since).date()):
        label = KINDS[row.kind].label if row.kind in KINDS else row.kind
        found.setdefault(row.day, []).append((label, row.number))
    return list(found.items())


def _is_allowed(name: str, number: int | None) -> bool:
    return number is None or KINDS[name].least <= number <= KINDS[name].most


def _out_of_bounds(name: str) -> str:
    known = KINDS[name]
    return _("Between %(least)s and %(most)s days; leave it empty for the usual.") % {
        "least": known.least,
        "most": known.most,
    }
