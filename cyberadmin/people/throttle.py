"""Limits on tries, counted in the database so that every process counts together.

Each limit is a bucket that holds `burst` tries and pays one back `every` seconds, so a page can say when the next one
is free. A try is charged before the password is looked at, so a thousand at once are no better than one after another.

A wrong password counts against this person at this address, against the address, and against the person anywhere. A
browser in which this very person has logged in before carries a signed mark and has a bucket of its own: what strangers
use up, at the same address or against the same name, never keeps the person out of it (docs/adr/0008-log-in.md).
"""

import secrets
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core import signing
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import salted_hmac

from cyberadmin.sync.clock import now

from . import forwarded
from .models import Allowance

MARK_COOKIE = "cyberadmin_browser"
MARK_SECONDS = 365 * 86_400
_MARK_SALT = "people.browser"


@dataclass(frozen=True)
class Limit:
    """`burst` tries at once, then one `every` seconds."""

    burst: int
    every: float


PERSON_HERE = Limit(5, 180)
ADDRESS = Limit(50, 15)
PERSON = Limit(100, 90)
#: Somebody who is logged in types their password or a code of their second factor.
PASSWORD_AGAIN = Limit(5, 180)
FACTOR = Limit(5, 300)
#: Asking for a link by e-mail.
LINK_ADDRESS = Limit(5, 300)
LINK_PERSON = Limit(3, 1_800)


class Throttled(Exception):
    """Too many tries. `until`: when the next one is free; `first`: whether this has not been noted yet."""

    def __init__(self, until: datetime, first: bool) -> None:
        super().__init__("too many tries")
        self.until = until
        self.first = first

    @property
    def seconds(self) -> int:
        """How long to wait, at least one second."""
        return max(1, round((self.until - now()).total_seconds()))


@dataclass(frozen=True)
class Charge:
    """One try against one limit. `key` says whose."""

    limit: Limit
    key: str

    @classmethod
    def of(cls, limit: Limit, *parts: object) -> "Charge":
        """A charge against the bucket that `parts` name."""
        said = "\0".join(str(part) for part in parts)
        return cls(limit, salted_hmac("people.throttle", said, algorithm="sha256").hexdigest())


def same_name(name: str) -> str:
    """One spelling for every way to type a log-in name."""
    return unicodedata.normalize("NFKC", name).strip().casefold()


def log_in_charges(request: HttpRequest, name: str) -> list[Charge]:
    """What a try to log in as `name` costs, the narrowest first."""
    name = same_name(name)
    mark = _mark(request)
    if mark.get("name") == name:
        return [Charge.of(PERSON_HERE, "browser", mark["nonce"], name)]
    address = forwarded.neighbourhood(forwarded.client_address(request))
    return [
        Charge.of(PERSON_HERE, "here", name, address),
        Charge.of(ADDRESS, "address", address),
        Charge.of(PERSON, "person", name),
    ]


def take(*charges: Charge) -> None:
    """Charge every limit, or none: raises Throttled when one of them is used up."""
    moment = now()
    with transaction.atomic():
        rows = _locked(charges, moment)
        waits = [_wait(rows[charge.key], charge.limit, moment) for charge in charges]
        refused = [(charge, wait) for charge, wait in zip(charges, waits, strict=True) if wait > timedelta(0)]
        if not refused:
            for charge in charges:
                row = rows[charge.key]
                row.empty_at = max(row.empty_at, moment) + timedelta(seconds=charge.limit.every)
                row.noted = False
                row.save()
            return
        first = any(not rows[charge.key].noted for charge, _wait in refused)
        Allowance.objects.filter(key__in=[charge.key for charge, _wait in refused]).update(noted=True)
    raise Throttled(moment + max(wait for _charge, wait in refused), first)


def succeed(*charges: Charge) -> None:
    """The try was a good one: forget the narrowest limit's count, give the others their try back."""
    narrowest, *others = charges
    Allowance.objects.filter(key=narrowest.key).delete()
    with transaction.atomic():
        rows = _locked(others, now())
        for charge in others:
            rows[charge.key].empty_at -= timedelta(seconds=charge.limit.every)
            rows[charge.key].save()


def mark_browser(response: HttpResponse, name: str, secure: bool) -> None:
    """Remember in this browser that the person logged in here."""
    mark = signing.dumps({"name": same_name(name), "nonce": secrets.token_hex(12)}, salt=_MARK_SALT)
    response.set_cookie(MARK_COOKIE, mark, max_age=MARK_SECONDS, secure=secure, httponly=True, samesite="Lax")


def prune() -> None:
    """Forget what is paid back."""
    Allowance.objects.filter(empty_at__lt=now()).delete()


def _mark(request: HttpRequest) -> dict[str, str]:
    try:
        found: dict[str, str] = signing.loads(
            request.COOKIES.get(MARK_COOKIE, ""), salt=_MARK_SALT, max_age=MARK_SECONDS
        )
    except signing.BadSignature:
        return {}
    return found


def _locked(charges: "list[Charge] | tuple[Charge, ...]", moment: datetime) -> dict[str, Allowance]:
    """The rows of these limits, made when missing, locked in one order until the transaction ends."""
    keys = sorted(charge.key for charge in charges)
    empty = [Allowance(key=key, empty_at=moment) for key in keys]
    found: dict[str, Allowance] = {}
    # A good log-in takes its row away: on PostgreSQL whoever waited for that row's lock is then given none.
    while len(found) < len(set(keys)):
        Allowance.objects.bulk_create(empty, ignore_conflicts=True)
        rows = Allowance.objects.select_for_update().filter(key__in=keys).order_by("key")
        found = {row.key: row for row in rows}
    return found


def _wait(row: Allowance, limit: Limit, moment: datetime) -> timedelta:
    """How long until one more try fits; nothing or less when it fits now."""
    used = max(row.empty_at, moment) - moment
    return used + timedelta(seconds=limit.every) - timedelta(seconds=limit.every * limit.burst)
