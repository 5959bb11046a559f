"""Who asks, by which addresses, in whose words: sealed with CYBERADMIN_KEYS, and forgotten when every client has answered.

Nothing of it stands in clear in the database, so that a case about an erasure never keeps what it erases.
"""

import json
from dataclasses import asdict, dataclass, replace

from django.db import transaction

from contacts.models import email_key
from cyberadmin.accounts import secrets
from cyberadmin.sync.clock import now

from .models import Case

#: A person has a few addresses; more are another person's.
MOST_ADDRESSES = 5


@dataclass(frozen=True)
class Details:
    """What a case knows of the person. `identity`: how somebody made sure that it is them."""

    who: str = ""
    addresses: tuple[str, ...] = ()
    note: str = ""
    identity: str = ""

    @property
    def keys(self) -> list[str]:
        """The addresses as they are compared."""
        return [email_key(address) for address in self.addresses]


def seal(case: Case, known: Details) -> None:
    """Put the details on the (unsaved) case."""
    case.sealed = secrets.encrypt(json.dumps(asdict(known), ensure_ascii=False), case.context)


def read(case: Case) -> Details:
    """The details; empty ones when they were forgotten. Raises secrets.SecretUnreadable."""
    if not case.sealed:
        return Details()
    values = json.loads(secrets.decrypt(case.sealed, case.context))
    return replace(Details(**values), addresses=tuple(values["addresses"]))


def forget(case: Case) -> None:
    """Take away who it was; kind, dates, decisions and hashes stay."""
    case.sealed, case.forgotten_at = "", now()
    case.save(update_fields=["sealed", "forgotten_at"])


def seal_anew() -> int:
    """Seal what is kept with the newest of CYBERADMIN_KEYS; returns how many had another key (called by `rotate_keys`)."""
    turned = 0
    for pk in Case.objects.exclude(sealed="").values_list("pk", flat=True):
        with transaction.atomic():
            case = Case.objects.select_for_update().get(pk=pk)
            if not case.sealed or secrets.is_current(case.sealed):
                continue
            case.sealed = secrets.encrypt(secrets.decrypt(case.sealed, case.context), case.context)
            case.save(update_fields=["sealed"])
            turned += 1
    return turned
