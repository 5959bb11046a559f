"""Promise P3: what the vendor applied to one object is in the order in which it was asked for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from contacts.models import Contact
from cyberadmin.sync.models import Change
from groups.models import Group
from templates.models import EmailTemplate
from tests.faults.desk import Desk

VERBS = {
    "createMember": ("contact", "create"),
    "editMember": ("contact", "update"),
    "addMemberGroups": ("contact", "regroup"),
    "removeMemberFromGroup": ("contact", "regroup"),
    "unsubscribeMember": ("contact", "unsubscribe"),
    "optinMember": ("contact", "optin"),
    "deleteMember": ("contact", "delete"),
    "createGroup": ("group", "create"),
    "editGroup": ("group", "update"),
    "emptyGroup": ("group", "empty"),
    "deleteGroup": ("group", "delete"),
    "createTemplate": ("template", "create"),
    "replaceTemplate": ("template", "update"),
    "deleteTemplate": ("template", "delete"),
}
WIRE = {
    "firstname": "first_name",
    "lastname": "last_name",
    "isPublic": "is_public",
    "bodyHtml": "body_html",
    "bodyText": "body_text",
}
TITLED = {"group": Group, "template": EmailTemplate}


def out_of_order(desk: Desk, effects: list[dict[str, Any]]) -> Iterator[str]:
    """Every effect that belongs to no change, or to one that a later one had overtaken.

    A repeated effect of the same change is in order. Each effect is laid to the first change, from where the object's
    story stands, that could have caused it; if only an earlier one could have, the order was broken.
    """
    changes = defaultdict(list)
    for change in desk.world.changes():
        changes[change.object_key].append(change)
    position: dict[tuple[str, int], int] = defaultdict(int)
    for effect in effects:
        if effect["operation"] == "createToken":
            # Asked for by custody, not by a change.
            continue
        verb = VERBS[effect["operation"]][1]
        key = object_of(desk, effect)
        story = changes.get(key, []) if key else []
        could = [at for at, change in enumerate(story) if _could_cause(change, verb, effect)]
        later = [at for at in could if key and at >= position[key]]
        if not later or key is None:
            why = "after a later change of the same object" if could else "without a change that asked for it"
            yield f"{effect['operation']} {effect['path']} {effect['body']} was applied {why}"
        else:
            position[key] = later[0]


def object_of(desk: Desk, effect: dict[str, Any]) -> tuple[str, int] | None:
    """Our object that an effect at the vendor was about: by number, else by the mark that it carries."""
    account, kind = desk.world.account, VERBS[effect["operation"]][0]
    marked = [key for key, wish in desk.wishes.items() if _mark(effect) in wish.marks]
    if kind in TITLED:
        row: Any = TITLED[kind].objects.filter(account=account, remote_id=effect["ids"][0]).first()
    else:
        people = Contact.objects.filter(account=account)
        row = people.filter(remote_id=effect["ids"][0]).first() if effect["operation"] != "optinMember" else None
        row = row or people.filter(email_key=effect["email"].casefold()).order_by("-id").first()
    if row is not None:
        return (kind, row.pk)
    return next((key for key in marked if key[0] == kind), None)


def _mark(effect: dict[str, Any]) -> str:
    body = effect["body"] if isinstance(effect["body"], dict) else {}
    return str(effect["email"] or body.get("title") or "").casefold()


def _could_cause(change: Change, verb: str, effect: dict[str, Any]) -> bool:
    # A create that finds its own lost call goes on as an update.
    if change.verb != verb and not (verb == "create" and change.verb == "update"):
        return False
    if verb == "regroup":
        return any(_moves(name, value, effect) for name, value in change.fields.items())
    if verb != "update":
        return True
    wanted = {WIRE.get(name, name): value for name, value in effect["body"].items()}
    told = {name: [one["want"], *one.get("tried", [])] for name, one in change.fields.items()}
    if effect["operation"] != "replaceTemplate":
        return all(value in told.get(name, []) for name, value in wanted.items() if name in NAMED)
    # A template is sent whole: what the change said nothing of, or not yet, is as a fresh read showed it.
    as_asked = [wanted[name] in values for name, values in told.items()]
    as_it_was = [wanted[name] == one.get("base") for name, one in change.fields.items()]
    return any(as_asked) and all(one or other for one, other in zip(as_asked, as_it_was, strict=True))


NAMED = {"email", "first_name", "last_name", "company", "note", "title", "is_public"}


def _moves(name: str, value: dict[str, Any], effect: dict[str, Any]) -> bool:
    group = Group.objects.get(pk=int(name.removeprefix("group:")))
    joins = effect["operation"] == "addMemberGroups"
    wants = {value["want"], *value.get("tried", [])}
    return group.remote_id in effect["ids"][1:] and joins in wants
