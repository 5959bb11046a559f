"""Destroying everything of a client who has left, in pieces that are small, counted, and taken up again after a crash.

It knows no model by name: whatever `wall.scoped_models` finds to lead to a client goes, tables added later too, children
before what they belong to. Only what KEPT names stays, with the reason that the certificate gives.
"""

import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.apps import apps
from django.db import connection, models, transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as lazy

from cyberadmin.accounts import audit, wall
from cyberadmin.accounts.models import Account, AuditEvent
from cyberadmin.cases import details
from cyberadmin.cases.models import Case, CasePart
from cyberadmin.exports import files as exports
from cyberadmin.sync import crash, uploads
from cyberadmin.sync.clock import now
from cyberadmin.sync.mirror import writing

from . import leases
from .models import OffBoarding, Work

#: What stays of a client, and why.
KEPT: dict[str, str | Promise] = {
    "accounts.AuditEvent": lazy("Who did what and when, without names and addresses of contacts: evidence, as long as the history is kept."),
    "cases.CasePart": lazy("How each request under the law was decided, without who asked: the client may have to prove it."),
    "cases.CaseStep": lazy("What was done for each of these requests, by number."),
    "contacts.ErasedAddress": lazy("Keyed hashes of erased persons, which cannot be read back: the evidence of each erasure."),
    "offboarding.OffBoarding": lazy("This off-boarding: the certificate."),
    "offboarding.Step": lazy("Who took each of its steps."),
    "offboarding.Work": lazy("What was destroyed, in numbers."),
}  # fmt: skip
#: What tables hold whose models have no name for people, since no page lists them; "files" stands for the store.
LABELS: dict[str, str | Promise] = {
    "files": lazy("files: uploads, proofs, exports"),
    "accounts.Purged": lazy("counts of what age took away"),
    "cases.CaseStep": lazy("steps of cases"),
    "campaigns.Approval": lazy("approvals of campaigns"),
    "campaigns.Confirmation": lazy("confirmations before sending"),
    "campaigns.EditionGroup": lazy("groups of written mailings"),
    "campaigns.PersonReading": lazy("readings of what one person received"),
    "campaigns.RecipientList": lazy("lists of recipients"),
    "contacts.ConsentReading": lazy("readings of consents"),
    "contacts.GroupMembership": lazy("memberships of groups"),
    "offboarding.Step": lazy("steps of this off-boarding"),
    "offboarding.Work": lazy("work done for this off-boarding"),
    "sync.Batch": lazy("batches at Cyberimpact"),
    "sync.Change_waits_for": lazy("links between changes"),
    "sync.Edit": lazy("edits, with before and after"),
    "sync.KeptExchange": lazy("failed calls kept whole"),
    "sync.Pace": lazy("pace of calls"),
    "sync.PullPage": lazy("pages read from Cyberimpact"),
    "sync.Change": lazy("changes of the Outbox"),
}
#: Entries of the history that are about the agency's own work: what they recorded names no contact.
_PLAIN = ("account.", "token.", "access.", "offboarding.", "case.", "letter.")
#: Names of values that say what was done, not to whom.
_SAFE = frozenset({"kind", "form", "source", "outcome", "verb", "scope", "method", "state", "role", "send_at"})
#: Rows of a piece: more while the pieces take less than a moment, fewer while they hold others up.
_LEAST, _MOST, _BRISK, _SLOW = 50, 5_000, 0.2, 1.0
#: What a worker that was replaced may still have written is looked for this long.
WATCHED = timedelta(days=2)


def tables() -> list[tuple[type[models.Model], str]]:
    """What goes, with the way to its client; whatever refers to another one of them comes before it."""
    left = {model: path for model, path in wall.scoped_models().items() if model._meta.label not in KEPT}
    ordered: list[tuple[type[models.Model], str]] = []
    while left:
        free = [model for model in left if not any(_refers(other, model) for other in left if other is not model)]
        # A circle is broken anywhere: the references in it are emptied by Django.
        for model in free or [next(iter(left))]:
            ordered.append((model, left.pop(model)))
    return ordered


def _refers(child: type[models.Model], parent: type[models.Model]) -> bool:
    return any(isinstance(field, models.ForeignKey) and field.related_model is parent for field in child._meta.fields)


def rows_of(model: type[models.Model], path: str, account_id: int) -> models.QuerySet[Any]:
    """A client's rows of one table, past the guards that forbid deleting evidence in daily work."""
    return models.QuerySet(model=model).filter(**{path: account_id})


