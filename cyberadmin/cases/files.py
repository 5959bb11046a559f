"""The file of one person in one client, for access and portability: never two clients in one (product.md 3b, L13, W8).

The same content twice: JSON with stable names for machines, CSV with words for people, safe to open in a spreadsheet.
"""

import csv
import io
import json
from datetime import date, datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override, pgettext

from campaigns import received
from contacts.consent import ledger
from contacts.models import ConsentRecord, Contact, GroupMembership, email_key
from cyberadmin.accounts.models import Account
from cyberadmin.sync.clock import now
from cyberadmin.sync.models import Edit
from cyberadmin.sync.spreadsheet import safe

from .finding import fields_of
from .models import CasePart

FORMS = ("json", "csv")
TYPES = {"json": "application/json", "csv": "text/csv; charset=utf-8"}


def content(part: CasePart, addresses: tuple[str, ...]) -> dict[str, Any]:
    """Everything that the client has about these addresses, as JSON would hold it."""
    account = part.account
    with timezone.override(account.zone):
        people = [_person(account, address) for address in addresses]
    return {
        "format": "cyberadmin.person.1",
        "client": account.name,
        "case": part.case_id,
        "made_at": now().astimezone(account.zone).isoformat(timespec="seconds"),
        "time_zone": account.time_zone,
        "people": people,
    }


def as_json(whole: dict[str, Any]) -> bytes:
    """The file for machines."""
    return json.dumps(whole, ensure_ascii=False, indent=2, default=str).encode()


def as_csv(whole: dict[str, Any], language: str) -> bytes:
    """The file for people, one fact a line, in their language; with a mark that spreadsheets take for UTF-8."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";" if language == "fr" else ",")
    with override(language):
        writer.writerow([_("E-mail address"), _("About"), _("When"), _("What"), _("Value")])
        for person in whole["people"]:
            for line in _lines(person):
                writer.writerow([plain(cell) for cell in (person["address"], *line)])
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def plain(cell: Any) -> str:
    """The text of a cell, without the character that no CSV may hold, and no formula for a spreadsheet."""
    return safe("" if cell is None else str(cell).replace("\x00", ""))


def _person(account: Account, address: str) -> dict[str, Any]:
    people = list(Contact.objects.filter(account=account, email_key=email_key(address)).order_by("pk"))
    contact = next((one for one in people if one.gone_at is None), people[-1] if people else None)
    return {
        "address": address,
        "known": contact is not None,
        "fields": _fields(contact) if contact else [],
        "groups": _groups(contact) if contact else [],
        "consents": [_consent(row) for row in ledger.of_address(account, address).order_by("pk")],
        "mailings": [_mailing(row) for row in received.received(contact).rows] if contact else [],
        "changes": _changes(account, [one.pk for one in people]),
    }


def _fields(contact: Contact) -> list[dict[str, Any]]:
    return [{"name": name, "label": str(label), "value": _value(value)} for name, label, value in fields_of(contact)]


def _groups(contact: Contact) -> list[str]:
    rows = GroupMembership.objects.filter(contact=contact).select_related("group")
    return [one.group.title for one in rows.order_by("group__title_key")]


def _consent(row: ConsentRecord) -> dict[str, Any]:
    return {
        "written_at": _value(row.at),
        "happened_at": _value(row.happened_at),
        "what": str(row.get_source_display()),
        "type": str(row.get_consent_type_display()),
        "relation": row.relation_label,
        "given_on": _value(row.given_on),
        "expires_on": _value(row.expires_on),
        "how": row.how,
        "where": row.place,
        "proof": row.proof,
        "proof_file": row.proof_file.original_name if row.proof_file else "",
        "words": row.words,
    }


def _mailing(row: received.Row) -> dict[str, Any]:
    return {
        "subject": row.subject,
        "language": row.language,
        "sent_at": _value(row.sent_at),
        "opened": row.opened,
        "opened_at": _value(row.opened_at),
        "clicked": row.clicked,
        "outcomes": {name: _value(moment) for name, moment in row.outcomes.items()},
    }


def _changes(account: Account, ids: list[int]) -> list[dict[str, Any]]:
    """Who changed what here; names of staff are their own personal information and stay out."""
    edits = Edit.objects.filter(change__account=account, change__kind="contact", change__object_id__in=ids)
    return [
        {"at": _value(edit.at), "action": str(edit.change.get_verb_display()), "fields": edit.fields}
        for edit in edits.select_related("change").order_by("pk")
    ]


def _lines(person: dict[str, Any]) -> list[tuple[Any, ...]]:
    """(about, when, what, value) of one person."""
    lines: list[tuple[Any, ...]] = [(_("Fields"), "", one["label"], one["value"]) for one in person["fields"]]
    lines += [(_("Groups"), "", title, "") for title in person["groups"]]
    for one in person["consents"]:
        said = (one["type"], one["relation"], one["given_on"], one["how"], one["where"], one["proof"], one["words"])
        lines.append((_("Consents"), one["written_at"], one["what"], " · ".join(str(part) for part in said if part)))
    for one in person["mailings"]:
        opened = pgettext("one mailing", "opened") if one["opened"] else ""
        clicked = pgettext("one mailing", "clicked") if one["clicked"] else ""
        lines.append((_("Mailings"), one["sent_at"], one["subject"], ", ".join(filter(None, (opened, clicked)))))
    for one in person["changes"]:
        for name, values in one["fields"].items():
            said_so = f"{values.get('before')} → {values.get('after')}"
            lines.append((_("Changes"), one["at"], f"{one['action']}: {name}", said_so))
    return lines or [(_("Nothing is held about this address."), "", "", "")]


def _value(value: Any) -> Any:
    """A value as JSON holds it; moments in the client's time zone."""
    if isinstance(value, datetime):
        return timezone.localtime(value).isoformat(timespec="seconds")
    return value.isoformat() if isinstance(value, date) else value
