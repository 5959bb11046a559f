"""What every fault case ends with: the promises P1, P2, P3, P5, P6, P11 and P12 of docs/engine.md, judged once all is quiet.

The judgement rests on the vendor's own state and journal and on the desk's list of accepted edits, never on what the
engine believes it did. Only where the engine says "this still waits for somebody" its open changes are consulted.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from typing import Any

from django.utils import translation

from contacts.models import Contact
from cyberadmin.sync import registry
from cyberadmin.sync.health import differences
from cyberadmin.sync.models import Change
from cyberadmin.sync.reasons import explain
from groups.models import Group
from templates.models import EmailTemplate
from tests.faults.desk import Desk, Wish
from tests.faults.order import object_of, out_of_order

NAMES = {
    "email": "email",
    "first_name": "firstname",
    "last_name": "lastname",
    "company": "company",
    "note": "note",
    "language": "language",
    "postal_code": "postalCode",
    "country": "country",
    "title": "title",
    "is_public": "isPublic",
    "body_html": "bodyHtml",
    "body_text": "bodyText",
}
MODELS: dict[str, type[Any]] = {"contact": Contact, "group": Group, "template": EmailTemplate}
#: What the vendor calls many of a kind, in its paths and in what it holds.
PLURALS = {"contact": "members", "group": "groups", "template": "templates"}
CREATES = ("createMember", "createGroup", "createTemplate", "optinMember")
DELETES = ("deleteMember", "deleteGroup", "deleteTemplate")
#: The object itself is not at the vendor: any open change of it says so.
ANYTHING = "the object"


@dataclass
class Verdict:
    """Every breach found, in words, by the figure it counts in."""

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    out_of_order: list[str] = field(default_factory=list)
    resubscribed: list[str] = field(default_factory=list)
    falsely_deleted: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)
    unexplained: list[str] = field(default_factory=list)
    differing: list[str] = field(default_factory=list)

    def breaches(self) -> list[str]:
        return [f"{one.name}: {text}" for one in fields(self) for text in getattr(self, one.name)]


@dataclass
class Tally:
    """The figures of a campaign."""

    counts: Counter[str] = field(default_factory=Counter)

    def add(self, verdict: Verdict, kills: int) -> None:
        self.counts["cases"] += 1
        self.counts["kills"] += kills
        for one in fields(verdict):
            self.counts[one.name] += len(getattr(verdict, one.name))

    def line(self) -> str:
        """One line of JSON: cases, kills, and each figure that must be 0."""
        names = ("cases", "kills", *(one.name for one in fields(Verdict)))
        return json.dumps({name: self.counts[name] for name in names})


TALLY = Tally()


def judge(desk: Desk, *, kills: int = 0) -> None:
    """Judge one case and count it in the campaign's figures. Raises AssertionError naming every breach."""
    verdict = Verdict()
    held, effects = desk.world.held(), desk.world.effects()
    verdict.lost += list(_lost(desk, held, effects))
    verdict.doubled += list(_doubled(desk, effects))
    verdict.out_of_order += list(out_of_order(desk, effects))
    verdict.resubscribed += [
        f"{one['operation']} took {one['email']} back from {one['before']}"
        for one in effects
        if one["before"] == "unsubscribed" and one["after"] == "subscribed"
    ]
    verdict.falsely_deleted += list(_falsely_deleted(desk, held, effects))
    verdict.stuck += [f"{change} is {change.state} ({change.reason})" for change in _stuck(desk)]
    verdict.unexplained += list(_unexplained(desk))
    verdict.differing += [str(one) for one in differences(desk.world.account.pk)]
    verdict.differing += list(_unequal(desk, held))
    TALLY.add(verdict, kills)
    assert verdict.breaches() == [], _story(desk, verdict, effects)


