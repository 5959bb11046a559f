"""What entries recorded, in words: roles, refusals, kinds, names of fields; before and after, side by side."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from campaigns.models import RecipientList
from cyberadmin.accounts.localtime import moment_text
from cyberadmin.accounts.models import Account, AccountAccess, AuditEvent, Credential
from cyberadmin.console import wording
from cyberadmin.people.models import Demand
from cyberadmin.sync.bulk import kinds
from cyberadmin.sync.models import Change, Edit

from .words import EDITS, words


@dataclass(frozen=True)
class Difference:
    """One field: its label, what stood there, what stands there now."""

    label: str
    before: Any
    after: Any


class _Said(dict[str, str]):
    """Placeholders of a sentence; what an older version did not record is a dash."""

    def __missing__(self, name: str) -> str:
        return "–"


def sentence(event: AuditEvent) -> str:
    """The rest of the sentence that begins with the actor's name."""
    said = _Said({name: value_text(event, name, value) for name, value in event.detail.items()})
    if event.action == "access.set" and event.detail.get("role") is None:
        return _("took the role of %(user)s on this client away") % said
    return str(words(event.action).said) % said


def value_text(event: AuditEvent, name: str, value: Any) -> str:
    """One recorded value in words."""
    choices = _choices(event, name)
    if isinstance(value, str) and value in choices:
        return str(choices[value])
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        return ", ".join(str(one) for one in value) or "–"
    if name == "send_at" and isinstance(value, str):
        return moment_text(datetime.fromisoformat(value), event.account)
    return "–" if value in (None, "") else str(value)


def _choices(event: AuditEvent, name: str) -> Mapping[Any, Any]:
    family = event.action.partition(".")[0]
    if name == "kind" and family == "bulk":
        kind = str(event.detail.get("kind", ""))
        return {kind: kinds.get(kind).label} if kinds.known(kind) else {}
    known: dict[str, Mapping[Any, Any]] = {
        "role": dict(AccountAccess.Role.choices),
        "refusal": dict(Credential.Refusal.choices),
        "kind": {"token": _("an API token"), "legacy": _("a user name and password")},
        "outcome": dict(RecipientList.Outcome.choices),
        "who": dict(Demand.choices),
    }
    return known.get(name, {})


def differences(event: AuditEvent) -> list[Difference]:
    """Before and after of an entry that recorded them, field by field."""
    before, after = event.detail.get("before"), event.detail.get("after")
    if isinstance(before, dict) and isinstance(after, dict):
        model: type[Model] = User if event.action.startswith("person.") else Account
        return [
            Difference(_label(model, name), _shown(model, name, before.get(name)), _shown(model, name, after.get(name)))
            for name in after
        ]
    if before is not None or after is not None:
        label = _label(Account, "host") if event.action == "account.host" else _("Name")
        return [Difference(label, before, after)]
    return []


def _label(model: type[Model], name: str) -> str:
    try:
        field: Any = model._meta.get_field(name)
    except FieldDoesNotExist:
        return name
    return str(capfirst(field.verbose_name))


def _shown(model: type[Model], name: str, value: Any) -> Any:
    try:
        field: Any = model._meta.get_field(name)
    except FieldDoesNotExist:
        return value
    return dict(field.flatchoices).get(value, value) if field.choices else value


def edit_sentence(edit: Edit) -> str:
    """The rest of the sentence about a single edit."""
    said = {"object": edit.change.object_label or _("(erased)")}
    return str(EDITS.get(edit.change.verb, "%(object)s")) % said


class EditWords:
    """Labels of fields of edits; each is looked up once for a page."""

    def __init__(self) -> None:
        self._labels: dict[tuple[int, str, str], str] = {}

    def differences(self, edit: Edit) -> list[Difference]:
        """Before and after of one edit."""
        return [self._difference(edit.change, name, value) for name, value in edit.fields.items()]

    def _difference(self, change: Change, name: str, value: Mapping[str, Any]) -> Difference:
        key = (change.account_id, change.kind, name)
        if key not in self._labels:
            self._labels[key] = str(capfirst(wording.field_label(change, name)))
        before, after = (wording.value_label(change, name, value.get(side)) for side in ("before", "after"))
        return Difference(self._labels[key], before, after)
