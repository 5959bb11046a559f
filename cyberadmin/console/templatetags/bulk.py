"""What the pages of bulk changes need beside the common tags: rows of a plan with the names of their fields."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django import template
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from cyberadmin.console import wording
from cyberadmin.sync.models import ChangeSet

register = template.Library()


@dataclass(frozen=True)
class _About:
    """What `wording` asks of a change: whose fields, of which kind of object."""

    account_id: int
    kind: str


@register.simple_tag
def named(change_set: ChangeSet, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows of a page with (name, before, after, whether it was known before) of each field in words.

    Each name is looked up once for the whole page.
    """
    about: Any = _About(change_set.account_id, change_set.object_kind)
    names = {name for row in rows for name, *_values in row["differences"]}
    labels = {name: wording.field_label(about, name) for name in names}

    def shown(name: str, value: Any) -> Any:
        return wording.value_label(about, name, value)

    return [
        {
            **row,
            "differences": [
                (labels[name], shown(name, before), shown(name, after), known)
                for name, before, after, known in row["differences"]
            ],
        }
        for row in rows
    ]


@register.simple_tag
def expiries(change_set: ChangeSet) -> list[tuple[str, int]]:
    """(when they expire, how many consents) of a plan, by month."""
    months: dict[str, int] = change_set.forecast.get("expiries", {})
    return [(_month(month), number) for month, number in months.items()]


@register.simple_tag
def claimed(change_set: ChangeSet) -> list[tuple[str, str, int]]:
    """(relation, type of consent, how many rows) that a plan claims, the most frequent first."""
    values = change_set.forecast
    if "relations" in values:
        return [(relation, type, number) for relation, type, number in values["relations"]]
    return [(values.get("relation", ""), values.get("consent_type", ""), 0)]


def _month(month: str) -> str:
    if not month:
        return _("do not expire")
    return _("expire in %(month)s") % {"month": date_format(date.fromisoformat(f"{month}-01"), "F Y")}