# --- P1 ---
def _lost(desk: Desk, held: dict[str, Any], effects: list[dict[str, Any]]) -> Iterator[str]:
    for wish in desk.wishes.values():
        waiting = desk.open(kind=wish.kind, object_id=wish.pk)
        for missing in _contact_misses(wish, held, effects) if wish.kind == "contact" else _titled_misses(wish, held):
            if not any(_speaks_of(change, missing) for change in waiting):
                yield f"{wish.kind} {wish.mark}: {missing} is neither at the vendor nor in the Outbox"


def _contact_misses(wish: Wish, held: dict[str, Any], effects: list[dict[str, Any]]) -> Iterator[str]:
    """What is not (yet) true at the vendor: names of fields, "group:<pk>", or the verb of an action."""
    asked = sum(1 for one in effects if one["operation"] == "optinMember" and _is(one["email"], wish.mark))
    if asked < wish.optins_due:
        yield "optin"
    row = Contact.objects.get(pk=wish.pk)
    there = next((one for one in held["members"] if _is(one["email"], wish.mark) or one["id"] == row.remote_id), None)
    if wish.deleted:
        if there is not None:
            yield "delete"
    elif wish.unsubscribed:
        if not any(_is(one["email"], wish.mark) for one in held["unsubscribed"]):
            yield "unsubscribe"
    elif there is None:
        if wish.values or any(wish.memberships.values()):
            yield ANYTHING
    else:
        yield from (name for name, want in wish.values.items() if there.get(NAMES[name]) != want)
        for pk, member in wish.memberships.items():
            if (Group.objects.get(pk=pk).remote_id in there["groups"]) is not member:
                yield f"group:{pk}"


def _titled_misses(wish: Wish, held: dict[str, Any]) -> Iterator[str]:
    """The same for a group or a template."""
    remote_id = MODELS[wish.kind].objects.get(pk=wish.pk).remote_id
    there = next((one for one in held[PLURALS[wish.kind]] if one["id"] == remote_id), None)
    if wish.deleted:
        if there is not None:
            yield "delete"
    elif there is None:
        yield ANYTHING
    else:
        yield from (name for name, want in wish.values.items() if there.get(NAMES[name]) != want)
        if wish.emptied and there["membersCount"] and not _refilled(wish):
            yield "empty"


def _refilled(wish: Wish) -> bool:
    """Whether somebody was put into the group again after it was emptied: its count then says nothing."""
    added = Change.objects.filter(kind="contact", verb="regroup", fields__has_key=f"group:{wish.pk}")
    emptied = Change.objects.filter(kind="group", object_id=wish.pk, verb="empty").order_by("-id").first()
    return emptied is not None and added.filter(pk__gt=emptied.pk).exists()


def _speaks_of(change: Change, missing: str) -> bool:
    return missing == ANYTHING or missing in change.fields or change.verb == missing


def _is(email: str | None, mark: str) -> bool:
    return email is not None and email.casefold() == mark.casefold()


# --- P2 ---
def _doubled(desk: Desk, effects: list[dict[str, Any]]) -> Iterator[str]:
    made: Counter[tuple[str, tuple[str, int] | None]] = Counter()
    for one in effects:
        if one["operation"] in CREATES:
            made[one["operation"], object_of(desk, one)] += 1
    for (operation, key), count in made.items():
        wish = desk.wishes.get(key) if key else None
        wanted = 0 if wish is None else wish.optins if operation == "optinMember" else wish.created
        if count > wanted:
            yield f"{operation} {wish.mark if wish else key}: {count} times for {wanted} wishes"