def run(work_id: int) -> None:
    """Purge one client, or go on where a worker died; does nothing where another one is at it or all is done."""
    work = leases.claim(work_id, Work.Kind.PURGE)
    if work is None:
        return
    try:
        _destroy(work)
    except leases.LeaseLost:
        return


def _destroy(work: Work) -> None:
    off_boarding = work.off_boarding
    account: Account = off_boarding.account
    # Files over several clients go as well: nothing of one can be taken out of them.
    files = uploads.purge_client(account.pk) + exports.forget_client(account.pk)
    leases.keep(work, counts=_count(work, "files", files))
    while any([_empty(work, model, path, account.pk) for model, path in tables()]):
        # Until a whole round finds nothing: a worker that was on its way may have written in between.
        crash.here("client_purged_once")
    _mask_history(account)
    CasePart.objects.filter(account=account).update(why="")
    _forget_who_asked(account)
    _forget_words()
    with transaction.atomic():
        kept = {"kept_days": {}, "expected_name": "", "mandate_reference": "", "paused_detail": ""}
        Account.objects.filter(pk=account.pk).update(**kept)
        OffBoarding.objects.filter(pk=off_boarding.pk).update(state=OffBoarding.State.ENDED, ended_at=now())
        leases.end(work, Work.State.DONE)
        rows = sum(work.counts.values())
        audit.record(
            "offboarding.ended", actor=work.asked_by, account=account, client=off_boarding.client_name, rows=rows
        )


def _empty(work: Work, model: type[models.Model], path: str, account_id: int) -> bool:
    """Delete a client's rows of one table, each piece with its count in one transaction; whether there were any."""
    size, found = 500, False
    while ids := list(rows_of(model, path, account_id).order_by().values_list("pk", flat=True)[:size]):
        began, found = time.monotonic(), True
        with transaction.atomic(), writing():
            rows_of(model, path, account_id).filter(pk__in=ids).delete()
            leases.keep(work, counts=_count(work, model._meta.label, len(ids)))
        crash.here("client_purged_piece")
        took = time.monotonic() - began
        size = min(_MOST, size * 2) if took < _BRISK else max(_LEAST, size // 2) if took > _SLOW else size
    return found


def _count(work: Work, name: str, number: int) -> dict[str, int]:
    if number:
        work.counts = {**work.counts, name: work.counts.get(name, 0) + number}
    counts: dict[str, int] = work.counts
    return counts


def look_again() -> None:
    """Remove what workers that were already replaced wrote about clients that ended lately."""
    lately = OffBoarding.objects.filter(state=OffBoarding.State.ENDED, ended_at__gt=now() - WATCHED)
    for account_id in lately.values_list("account", flat=True):
        for model, path in tables():
            with transaction.atomic(), writing():
                rows_of(model, path, account_id).delete()
        uploads.purge_client(account_id)


def left_over(account_id: int) -> dict[str, int]:
    """Rows that a purge would still take, by table."""
    counted = {model._meta.label: rows_of(model, path, account_id).count() for model, path in tables()}
    return {name: number for name, number in counted.items() if number}


def label_of(name: str) -> str:
    """What a table holds, in words, for the report and the certificate."""
    return str(LABELS.get(name) or apps.get_model(name)._meta.verbose_name_plural)


# --- what stays ---
def _mask_history(account: Account) -> None:
    """Take every text that may name a contact out of the history of a client: what was recorded, and typed reasons."""
    last = 0
    while events := list(AuditEvent.objects.filter(account=account, pk__gt=last).order_by("pk")[:500]):
        last = events[-1].pk
        spoken = [event for event in events if not event.action.startswith(_PLAIN)]
        audit.mask(spoken, _masked)


def _masked(detail: dict[str, Any]) -> dict[str, Any]:
    return {name: value if name in _SAFE else _without_text(value) for name, value in detail.items()}


def _without_text(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_text(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_without_text(one) for one in value]
    return "" if isinstance(value, str) else value


def _forget_who_asked(account: Account) -> None:
    """Take the person out of this client's cases, except where another client, who has not left, has a part in it too."""
    mine = CasePart.objects.filter(account=account).values("case")
    others = CasePart.objects.exclude(account=account).exclude(account__state=Account.State.ENDED).values("case")
    with transaction.atomic():
        cases = Case.objects.select_for_update().filter(pk__in=mine, forgotten_at=None).exclude(pk__in=others)
        for case in cases.order_by("pk"):
            details.forget(case)


def _forget_words() -> None:
    """Make SQLite's search index forget the words of deleted rows at once."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO contacts_search(contacts_search) VALUES ('optimize')")


def kept() -> Iterator[tuple[str, str]]:
    """(what stays, why), in words."""
    for name, why in KEPT.items():
        yield label_of(name), str(why)
