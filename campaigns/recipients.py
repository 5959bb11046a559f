"""The eight lists of a mailing's recipients: paged from the vendor when somebody wants to see one, and kept.

A reading writes a new generation of rows beside the one that is shown and takes its place at the end, so a page never
sees half a list, and a killed reading is simply started again. Memory holds one page.
"""

import uuid
from datetime import timedelta
from typing import Any, cast

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from contacts.models import email_key
from cyberadmin.api import errors, types
from cyberadmin.api.client import ApiClient
from cyberadmin.api.pagination import Page
from cyberadmin.api.types import RecipientKind
from cyberadmin.sync import connection, outcomes, pace
from cyberadmin.sync.clock import now
from cyberadmin.sync.mirror import writing

from .models import MailingRecipient, RecipientList

State = RecipientList.State
#: Rows that one transaction writes or deletes.
AT_ONCE = 1_000
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
    return RecipientList.objects.select_related("mailing__account").get(pk=list_id)


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
    generation = wanted.generation + 1
    _clear(wanted, Q(generation__gte=generation))
    number = rows = 0
    while True:
        number += 1
        page = _page(client, wanted, number)
        for start in range(0, len(page.rows), AT_ONCE):
            people = [types.Recipient.from_json(row, _kind(wanted)) for row in page.rows[start : start + AT_ONCE]]
            _keep(wanted, generation, people, rows + start + len(people), page.total_count)
        rows += len(page.rows)
        total, ended = page.total_count, not page.rows or rows >= page.total_count
        del page
        if ended:
            break
    kept = MailingRecipient.objects.filter(list=wanted, generation=generation).count()
    _end(
        wanted,
        state=State.READY,
        generation=generation,
        total=kept,
        progress=kept,
        is_whole=rows >= total,
        read_at=now(),
    )
    _clear(wanted, Q(generation__lt=generation))


def _page(client: ApiClient, wanted: RecipientList, number: int) -> Page[types.Recipient]:
    """One page, asked for again after a transient failure."""
    for attempt in range(1, TRIES + 1):
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


def _keep(wanted: RecipientList, generation: int, people: list[types.Recipient], done: int, total: int) -> None:
    rows = [
        MailingRecipient(
            list=wanted,
            generation=generation,
            account_id=wanted.mailing.account_id,
            member_id=one.member_id,
            email=_text(one.email, 254),
            email_key=_text(email_key(one.email) or f"#{one.member_id}", 254),
            name=_text(f"{one.first_name} {one.last_name}".strip(), 400),
            happened_at=one.happened_at,
        )
        for one in people
    ]
    with transaction.atomic(), writing():
        # Pages shift while people open and click: who was seen already is not seen twice.
        MailingRecipient.objects.bulk_create(rows, ignore_conflicts=True)
        _write(wanted, lease_until=_lease(), progress=done, total=total)


def _text(text: str, width: int) -> str:
    return text.replace("\x00", "")[:width]


def _clear(wanted: RecipientList, which: Q) -> None:
    """Delete generations that nobody is shown, a bite at a time."""
    old = MailingRecipient.objects.filter(which, list=wanted)
    while ids := list(old.values_list("pk", flat=True)[: 10 * AT_ONCE]):
        with transaction.atomic(), writing():
            MailingRecipient.objects.filter(pk__in=ids).delete()