# --- P5 ---
def _falsely_deleted(desk: Desk, held: dict[str, Any], effects: list[dict[str, Any]]) -> Iterator[str]:
    answered_404 = {one["path"] for one in desk.world.sandbox.requests() if one["status"] == 404}
    for kind, model in MODELS.items():
        for row in model.objects.filter(account=desk.world.account).exclude(gone_at=None):
            wish = desk.wishes.get((kind, row.pk))
            path = f"/{PLURALS[kind]}/{row.remote_id}"
            if not (wish and wish.deleted) and path not in answered_404:
                yield f"{kind} {row} is a tombstone although nobody deleted it and no 404 was seen"
    for one in effects:
        if one["operation"] in DELETES:
            key = object_of(desk, one)
            if key is None or key not in desk.wishes or not desk.wishes[key].deleted:
                yield f"{one['operation']} {one['path']} was sent although nobody asked for it"


# --- everything moves or says why not ---
def _stuck(desk: Desk) -> list[Change]:
    moving = desk.open(state__in=("queued", "sending", "unknown"))
    desk.world.account.refresh_from_db()
    return [change for change in moving if desk.world.account.is_working and not _held_back(change)]


def _held_back(change: Change, seen: frozenset[int] = frozenset()) -> bool:
    """Whether it waits for a change that in turn waits for a person; a ring of changes waits for nobody."""
    if change.state != Change.State.QUEUED or change.pk in seen:
        return False
    older = Change.objects.filter(
        account_id=change.account_id, kind=change.kind, object_id=change.object_id, pk__lt=change.pk
    ).filter(state__in=Change.OPEN)
    held_by = [*change.waits_for.filter(state__in=Change.OPEN), *older]
    return any(one.state in ("conflict", "parked", "failed") or _held_back(one, seen | {change.pk}) for one in held_by)


# --- P11 ---
def _unexplained(desk: Desk) -> Iterator[str]:
    for change in desk.open():
        for language in ("en", "fr"):
            with translation.override(language):
                words = explain(change)
                texts = (words.state, words.what_happened, words.next_step)
            if not all(text.strip() for text in texts):
                yield f"{change} is {change.state} ({change.reason}) without words in {language}"
        if change.state in ("conflict", "parked", "failed") and not explain(change).actions:
            yield f"{change} is {change.state} ({change.reason}) and nobody can do anything about it"


# --- P12, against the vendor itself ---
def _unequal(desk: Desk, held: dict[str, Any]) -> Iterator[str]:
    """Rows without an open change that do not show what the vendor holds; what people changed there is for the pull."""
    journal = desk.world.sandbox.journal(account=desk.world.remote)
    moved = {key for one in journal if one["source"] != "api" for key in (one["email"], *map(str, one["ids"][:1]))}
    made_there = {one["email"] or str(one["ids"][0]) for one in journal if one["operation"].startswith("create")}
    busy = {change.object_key for change in desk.open()}
    there = {(kind, one["id"]): one for kind, plural in PLURALS.items() for one in held[plural]}
    for kind, model in MODELS.items():
        for row in model.objects.filter(account=desk.world.account, gone_at=None).exclude(remote_id=None):
            remote = there.get((kind, row.remote_id))
            edited_there = {row.email_key, str(row.remote_id)} if kind == "contact" else {str(row.remote_id)}
            if (kind, row.pk) in busy or (edited_there & (moved - made_there)):
                continue
            if remote is None:
                yield f"{kind} {row} is shown here and is not at the vendor"
                continue
            shown = registry.get(kind).values(row)
            for name, remote_name in NAMES.items():
                if name in shown and shown[name] != (remote[remote_name] if remote[remote_name] is not None else ""):
                    yield f"{kind} {row}: {name} is {shown[name]!r} here and {remote[remote_name]!r} at the vendor"


def _story(desk: Desk, verdict: Verdict, effects: list[dict[str, Any]]) -> str:
    changes = [
        f"#{one.pk} {one} {one.state} {one.reason} attempts={one.attempts} claims={one.claims} {one.fields}"
        for one in desk.world.changes()
    ]
    applied = [f"{one['seq']} {one['operation']} {one['path']} {one['email']} {one['body']}" for one in effects]
    return "\n".join(["", *verdict.breaches(), "--- changes", *changes, "--- applied at the vendor", *applied])
