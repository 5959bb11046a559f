"""Every verb that the engine brings to the vendor, as the same three steps: make ready, ask for it, and where it goes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.faults.desk import Desk
from tests.faults.quiet import settle

EMAIL = "noemie.gagne@example.com"
TITLE = "Bénévoles"
HTML = "<h1>Bonjour [PRENOM]</h1>\n<p>Voilà l’été : accents é à ç</p>"


@dataclass(frozen=True)
class Verb:
    """`ready` makes the object on both sides, `ask` records the change, `method` and `path` are its write."""

    name: str
    method: str
    path: str
    ask: Callable[[Desk, Any], object]
    ready: Callable[[Desk], Any] = lambda desk: None
    read: str = ""
    keyless: bool = False

    def rule(self, action: str, **more: Any) -> dict[str, Any]:
        """A fault rule that strikes this verb's write."""
        return {"action": action, "method": self.method, "path": self.path, **more}

    def __str__(self) -> str:
        return self.name


def _contact(desk: Desk) -> Any:
    return desk.world.mirrored(EMAIL, firstname="Noémie", lastname="Gagné", company="Musée", note="1")


def _group(desk: Desk) -> Any:
    return desk.world.mirrored_group(TITLE)


def _template(desk: Desk) -> Any:
    return desk.world.mirrored_template("Infolettre", HTML, "Bonjour")


def _member_of_group(desk: Desk) -> Any:
    contact, group = _contact(desk), _group(desk)
    desk.regroup(contact, [group], [])
    settle(desk)
    return contact, group


VERBS = [
    Verb(
        "contact-create",
        "POST",
        "/members",
        lambda desk, _: desk.create_contact(EMAIL, first_name="Noémie", note="accents: é à ç"),
        read="/members/{key}",
    ),
    Verb(
        "contact-update",
        "PATCH",
        "/members/{key}",
        lambda desk, contact: desk.edit(contact, first_name="Noëlle", company=""),
        _contact,
        read="/members/{key}",
    ),
    Verb(
        "contact-join",
        "POST",
        "/members/{key}/groups",
        lambda desk, made: desk.regroup(made[0], [made[1]], []),
        lambda desk: (_contact(desk), _group(desk)),
    ),
    Verb(
        "contact-leave",
        "DELETE",
        "/members/{key}/groups/{groupId}",
        lambda desk, made: desk.regroup(made[0], [], [made[1]]),
        _member_of_group,
    ),
    Verb(
        "contact-unsubscribe",
        "POST",
        "/members/unsubscribed/{key}",
        lambda desk, contact: desk.unsubscribe(contact),
        _contact,
    ),
    Verb("contact-delete", "DELETE", "/members/{key}", lambda desk, contact: desk.delete_contact(contact), _contact),
    Verb(
        "contact-optin",
        "POST",
        "/members/optins",
        lambda desk, contact: desk.ask_consent(contact),
        _contact,
        keyless=True,
    ),
    Verb(
        "group-create",
        "POST",
        "/groups",
        lambda desk, _: desk.create_group(TITLE, public=True),
        read="/groups",
        keyless=True,
    ),
    Verb(
        "group-update",
        "PATCH",
        "/groups/{id}",
        lambda desk, group: desk.edit_group(group, title="Amis du musée", is_public=True),
        _group,
        read="/groups/{id}",
    ),
    Verb(
        "group-empty",
        "DELETE",
        "/groups/{id}/members",
        lambda desk, made: desk.empty_group(made[1]),
        _member_of_group,
    ),
    Verb("group-delete", "DELETE", "/groups/{id}", lambda desk, group: desk.delete_group(group), _group),
    Verb(
        "template-create",
        "POST",
        "/templates",
        lambda desk, _: desk.create_template("Infolettre", HTML, "Bonjour"),
        read="/templates",
        keyless=True,
    ),
    Verb(
        "template-replace",
        "PUT",
        "/templates/{id}",
        lambda desk, template: desk.replace_template(template, title="Bulletin", body_html=f"{HTML}<hr>"),
        _template,
        read="/templates/{id}",
    ),
    Verb(
        "template-delete",
        "DELETE",
        "/templates/{id}",
        lambda desk, template: desk.delete_template(template),
        _template,
    ),
]
BY_NAME = {verb.name: verb for verb in VERBS}
