"""What the bulk changes of contacts say in words: verdicts, refusals of whole plans, and what was chosen."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from contacts.consent import asking
from contacts.consent.standing import Standing
from contacts.models import Contact, CustomField
from contacts.services import BOUNCED_STAYS
from cyberadmin.sync.resource import Values
from groups.models import Group

from .selection import Selection

#: Sentences of single rows and of whole plans, by code; names in them come from the detail.
SENTENCES: dict[str, str | Promise] = {
    # rows
    "unsubscribed": lazy("This person unsubscribed. Only they can come back, by a form of the client."),
    "bounced": lazy("Mail to this address bounced. Ask the person for another one."),
    "erased": lazy("This address was erased at the person's request and must not be added again."),
    "being_deleted": lazy("This contact is being deleted."),
    "not_there_yet": lazy("Cyberimpact does not have this contact yet. Try again after the next pull."),
    "unsubscribed_already": lazy("This person is unsubscribed already."),
    "bounced_stays": BOUNCED_STAYS,
    "unsubscribed_kept": lazy("An unsubscribed person is not deleted: the proof that they said no is kept."),
    "in_group_already": lazy("In the group already."),
    "not_in_group": lazy("Not in this group."),
    "same_value": lazy("The field has this value already."),
    "same_as_there": lazy("Everything in this row is at Cyberimpact already."),
    "express_stays": lazy("This person has given express consent, which is better: it stays."),
    "same_consent": lazy("This consent is known already."),
    "cells": lazy("Some cells cannot be imported."),
    "twice_in_file": lazy("This address stands in row %(line)s already; that row counts."),
    "no_consent_date": lazy("No date of consent. Fill it in, or give one date for the whole list."),
    "consent_in_future": lazy("The date of consent, %(on)s, lies in the future."),
    "no_row_relation": lazy("No relation. Fill it in, or choose one for the rows without."),
    "no_how": lazy("Express consent needs how and where it was given: say it for the whole list."),
    "no_proof": lazy("Express consent needs a proof. Fill it in, or give one for the whole list."),
    "lapsed_on_arrival": lazy("This consent lapsed on %(on)s, so nothing may be sent to this person."),
    "gone_already": lazy("This contact is no longer there."),
    "touched_since": lazy("This contact was changed since, so it stays as it is."),
    "there_before": lazy("This contact was at Cyberimpact before this list was sent, so it stays."),
    "received_mail": lazy("This contact has received mail since, so it stays."),
    "nothing_to_reverse": lazy("There is nothing to take back for this row."),
    # whole plans
    "nobody_selected": lazy("No contact fits the choice any more. Go back to the list and choose again."),
    "group_gone": lazy("The group “%(title)s” is deleted or being deleted. Choose another one and plan again."),
    "group_dynamic": lazy("“%(title)s” is a dynamic group: Cyberimpact fills it by its own rules. Choose another one."),
    "group_not_there_yet": lazy(
        "The group “%(title)s” is still on its way to Cyberimpact. Wait a minute, then plan again."
    ),
    "field_refused": lazy("The field cannot take this value: %(words)s"),
    "file_purged": lazy("The file is no longer kept here. Upload it again."),
    "file_unreadable": lazy("The file cannot be read to its end. Save it again as XLSX or CSV and upload it."),
    "columns_changed": lazy("A column no longer fits: a custom field may have been removed. Choose the columns again."),
    "dates_ambiguous": lazy(
        "Dates such as 03/04/2025 can be read in two ways. Say whether the day or the month comes first."
    ),
    "no_relation": lazy("Say what relation the client has with these people, then plan again."),
    "purchased_list": lazy("Only an agency administrator may import a purchased list, with a proof of consent."),
    "other_clients_list": lazy(
        "This looks like another client's list. Check that you are in the right client; nothing was sent."
    ),
    "nothing_arrived": lazy("Nothing of this bulk change reached Cyberimpact, so there is nothing to take back."),
    "original_gone": lazy("The bulk change to take back is no longer there."),
    "consent_refused": lazy("This consent cannot be set: %(words)s"),
}


def sentence(reason: str, detail: Values) -> str:
    """The sentence of a reason, with what it names; "" for a code that is not one of these."""
    if reason in asking.REFUSALS:
        return str(asking.REFUSALS[reason])
    if reason not in SENTENCES:
        return ""
    return str(SENTENCES[reason]) % {name: _shown(name, value) for name, value in detail.items()}


def _shown(name: str, value: Any) -> Any:
    return day(value) if name in ("on", "until") else value


def day(text: str) -> str:
    """An ISO day as people write it."""
    return date_format(date.fromisoformat(text), "DATE_FORMAT")


def titles(account_id: int, groups: Iterable[int]) -> str:
    """Titles of groups, in the order of the list of groups."""
    found = Group.objects.filter(account=account_id, pk__in=[int(pk) for pk in groups]).order_by("title_key")
    return ", ".join(found.values_list("title", flat=True))


def chosen(account_id: int, selection: Selection) -> str:
    """Whom a selection means."""
    if selection.picked:
        number = len(selection.picked)
        return _("%(number)s contacts picked in the list") % {"number": number} if number > 1 else _("1 contact picked")
    parts = [_filter(account_id, name, value) for name, value in selection.filters.items() if value]
    return _("all contacts that match: %(filters)s") % {"filters": " · ".join(parts)} if parts else _("all contacts")


def _filter(account_id: int, name: str, value: str) -> str:
    if name == "q":
        return _("search “%(text)s”") % {"text": value}
    if name == "group":
        return _("group “%(title)s”") % {"title": titles(account_id, [int(value)]) if value.isdecimal() else value}
    label, choices = _FILTERS.get(name, (name, {}))
    # What is no choice is a month of expiry, or the filter for what is not known.
    shown = choices.get(value) or (_("not known") if value == "none" else value)
    return f"{label}: {shown}"


_FILTERS: dict[str, tuple[Any, dict[str, Any]]] = {
    "state": (lazy("State"), dict(Contact.State.choices)),
    "language": (lazy("Language"), dict(Contact.Language.choices)),
    "consent": (lazy("Consent"), dict(Contact.Consent.choices)),
    "standing": (lazy("Consent today"), dict(Standing.choices)),
    "push": (lazy("Changes"), {"waiting": lazy("on their way"), "attention": lazy("need attention")}),
}


def field_name(account_id: int, name: str) -> str:
    """What people call a field of a contact."""
    prefix, _colon, rest = name.partition(":")
    if prefix == "custom":
        field = CustomField.objects.filter(account=account_id, remote_id=int(rest)).first()
        return field.name if field else rest
    column: Any = Contact._meta.get_field(name)
    return str(column.verbose_name).capitalize()


def field_value(name: str, value: Any) -> str:
    """A value of a field in words."""
    if value in ("", None):
        return _("(empty)")
    choices = {"language": Contact.Language.choices, "gender": Contact.Gender.choices}.get(name, [])
    return str(dict(choices).get(value, value))
