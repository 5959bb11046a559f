"""The certificate of an off-boarding: who, what was destroyed and when, what stays, why and until when (product.md W20)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import override, pgettext

from cyberadmin.accounts import numbers
from cyberadmin.accounts.localtime import day_text, moment_text
from cyberadmin.cases.words import day_words, pair

from . import purging, standing
from .models import OffBoarding, Step, Work

_RULE = "-" * 72


@dataclass(frozen=True)
class Certificate:
    """What the page prints and the file holds, in one language; every part is a list of (name, value)."""

    language: str
    title: str
    facts: list[tuple[str, str]]
    steps: list[tuple[str, str]]
    destroyed: list[tuple[str, str]]
    kept: list[tuple[str, str]]


def certificate(off_boarding: OffBoarding, language: str) -> Certificate:
    """The certificate of an off-boarding that has ended, in `language`, a key of Account.Language."""
    with override(language):
        return Certificate(
            language,
            _("Certificate of destruction"),
            _facts(off_boarding),
            _steps(off_boarding),
            destroyed(off_boarding),
            _kept(off_boarding),
        )


def text(made: Certificate) -> str:
    """The certificate as plain text."""
    with override(made.language):
        parts = [
            (made.title, made.facts),
            (_("What was decided"), made.steps),
            (_("What was destroyed"), made.destroyed),
            (_("What stays, why and until when"), made.kept),
        ]
        lines: list[str] = []
        for title, rows in parts:
            lines += [_RULE, title, _RULE, *(pair(name, value) for name, value in rows), ""]
        return "\n".join(lines)


def destroyed(off_boarding: OffBoarding) -> list[tuple[str, str]]:
    """Rows and files by what they were."""
    work = standing.purge_of(off_boarding)
    counts = work.counts if work is not None else {}
    return sorted((purging.label_of(name), numbers.grouped(number)) for name, number in counts.items())


def _facts(off_boarding: OffBoarding) -> list[tuple[str, str]]:
    account = off_boarding.account
    purged = off_boarding.steps.filter(name=Step.Name.PURGE).first()
    return [
        (_("Client"), off_boarding.client_name),
        (_("Name at Cyberimpact"), off_boarding.vendor_name or "–"),
        (pgettext("off-boarding", "Asked for by"), off_boarding.asked_by),
        (_("Reason"), off_boarding.reason),
        (_("Mandate ended on"), day_words(off_boarding.mandate_ends_on)),
        (_("Begun"), f"{off_boarding.begun_by_name}, {moment_text(off_boarding.begun_at, account)}"),
        (_("Purge ordered by"), f"{purged.by_name}, {moment_text(purged.at, account)}" if purged else "–"),
        (_("Everything destroyed by"), moment_text(off_boarding.ended_at, account)),
    ]


def _steps(off_boarding: OffBoarding) -> list[tuple[str, str]]:
    file = off_boarding.works.filter(kind=Work.Kind.FILE).exclude(sha256="").first()
    rows = []
    for step in off_boarding.steps.exclude(name=Step.Name.PURGE).order_by("at"):
        said = f"{step.by_name}, {moment_text(step.at, off_boarding.account)}"
        rows.append((step.get_name_display(), f"{said} ({step.why})" if step.why else said))
        for one in step.detail.get("credentials", []):
            rows.append((_("Fingerprint of the token"), one["fingerprint"]))
    if file is not None:
        rows.append((_("SHA-256 of the file for the client"), file.sha256))
    return rows


def _kept(off_boarding: OffBoarding) -> list[tuple[str, str]]:
    account = off_boarding.account
    ended: datetime = off_boarding.ended_at or off_boarding.begun_at
    until = day_text(ended + timedelta(days=settings.HISTORY_KEPT_DAYS), account)
    rows = [(what, why) for what, why in purging.kept()]
    rows.append(
        (_("Until when"), _("The history until %(day)s at the latest; the certificate for good.") % {"day": until})
    )
    rows.append(
        (_("Backups"), _("Copies made before this day hold the data until they are replaced, as the backup plan says."))
    )
    rows.append((_("At Cyberimpact"), _("Nothing of the client’s own account was changed by the purge.")))
    return rows
