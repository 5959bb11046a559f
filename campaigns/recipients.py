"""The eight lists of a mailing's recipients: paged from the vendor when somebody wants to see one, and kept.

A reading writes a new generation of rows beside the one that is shown and takes its place at the end, so a page never
sees half a list, and a killed reading is simply started again. Memory holds one page.
"""

import hashlib
import uuid
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any, cast

import orjson
from django.conf import settings
from django.db import transaction
from django.db.models import Q

from contacts.models import email_key
from cyberadmin.api import errors, types
from cyberadmin.api.client import ApiClient
from cyberadmin.api.errors import SchemaError
from cyberadmin.api.pagination import Page
from cyberadmin.api.types import RecipientKind, fields
from cyberadmin.sync import connection, outcomes, pace
from cyberadmin.sync.clock import now
from cyberadmin.sync.mirror import writing
from cyberadmin.sync.upsert import insert_rows

from .models import MailingRecipient, RecipientList

State = RecipientList.State
Pages = Callable[[int], Page[types.Recipient]]
COLUMNS = ("list_id", "generation", "account_id", "member_id", "email", "email_key", "name", "happened_at")
#: Rows that one transaction deletes.
AT_ONCE = 10_000
TRIES = 3


class _Lost(Exception):
    """Another worker took the reading over."""


def read(list_id: int) -> None:
    """Read one requested list (a worker's job). A list that another worker reads is left alone."""
    wanted = _claim(list_id)
    if wanted is None:
        return
    account = wanted.mailing.account
    log = connection.CallLog(account.pk)
    try:
        with connection.client_for(account, log) as client:
            try:
                _read(client, wanted)
            except errors.ApiError as error:
                connection.handle_account_error(account, client, error)
                _end(wanted, state=State.FAILED, error=(error.vendor_message or type(error).__name__)[:200])
    except (connection.AccountPaused, pace.HoldOff) as stopped:
        _end(wanted, state=State.FAILED, error=type(stopped).__name__)
    except _Lost:
        return
    finally:
        connection.flush_alone(log)


def due(limit: int = 20) -> list[int]:
    """Requested readings that nobody does: their doorbell or their worker was lost."""
    lost = Q(state=State.WAITING, requested_at__lt=now() - timedelta(seconds=20)) | Q(
        state=State.READING, lease_until__lt=now()
    )
    return list(RecipientList.objects.filter(lost).values_list("pk", flat=True)[:limit])


def _claim(list_id: int) -> RecipientList | None:
    token = uuid.uuid4()
    free = Q(state=State.WAITING) | Q(state=State.READING, lease_until__lt=now())
    taken = RecipientList.objects.filter(free, pk=list_id).update(
        state=State.READING, claim_token=token, lease_until=_lease(), progress=0, error=""
    )
    if not taken:
        return None
    found = RecipientList.objects.select_related("mailing__account")
    return found.defer("mailing__body_html", "mailing__body_text", "mailing__links", "mailing__groups").get(pk=list_id)


def _lease() -> Any:
    return now() + timedelta(seconds=settings.SYNC_LEASE_SECONDS)


def _write(wanted: RecipientList, **values: Any) -> None:
    mine = RecipientList.objects.filter(pk=wanted.pk, state=State.READING, claim_token=wanted.claim_token)
    if not mine.update(**values):
        raise _Lost


def _end(wanted: RecipientList, **values: Any) -> None:
    mine = RecipientList.objects.filter(pk=wanted.pk, state=State.READING, claim_token=wanted.claim_token)
    mine.update(claim_token=None, lease_until=None, **values)


def _read(client: ApiClient, wanted: RecipientList) -> None:
    """Read the list; where it is page for page what is shown, only the time of reading is written."""
    pages = partial(_page, client, wanted)
    _clear(wanted, Q(generation__gt=wanted.generation))
    first = pages(1)
    if _is_shown(pages, first, wanted):
        return _write(wanted, state=State.READY, read_at=now(), claim_token=None, lease_until=None)
    _write_anew(pages, first, wanted)
    return _clear(wanted, Q(generation__lte=wanted.generation))


