"""Recording what staff want: the edit and its Change in one transaction, merged with what still waits.

The only door through which staff's edits enter mirror rows. Every function works inside the caller's `atomic()` block,
writes the effective columns, records or merges the Change, keeps the single edit in its history, and rings for a worker
after the commit. Nothing here talks to the vendor.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import connection, models

from cyberadmin.accounts.models import Account

from . import merge, registry
from .clock import now
from .doorbell import ring
from .mirror import writing
from .models import Change, Edit
from .resource import Values

#: Edits by hand go before everything in bulk.
BY_HAND = 10
#: Edits of many objects at once go after everything that somebody did by hand.
IN_BULK = 50
#: Verbs that later edits may flow into while they wait; the others are barriers.
MERGING = (Change.Verb.CREATE, Change.Verb.UPDATE)


class StaleEdit(Exception):
    """The form was filled from an older version of the row. Nothing was saved.

    `theirs`: {field: {"before": what the form showed, "mine": what was typed, "now": what the row holds}}.
    """

    def __init__(self, theirs: dict[str, Values], by: str, at: datetime | None) -> None:
        super().__init__("stale edit")
        self.theirs = theirs
        self.by = by
        self.at = at


@dataclass(frozen=True)
class Intent:
    """Who wants it, why, and how urgently."""

    actor: User | None
    why: str = ""
    priority: int = BY_HAND
    waits_for: tuple[Change, ...] = field(default=())


def lock(obj: Any) -> Any:
    """The row as it is now, locked until the end of the transaction (SQLite locks the whole database on writing).

    Whoever needs an object and its changes locks the object first: one order for all, so that nobody locks out another.
    """
    return _locking(type(obj)).get(pk=obj.pk)


def lock_all(model: type[models.Model], keys: Collection[int]) -> list[Any]:
    """Several rows of a kind, locked in the order of their keys."""
    return list(_locking(model).filter(pk__in=keys).order_by("pk"))


def _locking(model: Any) -> Any:
    if connection.features.has_select_for_update:
        return model.objects.select_for_update(of=("self",), no_key=True)
    return model.objects.all()


def open_changes(kind: str, obj: Any) -> list[Change]:
    """The object's open changes, oldest first."""
    return list(
        Change.objects.filter(account_id=obj.account_id, kind=kind, object_id=obj.pk, state__in=Change.OPEN).order_by(
            "id"
        )
    )


def create(kind: str, obj: Any, intent: Intent) -> Change:
    """Save a new mirror row and record its creation. `obj` is unsaved and carries its effective values."""
    resource = registry.get(kind)
    obj.snapshot = {}
    obj.edit_version = 1
    with writing():
        obj.save()
    wanted = {
        name: {"base": None, "want": value}
        for name, value in resource.values(obj).items()
        if value not in ("", None) and name not in resource.by_action
    }
    history = {name: (None, value["want"]) for name, value in wanted.items()}
    return _add(kind, obj, Change.Verb.CREATE, wanted, intent, history)


def edit(kind: str, obj: Any, values: Values, intent: Intent) -> Change | None:
    """Write `values` (JSON, by field name) into the locked row and record them. None when nothing changed."""
    resource = registry.get(kind)
    before = resource.values(obj)
    changed = {name: value for name, value in values.items() if before.get(name) != value}
    if not changed:
        return None
    merge.start_edit(resource, obj)
    remote = merge.remote_values(resource, obj)
    resource.assign(obj, changed)
    obj.edit_version += 1
    merge.compare(resource, obj, remote)
    with writing():
        obj.save()
    wanted = {name: {"base": remote.get(name), "want": value} for name, value in changed.items()}
    history = {name: (before.get(name), value) for name, value in changed.items()}
    target = _merge_target(kind, obj)
    if target is None:
        return _add(kind, obj, Change.Verb.UPDATE, wanted, intent, history)
    return _merge_into(target, wanted, intent, history, obj)


def begin(kind: str, obj: Any, values: Values) -> None:
    """Before an action: keep the vendor's values as the base and write the effective ones into the locked row."""
    resource = registry.get(kind)
    merge.start_edit(resource, obj)
    resource.assign(obj, values)
    obj.edit_version += 1
    with writing():
        obj.save()


def serialise(account: Account) -> None:
    """Let one transaction at a time decide about names that must be unique in the account."""
    if connection.features.has_select_for_update:
        # Without locking the key: whoever writes a row that refers to the account must not have to wait.
        Account.objects.select_for_update(no_key=True).get(pk=account.pk)


def check_stale(kind: str, row: Any, wanted: Values, expected_version: int, shown: Values | None) -> None:
    """Raise StaleEdit when a value about to be overwritten is not the one that the form showed.

    `shown`: the values as the form showed them. Without it, any move of the row since `expected_version` counts. A move
    of other fields stops nobody, nor does a colleague who typed the very same.
    """
    if row.edit_version == expected_version:
        return
    current = registry.get(kind).values(row)
    stale = {
        name: {"before": (shown or {}).get(name), "mine": mine, "now": current.get(name)}
        for name, mine in wanted.items()
        if current.get(name) != mine and (shown is None or shown.get(name) != current.get(name))
    }
    if not stale:
        return
    edits = Edit.objects.filter(change__account_id=row.account_id, change__kind=kind, change__object_id=row.pk)
    last = edits.order_by("-id").first()
    raise StaleEdit(stale, last.actor_name if last else "Cyberimpact", last.at if last else None)


