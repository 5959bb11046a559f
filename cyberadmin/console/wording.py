"""Words for what the engine stores by name: fields of a change, relations of a consent, what a pull counted."""

from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from contacts.models import CustomField, Relation
from cyberadmin.sync import registry
from cyberadmin.sync.models import Change
from groups.models import Group

CONSENT = {"relation": lazy("relation"), "given_on": lazy("consent given on"), "proof": lazy("proof of consent")}
RELATIONS = dict(Relation.choices)
COUNTS = {
    "created": lazy("new here"),
    "updated": lazy("updated"),
    "unchanged": lazy("unchanged"),
    "gone": lazy("gone"),
    "conflicts": lazy("conflicts"),
    "requests": lazy("calls"),
    "contacts": lazy("contacts"),
    "groups": lazy("groups"),
    "custom_fields": lazy("custom fields"),
}


def field_label(change: Change, name: str) -> str:
    """What people call a field of a change: a column, a custom field, or a group the contact joins or leaves."""
    prefix, _colon, rest = name.partition(":")
    if prefix == "custom" and rest.isdecimal():
        field = CustomField.objects.filter(account_id=change.account_id, remote_id=int(rest)).first()
        return field.name if field else _("custom field %(number)s") % {"number": rest}
    if prefix == "group" and rest.isdecimal():
        group = Group.objects.filter(account_id=change.account_id, pk=int(rest)).first()
        return _("group “%(title)s”") % {"title": group.title if group else rest}
    if prefix == "consent" and rest in CONSENT:
        return str(CONSENT[rest])
    if not registry.known(change.kind):
        return name
    try:
        column: Any = registry.get(change.kind).model._meta.get_field(name)
        return str(column.verbose_name)
    except FieldDoesNotExist:
        return name


def value_label(change: Change, name: str, value: Any) -> Any:
    """A value of a field in words: choices by their label, everything else as it is."""
    if name in ("consent:relation", "consent_relation"):
        return RELATIONS.get(value, value)
    if ":" in name or value in ("", None) or not registry.known(change.kind):
        return value
    try:
        field: Any = registry.get(change.kind).model._meta.get_field(name)
    except FieldDoesNotExist:
        return value
    return dict(field.flatchoices).get(value, value) if field.choices else value
