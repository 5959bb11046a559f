"""The staff of a fault test: makes edits through the services and keeps its own list of what the page said was saved.

The list lives in this process only. Whatever happens to workers, brokers and the database, the oracle compares it with
what the vendor holds in the end.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from contacts import services as contacts
from contacts.models import Contact
from cyberadmin.sync import registry
from cyberadmin.sync.models import Change
from groups import services as groups
from groups.models import Group
from templates import services as templates
from templates.models import EmailTemplate
from tests.world import World

KINDS: dict[type[Any], str] = {Contact: "contact", Group: "group", EmailTemplate: "template"}
WHY = "Asked for it on the phone"


def mark_of(obj: Any) -> str:
    """What a person would call it by, and find it by at the vendor: the address, or the title."""
    return str(obj.email_key if isinstance(obj, Contact) else obj.title)


@dataclass
class Wish:
    """What must be true at the vendor in the end for one object, all accepted edits folded together."""

    kind: str
    pk: int
    mark: str
    values: dict[str, Any] = field(default_factory=dict)
    memberships: dict[int, bool] = field(default_factory=dict)
    #: Every address or title that it ever had.
    marks: list[str] = field(default_factory=list)
    created: int = 0
    #: Requests for consent: made at most `optins`, at least `optins_due` (a departure makes the waiting ones pointless).
    optins: int = 0
    optins_due: int = 0
    unsubscribed: bool = False
    emptied: bool = False
    deleted: bool = False


@dataclass
class Desk:
    """Edits one world and remembers what was accepted."""

    world: World
    wishes: dict[tuple[str, int], Wish] = field(default_factory=dict)

    def wish(self, obj: Any) -> Wish:
        """The wish about a contact, a group or a template."""
        kind = KINDS[type(obj)]
        return self.wishes.setdefault((kind, obj.pk), Wish(kind, obj.pk, mark_of(obj)))

    # --- contacts ---
    def create_contact(self, email: str, into: list[Group] | None = None, **values: Any) -> Contact:
        made = contacts.create_contact(self.world.editor, self.world.account, {"email": email, **values}, into or [])
        wish = self.wish(made)
        wish.created += 1
        self._note_values(made, ["email", *values])
        wish.memberships.update({group.pk: True for group in into or []})
        return made

    def edit(self, contact: Contact, **values: Any) -> Change | None:
        contact.refresh_from_db()
        change = contacts.edit_contact(self.world.editor, contact, values, contact.edit_version)
        self._note_values(contact, list(values))
        return change

    def regroup(self, contact: Contact, add: list[Group], remove: list[Group]) -> Change | None:
        change = contacts.change_groups(self.world.editor, contact, add, remove)
        memberships = self.wish(contact).memberships
        memberships.update({group.pk: True for group in add} | {group.pk: False for group in remove})
        return change

    def unsubscribe(self, contact: Contact) -> Change:
        change = contacts.unsubscribe(self.world.editor, contact, WHY)
        self.wish(contact).unsubscribed = True
        self.wish(contact).optins_due = 0
        return change

    def delete_contact(self, contact: Contact) -> Change:
        change = contacts.delete_contact(self.world.editor, contact, WHY)
        self.wish(contact).deleted = True
        self.wish(contact).optins_due = 0
        return change

    def ask_consent(self, contact: Contact) -> Change:
        change = contacts.request_optin(self.world.editor, contact, WHY)
        self.wish(contact).optins += 1
        self.wish(contact).optins_due += 1
        return change

    # --- groups ---
    def create_group(self, title: str, *, public: bool = False) -> Group:
        made = groups.create_group(self.world.editor, self.world.account, title, public)
        self.wish(made).created += 1
        self._note_values(made, ["title", "is_public"])
        return made

    def edit_group(self, group: Group, **values: Any) -> Change | None:
        group.refresh_from_db()
        change = groups.edit_group(self.world.editor, group, values, group.edit_version)
        self._note_values(group, list(values))
        return change

    def empty_group(self, group: Group) -> Change:
        change = groups.empty_group(self.world.editor, group)
        self.wish(group).emptied = True
        for wish in self.wishes.values():
            wish.memberships.pop(group.pk, None)
        return change

    def delete_group(self, group: Group) -> Change:
        change = groups.delete_group(self.world.editor, group)
        self.wish(group).deleted = True
        for wish in self.wishes.values():
            wish.memberships.pop(group.pk, None)
        return change

    # --- templates ---
    def create_template(self, title: str, html: str, text: str = "") -> EmailTemplate:
        values = {"title": title, "body_html": html, "body_text": text}
        made = templates.create_template(self.world.editor, self.world.account, values)
        self.wish(made).created += 1
        self._note_values(made, list(values))
        return made

    def replace_template(self, template: EmailTemplate, **values: str) -> Change | None:
        template.refresh_from_db()
        change = templates.replace_template(self.world.editor, template, values, template.edit_version)
        self._note_values(template, list(values))
        return change

    def delete_template(self, template: EmailTemplate) -> Change:
        change = templates.delete_template(self.world.editor, template, WHY)
        self.wish(template).deleted = True
        return change

    # --- what staff decide afterwards ---
    def give_up(self, obj: Any) -> None:
        """Somebody decided that these edits are not wanted any more (discarded, took theirs)."""
        wish = self.wish(obj)
        wish.values.clear()
        wish.memberships.clear()
        wish.deleted = wish.unsubscribed = wish.emptied = False

    def open(self, **filters: Any) -> list[Change]:
        """The account's open changes, oldest first."""
        found = Change.objects.filter(account=self.world.account, state__in=Change.OPEN)
        return list(found.filter(**filters).order_by("id"))

    def _note_values(self, obj: Any, names: list[str]) -> None:
        row = type(obj).objects.get(pk=obj.pk)
        wish = self.wish(row)
        shown = registry.get(wish.kind).values(row)
        wish.values.update({name: shown.get(name) for name in names})
        wish.mark = mark_of(row)
        wish.marks.append(wish.mark.casefold())