def act(kind: str, obj: Any, verb: Change.Verb, fields: dict[str, Values], intent: Intent) -> Change:
    """Record an action that is not an edit of columns (unsubscribe, regroup, empty, delete, opt-in)."""
    history = {name: (value.get("base"), value.get("want")) for name, value in fields.items()}
    if verb == Change.Verb.REGROUP:
        waiting = _last_open(kind, obj)
        if waiting is not None and _takes_regrouping(waiting, intent):
            return _merge_into(waiting, fields, intent, history, obj)
    return _add(kind, obj, verb, fields, intent, history)


def save(obj: Any) -> None:
    """Save a locked row whose effective columns the caller set beside an action, e.g. the state of an unsubscription."""
    obj.edit_version += 1
    with writing():
        obj.save()


def supersede(changes: Iterable[Change], reason: str) -> None:
    """Take waiting changes out of the queue because something later makes them pointless. In-flight ones stay."""
    for change in changes:
        if change.state in Change.IN_FLIGHT:
            continue
        Change.objects.filter(pk=change.pk, state=change.state).update(
            state=Change.State.SUPERSEDED, reason=reason, done_at=now(), updated_at=now()
        )


def _last_open(kind: str, obj: Any) -> Change | None:
    changes = open_changes(kind, obj)
    return changes[-1] if changes else None


def _takes_regrouping(waiting: Change, intent: Intent) -> bool:
    """Whether further memberships may flow into this change.

    Not if they have to wait for something newer than it: that may wait for it in turn, and both would wait for ever.
    """
    mergeable = waiting.verb == Change.Verb.REGROUP and waiting.state in (Change.State.QUEUED, Change.State.FAILED)
    return mergeable and all(other.pk < waiting.pk for other in intent.waits_for)


def _merge_target(kind: str, obj: Any) -> Change | None:
    """The waiting change that an edit of columns may flow into: the last open one, unless it is on its way."""
    for change in reversed(open_changes(kind, obj)):
        if change.state in (*Change.IN_FLIGHT, Change.State.CONFLICT, Change.State.PARKED):
            return None
        if change.verb == Change.Verb.CREATE and change.state == Change.State.QUEUED and was_tried(change):
            # It may have been made as it stands: it is found by what was sent, and this edit follows it.
            return None
        if change.verb in MERGING:
            return change
        if change.verb != Change.Verb.REGROUP:
            return None
    return None


def was_tried(change: Change) -> bool:
    """Whether a worker may have sent it already, as far as anybody knows."""
    return bool(change.claims or change.sent_at)


def _merge_into(change: Change, wanted: dict[str, Values], intent: Intent, history: dict[str, Any], obj: Any) -> Change:
    """Let an edit flow into a waiting change: the last value wins, the first base is kept."""
    fields = dict(change.fields)
    earlier_ones = [other for other in open_changes(change.kind, obj) if other.pk < change.pk]
    behind = {name for other in earlier_ones for name in other.fields}
    for name, value in wanted.items():
        earlier = fields.get(name, value)
        base = earlier["base"]
        fields[name] = {"base": base, "want": value["want"]}
        if name in change.fields and was_tried(change):
            # The earlier value may have arrived although nobody read the answer: finding it there is no conflict.
            fields[name]["tried"] = [*earlier.get("tried", []), earlier["want"]]
        # Only what was never on the wire, behind nothing that sets it, can be taken back by going back to the base value.
        takes_back = base == value["want"] and not was_tried(change) and name not in behind
        if takes_back and change.verb != Change.Verb.CREATE:
            del fields[name]
    values: Values = {
        "fields": fields,
        "state": Change.State.QUEUED,
        "reason": "",
        "reason_detail": {},
        "not_before": now(),
        "object_label": registry.get(change.kind).label(obj)[:250],
        # An edit by hand does not wait for the many that its change was made with.
        "priority": min(change.priority, intent.priority),
        "updated_at": now(),
    }
    if change.state == Change.State.FAILED:
        values |= {"attempts": 0, "claims": 0}
    if not fields:
        values |= {"state": Change.State.SUPERSEDED, "reason": "back_to_base", "done_at": now()}
    if Change.objects.filter(pk=change.pk, state=change.state, claims=change.claims).update(**values) == 0:
        # A worker took it in this very moment: what was typed becomes a change of its own behind it.
        return _add(change.kind, obj, Change.Verb(change.verb), wanted, intent, history)
    change.refresh_from_db()
    _remember(change, intent, history)
    change.waits_for.add(*intent.waits_for)
    ring(change.account_id)
    return change


def _add(
    kind: str, obj: Any, verb: Change.Verb, fields: dict[str, Values], intent: Intent, history: dict[str, Any]
) -> Change:
    resource = registry.get(kind)
    change = Change.objects.create(
        account_id=obj.account_id,
        kind=kind,
        object_id=obj.pk,
        object_label=resource.label(obj)[:250],
        verb=verb,
        fields=fields,
        keyless=verb in resource.keyless,
        priority=intent.priority,
        not_before=now(),
        actor=intent.actor,
        why=intent.why,
    )
    change.waits_for.add(*intent.waits_for)
    _remember(change, intent, history)
    ring(change.account_id)
    return change


def _remember(change: Change, intent: Intent, history: dict[str, Any]) -> None:
    Edit.objects.create(
        change=change,
        actor=intent.actor,
        actor_name=intent.actor.get_username() if intent.actor else "cyberadmin",
        fields={name: {"before": before, "after": after} for name, (before, after) in history.items()},
        why=intent.why,
    )
