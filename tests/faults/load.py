"""A day's work in a minute: edits of every kind, drawn by a seed, on a handful of people and groups."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError

from contacts.models import Contact
from groups.models import Group
from templates.models import EmailTemplate
from tests.faults.desk import Desk


@dataclass
class Load:
    """Draws edits; what the page would refuse is not made and not wished."""

    desk: Desk
    draw: random.Random
    people: list[Contact] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    templates: list[EmailTemplate] = field(default_factory=list)
    count: int = 0

    def begin(self, people: int = 5, groups: int = 3, templates: int = 2) -> None:
        """The objects that both sides know at the start."""
        for number in range(people):
            self.people.append(self.desk.world.mirrored(f"known{number}@example.com", firstname=f"Known {number}"))
        for number in range(groups):
            self.groups.append(self.desk.world.mirrored_group(f"Known group {number}"))
        for number in range(templates):
            self.templates.append(self.desk.world.mirrored_template(f"Known template {number}"))

    def press(self, edits: int) -> None:
        """Make so many edits."""
        actions: list[tuple[Callable[[], Any], int]] = [
            (self._edit, 8),
            (self._regroup, 6),
            (self._create, 5),
            (self._edit_group, 3),
            (self._create_group, 3),
            (self._empty, 1),
            (self._ask, 1),
            (self._unsubscribe, 1),
            (self._delete, 1),
            (self._delete_group, 1),
            (self._create_template, 2),
            (self._replace_template, 3),
            (self._delete_template, 1),
        ]
        for _ in range(edits):
            self.count += 1
            action = self.draw.choices([one for one, _ in actions], [weight for _, weight in actions])[0]
            try:
                action()
            except ValidationError:
                # Refused by the page with a sentence, as it should be: nobody was told that it was saved.
                continue

    def _someone(self) -> Contact:
        return self.draw.choice(self.people)

    def _edit(self) -> None:
        name = self.draw.choice(["note", "first_name", "company"])
        self.desk.edit(self._someone(), **{name: f"{name} {self.count}"})

    def _regroup(self) -> None:
        group = self.draw.choice(self.groups)
        if self.draw.random() < 0.6:
            self.desk.regroup(self._someone(), [group], [])
        else:
            self.desk.regroup(self._someone(), [], [group])

    def _create(self) -> None:
        into = [self.draw.choice(self.groups)] if self.draw.random() < 0.5 else []
        self.people.append(self.desk.create_contact(f"new{self.count}@example.com", into, note=f"note {self.count}"))

    def _edit_group(self) -> None:
        self.desk.edit_group(self.draw.choice(self.groups), title=f"Group {self.count}")

    def _create_group(self) -> None:
        self.groups.append(self.desk.create_group(f"New group {self.count}", public=self.draw.random() < 0.5))

    def _empty(self) -> None:
        self.desk.empty_group(self.draw.choice(self.groups))

    def _ask(self) -> None:
        self.desk.ask_consent(self._someone())

    def _unsubscribe(self) -> None:
        self.desk.unsubscribe(self._leaving())

    def _delete(self) -> None:
        self.desk.delete_contact(self._leaving())

    def _leaving(self) -> Contact:
        """Somebody, who is not edited any more afterwards; two stay always."""
        if len(self.people) < 3:
            raise ValidationError("nobody left to leave")
        return self.people.pop(self.draw.randrange(len(self.people)))

    def _delete_group(self) -> None:
        if len(self.groups) < 3:
            raise ValidationError("no group left to delete")
        self.desk.delete_group(self.groups.pop(self.draw.randrange(len(self.groups))))

    def _create_template(self) -> None:
        self.templates.append(self.desk.create_template(f"New template {self.count}", f"<p>{self.count}</p>"))

    def _replace_template(self) -> None:
        name = self.draw.choice(["title", "body_html", "body_text"])
        self.desk.replace_template(self.draw.choice(self.templates), **{name: f"{name} {self.count}"})

    def _delete_template(self) -> None:
        if len(self.templates) < 2:
            raise ValidationError("no template left to delete")
        self.desk.delete_template(self.templates.pop(self.draw.randrange(len(self.templates))))
