"""What stands in the columns of each list. A value is a text, a number, a day, a moment, or None."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from campaigns.models import Mailing
from contacts.models import Contact, CustomField
from cyberadmin.accounts.models import Account, AuditEvent
from cyberadmin.history import timeline, values
from cyberadmin.sync.admin import bulk_words
from cyberadmin.sync.models import ChangeSet, PlannedRow
from groups.models import Group


@dataclass(frozen=True)
class Column:
    """A column: its stable name for machines, its label for people, and how a row fills it."""

    name: str
    label: str
    of: Callable[[Any], Any]


def _field(model: Any, name: str, of: Callable[[Any], Any] | None = None) -> Column:
    label = str(capfirst(model._meta.get_field(name).verbose_name))
    return Column(name, label, of or (lambda row: getattr(row, name)))


def _choice(model: Any, name: str) -> Column:
    labels = dict(model._meta.get_field(name).flatchoices)
    return _field(model, name, lambda row: str(labels.get(getattr(row, name), getattr(row, name))))


def contacts(account: Account) -> list[Column]:
    """A contact: who, where they stand, their groups, consent and custom fields."""
    plain = ["email", "first_name", "last_name", "company"]
    rest = ["birth_date", "postal_code", "country", "note", "joined_at", "unsubscribed_at", "bounced_at"]
    consent = ["consent_relation", "consent_on", "consent_expires_on", "consent_proof"]
    custom = CustomField.objects.filter(account=account, gone_at=None)
    return [
        *(_field(Contact, name) for name in plain),
        *(_choice(Contact, name) for name in ("state", "language", "gender", "consent_type")),
        *(_field(Contact, name) for name in (*consent, *rest)),
        Column("groups", _("Groups"), _groups),
        *(Column(f"custom_{one.remote_id}", one.name, _custom(one)) for one in custom),
    ]


def _custom(field: CustomField) -> Callable[[Any], Any]:
    return lambda row: row.custom_values.get(str(field.remote_id))


def _groups(contact: Contact) -> str:
    titles = (one.group.title for one in contact.memberships.all() if one.pending != "remove")
    return "; ".join(sorted(titles))


def groups(account: Account) -> list[Column]:
    """A group, with its size as Cyberimpact last counted it."""
    names = ["title", "is_public", "is_dynamic", "members_count", "mailings_count", "created_on"]
    return [_field(Group, name) for name in names]


def mailings(account: Account) -> list[Column]:
    """A mailing and its results."""
    results = [
        "recipients_count", "emails_sent", "emails_delivered", "emails_stopped", "views", "clicks",
        "incorrect_addresses", "technical_problems", "delivery_rate", "view_rate", "click_rate",
    ]  # fmt: skip
    return [
        _field(Mailing, "subject"),
        _field(Mailing, "language", lambda row: str(row.language_name)),
        _choice(Mailing, "purpose"),
        _choice(Mailing, "stage"),
        *(_field(Mailing, name) for name in ("send_at", "from_name", "mail_from")),
        Column("groups", _("Groups"), lambda row: "; ".join(str(one.get("title", "")) for one in row.groups)),
        *(_field(Mailing, name) for name in results),
    ]


def recipients(account: Account) -> list[Column]:
    """Somebody who received a mailing."""
    return [
        Column("email", _("E-mail address"), lambda row: row.email),
        Column("name", _("Name"), lambda row: row.name),
        Column("happened_at", _("When"), lambda row: row.happened_at),
        Column("member_id", _("Number at Cyberimpact"), lambda row: row.member_id),
    ]


def plan(account: Account) -> list[Column]:
    """A row of a bulk change: verdict, result and why."""
    sets: dict[int, ChangeSet] = {}

    def why(row: PlannedRow) -> str:
        if row.change_set_id not in sets:
            sets[row.change_set_id] = ChangeSet.objects.get(pk=row.change_set_id)
        return str(bulk_words.why(sets[row.change_set_id], row))

    return [
        Column("row", _("Row"), lambda row: row.number),
        Column("email", _("E-mail address"), lambda row: row.label),
        Column("verdict", _("Verdict"), lambda row: str(row.get_verdict_display())),
        Column("result", _("Result"), lambda row: str(row.get_state_display()) if row.state else ""),
        Column("why", _("Why"), why),
    ]


def history(account: Account | None) -> list[Column]:
    """A line of the history: when, who, what, why, before and after."""
    words = values.EditWords()
    return [
        Column("at", _("When"), lambda line: line.at),
        Column("who", _("By"), lambda line: line.row.actor_name),
        Column("what", _("What"), _what),
        Column("why", _("Reason"), lambda line: line.row.why),
        Column("values", _("Before and after"), lambda line: _differences(line, words)),
    ]


def history_of_clients(account: None) -> list[Column]:
    """A line of the history over several clients: the same, after whose it is."""
    when, *rest = history(account)
    return [when, Column("client", _("Client"), _client), *rest]


def _client(line: timeline.Line) -> str:
    return line.row.account_name if isinstance(line.row, AuditEvent) else line.row.change.account.name


def _what(line: timeline.Line) -> str:
    if isinstance(line.row, AuditEvent):
        return values.sentence(line.row)
    return values.edit_sentence(line.row)


def _differences(line: timeline.Line, words: values.EditWords) -> str:
    found = values.differences(line.row) if isinstance(line.row, AuditEvent) else words.differences(line.row)
    return "; ".join(f"{one.label}: {one.before} → {one.after}" for one in found)


def cells(columns: list[Column], rows: Iterable[Any]) -> Iterator[list[Any]]:
    """The values of each row, in the order of the columns."""
    for row in rows:
        yield [column.of(row) for column in columns]
