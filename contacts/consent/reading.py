"""Reading consents in the background: the vendor's lists leave out relation, dates and proof (api/README.md 4.4).

One contact is one request, so this takes days for a large client. It goes on for some seconds of each minute, over all
clients in turn, and steps aside as soon as an edit waits or a pull runs: staff never wait for it. In this order: what was
set here a little while ago, to see that it stayed; what was never read; what ends soon, every week; the rest, every month.
How many were not read yet stands on the radar.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q

from contacts.models import ConsentReading, Contact
from cyberadmin.accounts.models import Account
from cyberadmin.api import errors
from cyberadmin.api.client import ApiClient
from cyberadmin.sync import connection, outcomes, pace
from cyberadmin.sync.clock import now
from cyberadmin.sync.mirror import writing
from cyberadmin.sync.models import Change, PullRun
from cyberadmin.sync.resource import Values

from . import observed, standing, terms, wire

CHUNK = 10
LEASE = timedelta(minutes=2)
#: Reads may lag behind writes for a while, so what was set is read again only after this, and for a day.
SETTLED_AFTER, SETTLED_FOR = timedelta(minutes=2), timedelta(days=1)
SOON_EVERY, EVERY = timedelta(days=7), timedelta(days=30)
COUNT_EVERY = timedelta(minutes=10)


@dataclass(frozen=True)
class Round:
    """What one round at one account came to."""

    read: int = 0
    #: Whether there was nothing left to read.
    finished: bool = False


def run(seconds: float | None = None) -> int:
    """Read for at most `seconds` (the setting `CONSENT_READING_SECONDS`), client after client; returns how many."""
    until = time.monotonic() + (settings.CONSENT_READING_SECONDS if seconds is None else seconds)
    total = 0
    for account in _waiting_accounts():
        if time.monotonic() >= until:
            break
        total += read_account(account, until).read
    return total


def _waiting_accounts() -> Iterator[Account]:
    """Working clients, the one whose last round is longest ago first."""
    working = Account.objects.filter(state=Account.State.CONNECTED, paused_reason="")
    known = dict(ConsentReading.objects.values_list("account", "round_at"))
    yield from sorted(working, key=lambda account: (known.get(account.pk) is not None, known.get(account.pk)))


def read_account(account: Account, until: float) -> Round:
    """One round at one client, until the monotonic time `until`."""
    if not _take_lease(account):
        return Round()
    log = connection.CallLog(account.pk)
    done = Round()
    try:
        with connection.client_for(account, log) as client:
            done = _read(account, client, until)
            log.succeeded()
    except (connection.AccountPaused, pace.HoldOff):
        pass
    finally:
        connection.flush_alone(log)
        _end(account, done)
    return done


def _read(account: Account, client: ApiClient, until: float) -> Round:
    count = 0
    while time.monotonic() < until and not _is_needed_elsewhere(account):
        contacts = due(account, CHUNK)
        if not contacts:
            return Round(count, finished=True)
        try:
            found = [(contact, _ask(client, contact)) for contact in contacts]
        except errors.ApiError as error:
            if not connection.handle_account_error(account, client, error) and outcomes.troubles_vendor(error):
                pace.failed(account.pk)
            return Round(count)
        _write(found)
        count += len(found)
    return Round(count)


def due(account: Account, most: int) -> list[Contact]:
    """The contacts whose consent is to be read next."""
    rows = Contact.objects.filter(account=account, remote_id__isnull=False).defer("search_text", "snapshot")
    moment = now()
    soon = terms.today(account) + standing.SOON
    orders = (
        _just_set(account),
        standing.unread(rows).order_by("pk"),
        standing.read(rows).filter(consent_expires_on__lte=soon, consent_read_at__lt=moment - SOON_EVERY),
        standing.read(rows).filter(consent_read_at__lt=moment - EVERY).order_by("consent_read_at"),
    )
    for wanted in orders:
        if found := list(wanted[:most]):
            return found
    return []


def _just_set(account: Account) -> standing.Rows:
    """Contacts whose consent was set here and that were not read since then."""
    moment = now()
    recent = Change.objects.filter(
        account=account,
        kind="contact",
        verb=Change.Verb.CONSENT,
        state=Change.State.DONE,
        done_at__gt=moment - SETTLED_FOR,
        done_at__lte=moment - SETTLED_AFTER,
    )
    # The answer of the change itself was written down at the moment of `done_at`.
    pairs = Q(pk__in=[])
    rows = Contact.objects.filter(account=account, gone_at=None, remote_id__isnull=False)
    for object_id, done_at in recent.order_by("-id").values_list("object_id", "done_at")[:200]:
        pairs |= Q(pk=object_id, consent_read_at__lt=(done_at or moment) + SETTLED_AFTER)
    return rows.filter(pairs)


def _is_needed_elsewhere(account: Account) -> bool:
    """Whether an edit of staff waits or a pull runs: both go first."""
    waiting = Change.objects.filter(account=account, state=Change.State.QUEUED, not_before__lte=now())
    pulling = PullRun.objects.filter(account=account, state__in=(PullRun.State.QUEUED, PullRun.State.RUNNING))
    return waiting.exists() or pulling.exists()


def _ask(client: ApiClient, contact: Contact) -> Values:
    try:
        return wire.columns(client.members.get_consent(contact.remote_id or contact.email))
    except errors.NotFound:
        # Gone or left: the next pull says which, and until then there is nothing to read.
        return {"consent_read_at": now()}


def _write(found: list[tuple[Contact, Values]]) -> None:
    with transaction.atomic(), writing():
        for contact, values in found:
            before, first = observed.facts_of(contact), contact.consent_read_at is None
            for name, value in values.items():
                setattr(contact, name, value)
            Contact.objects.filter(pk=contact.pk).update(**values)
            observed.note(contact, before, first=first and "consent_type" in values)


def _take_lease(account: Account) -> bool:
    moment = now()
    ConsentReading.objects.get_or_create(account=account)
    free = ConsentReading.objects.filter(account=account).filter(Q(lease_until=None) | Q(lease_until__lt=moment))
    return bool(free.update(lease_until=moment + LEASE))


def _end(account: Account, done: Round) -> None:
    reading = ConsentReading.objects.filter(account=account)
    reading.update(lease_until=None, round_at=now(), read=F("read") + done.read)
    due = Q(counted_at=None) | Q(counted_at__lt=now() - COUNT_EVERY)
    # Whatever a first round counted before much was read must not stand as the answer.
    if (done.finished and done.read) or reading.filter(due).exists():
        number = standing.suspicious(account, Contact.objects.all()).count()
        reading.update(suspicious=number, counted_at=now())
