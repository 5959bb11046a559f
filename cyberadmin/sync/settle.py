"""Writing down what became of a change: the change, the mirror row and the exchanges in one transaction (C8)."""

import hashlib
from datetime import timedelta
from typing import Any

import orjson
from django.db import transaction

from . import claim, crash, merge, record, registry
from .clock import now
from .connection import CallLog
from .mirror import writing
from .models import Change
from .resource import Overtaken, ProtectedThere, Resource, Seen, Sent, Stopped, Values

#: Why a change of somebody who left is not made, by how they left.
_LEFT = {"unsubscribed": "protected_there", "bounced": "bounced_there"}


def payload_hash(change: Change) -> str:
    """What a keyless create was about to send, as a fingerprint."""
    content = orjson.dumps([change.kind, change.object_id, change.verb, change.fields], option=orjson.OPT_SORT_KEYS)
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def done(resource: Resource, change: Change, obj: Any, sent: Sent, log: CallLog) -> None:
    """The vendor has it: end the change and bring the mirror row in line with what was seen."""
    with transaction.atomic():
        row = record.lock(obj)
        differs = sent.seen is not None and any(
            name in sent.seen.values and sent.seen.values[name] != value["want"]
            for name, value in change.fields.items()
        )
        claim.release(
            change,
            Change.State.DONE,
            reason="stored_differently" if differs else "",
            reason_detail={},
            done_at=now(),
            sent_at=change.sent_at,
        )
        if sent.gone:
            row.gone_at = now()
            row.snapshot = None
        elif sent.seen is not None:
            later = record.open_changes(change.kind, row)
            _rebase(change, later, sent.seen)
            merge.merge(resource, row, sent.seen, merge.wanted_by(later))
        else:
            merge.compare(resource, row, merge.remote_values(resource, row))
        with writing():
            resource.settled(change, row, sent)
            _save(row)
        log.flush()
        crash.here("C8")


def protected(resource: Resource, change: Change, obj: Any, stop: ProtectedThere, log: CallLog) -> None:
    """The person unsubscribed or bounced at the vendor: their state wins here, and the change is refused for good."""
    seen = stop.seen
    with transaction.atomic():
        row = record.lock(obj)
        _refused(change, _LEFT[stop.state])
        if seen.values:
            pending = merge.pending_fields(change.kind, row) - {"state"}
            row.deleted_at = None
            merge.merge(resource, row, seen, pending)
        with writing():
            if seen.values:
                resource.departed(row)
            _save(row)
        log.flush()


def refuse(change: Change, reason: str, log: CallLog) -> None:
    """Our own rules forbid this write; nothing was sent."""
    with transaction.atomic():
        _refused(change, reason)
        log.flush()


def gone_there(change: Change, log: CallLog) -> None:
    """The object is no longer at the vendor: a person decides whether to let it go or to make it again."""
    with transaction.atomic():
        claim.release(change, Change.State.CONFLICT, reason="gone_there", sent_at=change.sent_at)
        log.flush()


def not_wanted(resource: Resource, change: Change, obj: Any, log: CallLog) -> None:
    """Staff deleted the object before it was made: nothing is made, and nothing is left to delete."""
    with transaction.atomic():
        claim.release(change, Change.State.SUPERSEDED, reason="deleted_since", done_at=now())
        row = record.lock(obj)
        record.supersede(record.open_changes(change.kind, row), "deleted_since")
        row.gone_at, row.snapshot = now(), None
        with writing():
            resource.settled(change, row, Sent(gone=True))
            _save(row)
        log.flush()


def stopped(change: Change, stop: Stopped, log: CallLog) -> None:
    """A rule of the resource forbids the request now: a person decides, unless it is too early to ask one."""
    state = Change.State.FAILED if stop.final else Change.State.PARKED
    if stop.again_after:
        state = Change.State.QUEUED
    with transaction.atomic():
        claim.release(
            change,
            state,
            reason=stop.reason,
            reason_detail=stop.detail,
            not_before=now() + timedelta(seconds=stop.again_after),
            fence=None,
            sent_at=change.sent_at,
        )
        registry.get(change.kind).stopped(change, stop)
        log.flush()


