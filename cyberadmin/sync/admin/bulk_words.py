"""What the pages of bulk changes say: titles, states, rows with what would change, consequences, what can be taken back."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext

from cyberadmin.accounts.numbers import grouped
from cyberadmin.sync import registry
from cyberadmin.sync.bulk import kinds, reasons
from cyberadmin.sync.models import ChangeSet, PlannedRow
from cyberadmin.sync.resource import Values

State = ChangeSet.State
TONES = {
    State.DRAFT: "quiet",
    State.PLANNING: "info",
    State.PLANNED: "warn",
    State.ASKED: "warn",
    State.APPLYING: "info",
    State.PAUSED: "warn",
    State.DONE: "good",
    State.CANCELLED: "quiet",
    State.OUTDATED: "warn",
    State.FAILED: "bad",
}
VERDICT_TONES = {
    "create": "good",
    "update": "info",
    "remove": "warn",
    "same": "quiet",
    "duplicate": "quiet",
    "refused": "warn",
    "invalid": "bad",
}
RESULT_TONES = {"done": "good", "failed": "bad", "cancelled": "quiet"}
#: What taking back can and cannot do, by code of `BulkKind.reversal`.
REVERSALS: dict[str, str | Promise] = {
    "created": lazy("New contacts are deleted, unless somebody touched them since or they received mail."),
    "fields": lazy("Fields get their earlier values back, where they still hold the new ones."),
    "groups": lazy("People leave the groups they were put in, and come back into those they were taken out of."),
    "left": lazy("Whoever unsubscribed meanwhile stays unsubscribed."),
    "consent": lazy("Consent that was set for contacts who were there before stays as Cyberimpact has it now."),
    "sent_mail": lazy("Mail that went out, by hand or by the client's automations, cannot be called back."),
}


def number(value: Any) -> str:
    """A number as people write it."""
    return grouped(int(value or 0))


def kind_label(change_set: ChangeSet) -> str:
    """What kind of bulk change it is."""
    return str(kinds.get(change_set.kind).label) if kinds.known(change_set.kind) else change_set.kind


def title(change_set: ChangeSet) -> str:
    """What a bulk change is called."""
    if change_set.reverses_id is not None:
        return _("%(what)s no. %(number)s (of no. %(of)s)") % {
            "what": kind_label(change_set),
            "number": change_set.pk,
            "of": change_set.reverses_id,
        }
    return _("%(what)s no. %(number)s") % {"what": kind_label(change_set), "number": change_set.pk}


def badge(change_set: ChangeSet) -> str:
    """Its state, as a badge."""
    tone = TONES[State(change_set.state)]
    return format_html('<span class="ca-badge {}">{}</span>', tone, change_set.get_state_display())


def facts(change_set: ChangeSet) -> list[tuple[str, str]]:
    """What was chosen, in words."""
    return kinds.get(change_set.kind).facts(change_set) if kinds.known(change_set.kind) else []


def second_person(change_set: ChangeSet) -> str:
    """Why a second person is needed, in words; "" when none is."""
    if not kinds.known(change_set.kind) or not change_set.counts:
        return ""
    code = kinds.get(change_set.kind).needs_second_person(change_set)
    return {
        "": "",
        "many_rows": _("A second person has to approve it, because of the number of rows."),
        "express_consent": _("A second person has to approve it, because it claims express consent for many."),
    }.get(code, _("A second person has to approve it."))


def lasting(duration: timedelta) -> str:
    """About how long something still takes."""
    minutes = round(duration.total_seconds() / 60)
    if minutes < 1:
        return _("less than a minute left")
    if minutes < 120:
        return ngettext("about %(number)s minute left", "about %(number)s minutes left", minutes) % {"number": minutes}
    hours = round(minutes / 60)
    return ngettext("about %(number)s hour left", "about %(number)s hours left", hours) % {"number": hours}


def forecast(change_set: ChangeSet) -> list[tuple[str, str]]:
    """The consequences that the plan foresees: (tone, sentence), the gravest first."""
    values, found = change_set.forecast, []
    if values.get("express_lost"):
        said = _("%(number)s of them gave express consent: it is lost and cannot be brought back.")
        found.append(("bad", said % {"number": number(values["express_lost"])}))
    if values.get("optin_mails"):
        said = _("%(number)s e-mails go out as soon as you apply it; they cannot be called back.")
        found.append(("bad", said % {"number": number(values["optin_mails"])}))
    found += _contacts(values)
    if values.get("automation_mails"):
        said = _("The client's automations may write to up to %(number)s people (for example “New subscriber”).")
        found.append(("warn", said % {"number": number(values["automation_mails"])}))
    if values.get("orphans"):
        said = _("%(number)s people will be in no group afterwards: mailings to groups do not reach them.")
        found.append(("warn", said % {"number": number(values["orphans"])}))
    return found


def _contacts(values: Values) -> list[tuple[str, str]]:
    change, before = int(values.get("contacts_change", 0)), int(values.get("contacts_before", 0))
    if not change:
        return []
    named = {"before": number(before), "after": number(before + change)}
    if change < 0:
        return [("info", _("Subscribed contacts: %(before)s now, %(after)s afterwards.") % named)]
    return [
        (
            "warn",
            _("Subscribed contacts: %(before)s now, %(after)s afterwards. This may raise the client's bill.") % named,
        )
    ]


def reversal(found: Mapping[str, Sequence[str]] | None) -> dict[str, list[str]] | None:
    """What can and cannot be taken back, in words; None when nothing ever can."""
    if found is None:
        return None
    return {side: [str(REVERSALS[code]) for code in found.get(side, ())] for side in ("can", "cannot")}


def explain(change_set: ChangeSet) -> reasons.Explanation:
    """What happened, what happens next and what a person can do."""
    own = (
        kinds.get(change_set.kind).sentence(change_set.reason, change_set.reason_detail)
        if kinds.known(change_set.kind)
        else ""
    )
    return reasons.explain(change_set, own)


def why(change_set: ChangeSet, row: PlannedRow) -> str:
    """Why a row has its verdict or its result, with the vendor's own words."""
    return " ".join(part for part in (_verdict_why(change_set, row), _result_why(row), row.result_words) if part)


def _verdict_why(change_set: ChangeSet, row: PlannedRow) -> str:
    if not row.reason:
        return ""
    own = kinds.get(change_set.kind).sentence(row.reason, row.detail) if kinds.known(change_set.kind) else ""
    return own or reasons.row_sentence(row.reason)


def _result_why(row: PlannedRow) -> str:
    return reasons.row_sentence(row.result) if row.result else ""


def rows(change_set: ChangeSet, page: Sequence[PlannedRow]) -> list[dict[str, Any]]:
    """The rows of a page, with their words, their differences, and where the contact is."""
    resource = registry.get(change_set.object_kind)
    unknown = [row.label for row in page if row.object_id is None and row.state == PlannedRow.State.DONE]
    found = resource.present(change_set.account_id, unknown) if unknown else {}
    return [
        {
            "row": row,
            "verdict_tone": VERDICT_TONES.get(row.verdict, "quiet"),
            "result_tone": RESULT_TONES.get(row.state, "info"),
            "why": why(change_set, row),
            "object_id": row.object_id or found.get(row.label),
            "differences": [
                (name, row.base.get(name), want, name in row.base)
                for name, want in row.values.items()
                if name not in _SILENT and name not in row.detail.get("idle", ())
            ],
        }
        for row in page
    ]


#: Values of a row that are the engine's own, or stand in the row's first column already.
_SILENT = frozenset(("key", "email", "basis"))