def _is_shown(pages: Pages, first: Page[types.Recipient], wanted: RecipientList) -> bool:
    """Whether every page says what it said when the list was read last; asks no further than the first difference."""
    page, rows = first, 0
    for number, digest in enumerate(wanted.page_digests, 1):
        page = first if number == 1 else pages(number)
        if _digest(page, wanted) != digest:
            return False
        rows += len(page.rows)
    return bool(wanted.page_digests) and wanted.is_whole and rows >= page.total_count


def _write_anew(pages: Pages, first: Page[types.Recipient], wanted: RecipientList) -> None:
    """Write the next generation, page after page in a transaction of its own, and show it with the last one."""
    generation, digests, kept, read, is_whole = wanted.generation + 1, list[str](), 0, 0, True
    page, ended = first, False
    while not ended:
        people = _people(page, wanted, generation)
        digests.append(_digest(page, wanted))
        read += len(page.rows)
        total, ended = page.total_count, not page.rows or read >= page.total_count
        is_whole = is_whole and len(people) == len(page.rows)
        with transaction.atomic():
            # Pages shift while people open and click: who was seen already is not seen twice.
            kept += len(insert_rows(MailingRecipient, COLUMNS, people, "email_key", skip_existing=True))
            if ended:
                told = {"generation": generation, "total": kept, "progress": kept, "page_digests": digests}
                told |= {"is_whole": is_whole and read >= total, "read_at": now()}
                _write(wanted, state=State.READY, claim_token=None, lease_until=None, **told)
            else:
                _write(wanted, lease_until=_lease(), progress=read, total=total)
        if not ended:
            # Nothing may hold this page while the next one is decoded.
            del page, people
            page = pages(len(digests) + 1)


def _page(client: ApiClient, wanted: RecipientList, number: int) -> Page[types.Recipient]:
    """One page, asked for again after a transient failure."""
    for attempt in range(1, TRIES + 1):
        if number > 1 or attempt > 1:
            _write(wanted, lease_until=_lease())
        try:
            # By address: the only order in which two people never share a place (docs/engine.md, M7).
            return client.mailings.list_recipients(
                cast(int, wanted.mailing.remote_id), _kind(wanted), page=number, sort="email_asc"
            )
        except errors.ApiError as error:
            if attempt == TRIES or not outcomes.troubles_vendor(error):
                raise
    raise AssertionError("the last try raises")


def _kind(wanted: RecipientList) -> RecipientKind:
    return cast(RecipientKind, wanted.outcome)


def _digest(page: Page[types.Recipient], wanted: RecipientList) -> str:
    """Fingerprint of what is kept of a page."""
    names = ("idMember", "email", "firstname", "lastname", types.RECIPIENT_KINDS[_kind(wanted)] or "")
    content = orjson.dumps([[row.get(name) for name in names] for row in page.rows])
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def _people(page: Page[types.Recipient], wanted: RecipientList, generation: int) -> list[tuple[Any, ...]]:
    """The rows of a page as `COLUMNS`; one that does not fit is left out."""
    fixed = (wanted.pk, generation, wanted.mailing.account_id)
    date = types.RECIPIENT_KINDS[_kind(wanted)]
    people = []
    for row in page.rows:
        with suppress(SchemaError):
            people.append((*fixed, *_columns(row, date)))
    return people


def _columns(row: dict[str, Any], date: str | None) -> tuple[Any, ...]:
    """Number, address, compared address, name and moment. Raises SchemaError. Other fields are not looked at."""
    member_id = None if fields.present(row, "idMember") is None else fields.integer(row, "idMember")
    email = _text(fields.text(row, "email"), 254)
    key = _text(email_key(email) or f"#{member_id}", 254)
    name = f"{fields.text(row, 'firstname')} {fields.text(row, 'lastname')}".strip()
    return member_id, email, key, _text(name, 400), fields.optional_instant(row, date) if date else None


def _text(text: str, width: int) -> str:
    return text.replace("\x00", "")[:width]


def _clear(wanted: RecipientList, which: Q) -> None:
    """Delete generations that nobody is shown, a bite at a time."""
    old = MailingRecipient.objects.filter(which, list=wanted)
    while ids := list(old.values_list("pk", flat=True)[:AT_ONCE]):
        with transaction.atomic(), writing():
            MailingRecipient.objects.filter(pk__in=ids).delete()