def overtaken(resource: Resource, change: Change, obj: Any, moved_on: Overtaken, log: CallLog) -> None:
    """The request came too late: the change is over, and the row shows what the vendor has."""
    with transaction.atomic():
        row = record.lock(obj)
        claim.release(
            change,
            Change.State.CANCELLED,
            reason=moved_on.reason,
            reason_detail=moved_on.detail,
            done_at=now(),
            sent_at=change.sent_at,
        )
        row.deleted_at = None
        merge.merge(resource, row, moved_on.seen, merge.pending_fields(change.kind, row))
        with writing():
            resource.overtaken(change, row)
            _save(row)
        log.flush()


def already_there(change: Change, candidates: list[Seen], log: CallLog) -> None:
    """An object with the same mark exists at the vendor already: a person says whether it is the same one."""
    with transaction.atomic():
        claim.release(change, Change.State.CONFLICT, reason="same_mark_there", reason_detail=_listed(candidates))
        log.flush()


def conflict(
    resource: Resource, change: Change, obj: Any, seen: Seen, conflicts: dict[str, Values], log: CallLog
) -> None:
    """The vendor changed the same fields to something else: a person decides for each of them."""
    with transaction.atomic():
        row = record.lock(obj)
        claim.release(change, Change.State.CONFLICT, reason="both_changed", fields={**change.fields, **conflicts})
        merge.merge(resource, row, seen, merge.pending_fields(change.kind, row))
        with writing():
            _save(row)
        log.flush()


def adopt_or_ask(resource: Resource, change: Change, obj: Any, existing: Seen, log: CallLog) -> None:
    """A create found its object at the vendor (made by somebody, or by our own lost call): link the two.

    Equal values end the change. Values that are empty there are sent as an edit. Values that differ are a conflict.
    """
    fields: dict[str, Values] = {}
    conflicts: dict[str, Values] = {}
    for name, value in change.fields.items():
        theirs = existing.values.get(name)
        if theirs == value["want"]:
            continue
        fields[name] = {"base": theirs, "want": value["want"]}
        if theirs not in ("", None):
            conflicts[name] = {**fields[name], "base": None, "theirs": theirs}
    if not fields:
        return done(resource, change, obj, Sent(existing), log)
    with transaction.atomic():
        row = record.lock(obj)
        claim.release(
            change,
            Change.State.CONFLICT if conflicts else Change.State.QUEUED,
            verb=Change.Verb.UPDATE,
            reason="existed_there" if conflicts else "",
            fields={**fields, **conflicts},
            not_before=now(),
        )
        merge.merge(resource, row, existing, merge.pending_fields(change.kind, row))
        with writing():
            _save(row)
        log.flush()
    return None


def _listed(candidates: list[Seen]) -> Values:
    return {"candidates": [{"remote_id": seen.remote_id, **seen.values} for seen in candidates]}


def several(change: Change, candidates: list[Seen]) -> None:
    """More than one object may be the one that a doubted create made: stop and show them."""
    claim.release(change, Change.State.PARKED, reason="several_candidates", reason_detail=_listed(candidates))


def _refused(change: Change, reason: str) -> None:
    claim.release(change, Change.State.FAILED, reason=reason, reason_detail={}, sent_at=change.sent_at)


def _save(row: Any) -> None:
    row.content_hash = ""  # what the next pull lists is looked at afresh
    row.pulled_at = now()
    row.save()


def _rebase(change: Change, later_ones: list[Change], seen: Seen) -> None:
    """Edits waiting behind this one were made on top of it: what it brought there is their new base, not a conflict."""
    for later in later_ones:
        fields = {name: dict(value) for name, value in later.fields.items()}
        for name, value in fields.items():
            if name in change.fields or change.verb == Change.Verb.CREATE:
                value["base"] = seen.values.get(name, value["base"])
        if fields != later.fields:
            Change.objects.filter(pk=later.pk).update(fields=fields)
