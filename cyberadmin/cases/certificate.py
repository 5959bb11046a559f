"""What was erased where and when, without a word about who it was: the evidence of an erasure (product.md N8, 3d-11)."""

from django.utils.translation import gettext as _
from django.utils.translation import override

from cyberadmin.accounts.localtime import moment_text

from .models import CasePart, CaseStep
from .services import told_steps
from .words import day_words, pair

#: What `counts` of an erasure names.
_RULE = "-" * 72


def counted() -> dict[str, str]:
    """Words for what an erasure counts."""
    return {
        "contacts": _("row of the mirror, with its groups and snapshot"),
        "changes": _("changes and edits, emptied of values"),
        "planned_rows": _("rows of imports and bulk changes, emptied"),
        "uploads": _("uploaded files, deleted"),
        "consent_records": _("consent records, reduced to what happened and when"),
        "history": _("entries of the history, emptied of the address"),
        "recipients": _("rows of lists of recipients, deleted"),
        "exchanges": _("failed calls kept whole, deleted"),
        "exports": _("files of exports, deleted"),
        "leaving_files": _("files for the client who leaves, deleted"),
    }


def stays() -> list[str]:
    """What is left after an erasure, and why."""
    return [
        _(
            "A keyed hash of the address, for this client alone: it cannot be read back, and it refuses to import it again."
        ),
        _(
            "That consents were given, withdrawn or refused and when, without the address: the law on commercial e-mails asks the sender to prove it."
        ),
        _(
            "Who had unsubscribed stays so at Cyberimpact, as the proof that the person said no; this address is left out when Cyberimpact is read."
        ),
        _("Totals of past mailings, which name nobody."),
        _("Files that somebody downloaded before: they lie outside cyberadmin, where the client deletes them."),
        _(
            "Excerpts of calls with masked addresses, until their age removes them (90 days), and backups until theirs does."
        ),
    ]


def is_offered(part: CasePart) -> bool:
    """Whether something was erased in this client."""
    return part.steps.filter(outcome=CaseStep.Outcome.ERASED).exists()


def text(part: CasePart, language: str) -> str:
    """The certificate as plain text."""
    with override(language):
        case = part.case
        head = [
            (_("Certificate of erasure"), ""),
            (_("Client"), part.account.name),
            (_("Case"), str(case.pk)),
            (_("Request received on"), day_words(case.received_on)),
            (_("Decided by"), f"{part.decided_by_name}, {moment_text(part.decided_at, part.account)}"),
            (_("Answered on"), day_words(part.answered_on)),
            (_("SHA-256 of the request, whose file is not kept"), part.proof_sha256 or "–"),
        ]
        lines = [pair(name, value) if value else name.upper() for name, value in head]
        for step in told_steps(part):
            lines += ["", _RULE, *_step(part, step)]
        lines += ["", _RULE, _("What stays, and why:"), *(f"- {line}" for line in stays())]
        return "\n".join(lines) + "\n"


def _step(part: CasePart, step: CaseStep) -> list[str]:
    lines = [
        _("Address %(number)s: %(outcome)s, %(moment)s")
        % {
            "number": step.number + 1,
            "outcome": step.get_outcome_display(),
            "moment": moment_text(step.done_at, part.account),
        }
    ]
    if step.erased is not None:
        lines.append(
            _("Keyed hash: %(digest)s (key %(key)s)") % {"digest": step.erased.digest, "key": step.erased.key.name}
        )
    words = counted()
    lines += [f"- {pair(words.get(name, name), number)}" for name, number in step.counts.items() if number]
    return lines
