"""Letters to the person, one client each, in French and in English whatever language the page speaks.

An answer says what was done, from what the engine reports, and a refusal names its reason and where to turn
(product.md 3b, L11; the review by the Commission d'accès à l'information may be asked for within 30 days).
"""

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from cyberadmin.accounts.models import Account
from cyberadmin.console.letters import Letter

from . import details, services
from .details import Details
from .models import Case, CasePart, CaseStep
from .words import day_words, pair

KINDS = ("acknowledgement", "answer")
Outcome = CaseStep.Outcome
Decision = CasePart.Decision


def letters(part: CasePart, which: str) -> list[Letter]:
    """The letter in both languages, the person's first. `which` is one of KINDS."""
    known = details.read(part.case)
    languages = sorted(Account.Language.values, key=lambda language: language != part.case.language)
    return [letter(part, known, which, language) for language in languages]


def letter(part: CasePart, known: Details, which: str, language: str) -> Letter:
    """The letter in one language."""
    with override(language):
        paragraphs = [_("Hello %(name)s,") % {"name": known.who or "…"}, _received(part)]
        paragraphs += _acknowledgement(part.case) if which == "acknowledgement" else _answer(part, known)
        paragraphs += [
            _("For %(client)s:") % {"client": part.account.name},
            _("Name, title and contact information of the person in charge of the protection of personal information:"),
        ]
        subject = _("Your request of %(day)s (file %(number)s)") % {
            "day": day_words(part.case.received_on),
            "number": part.case_id,
        }
        name = str(Account.Language(language).label)
        return Letter(language, name, subject, "\n\n".join(paragraphs))


def _request() -> dict[str, str]:
    return {
        Case.Kind.UNSUBSCRIBE: _("no longer to receive our e-mails"),
        Case.Kind.ACCESS: _("to know which personal information we hold about you"),
        Case.Kind.RECTIFICATION: _("to have your personal information corrected"),
        Case.Kind.PORTABILITY: _("to receive your personal information in a structured, commonly used format"),
        Case.Kind.ERASURE: _("to have your personal information erased"),
    }


def _received(part: CasePart) -> str:
    return _("On %(day)s we received your request %(request)s from %(client)s.") % {
        "day": day_words(part.case.received_on),
        "request": _request()[part.case.kind],
        "client": part.account.name,
    }


def _acknowledgement(case: Case) -> list[str]:
    day = day_words(case.due_on)
    if case.kind == Case.Kind.UNSUBSCRIBE:
        return [
            _("It will be carried out without delay, by %(day)s at the latest. There is nothing more for you to do.")
            % {"day": day}
        ]
    said = [_("We will answer in writing by %(day)s at the latest.") % {"day": day}]
    if case.needs_identity:
        said.append(_("So that nobody else asks in your name, please tell us how we can make sure that it is you."))
    return said


def _answer(part: CasePart, known: Details) -> list[str]:
    if not part.decision:
        return [_("(This part of the letter follows once it is decided and done.)")]
    # A part that was decided again may have something done before: that is told as well.
    steps = {step.number: step for step in services.told_steps(part)}
    said = _done(part, known, steps) if steps else []
    if part.decision == Decision.GIVE:
        said += _given()
    elif part.decision == Decision.NOTHING:
        said += _nothing(part)
    elif part.decision == Decision.REFUSE:
        said += _refused(part, bool(steps))
    return said


def _given() -> list[str]:
    return [
        _(
            "You will find attached everything that we hold about you for sending e-mails, with the history of your "
            "consents: a JSON file for computers and a CSV file that opens in a spreadsheet."
        ),
        _("Is something wrong or incomplete? You may ask us to correct it."),
    ]


def _nothing(part: CasePart) -> list[str]:
    if part.case.kind == Case.Kind.UNSUBSCRIBE:
        return [_("Nothing had to be changed in our list.")]
    if part.case.kind == Case.Kind.RECTIFICATION and services.is_there(part):
        return [_("We checked what we hold about you: nothing in it has to be corrected."), _remedy()]
    return [_("We hold nothing about you that this request concerns, so there was nothing to do.")]


def _refused(part: CasePart, in_part: bool) -> list[str]:
    said = (
        _("We cannot grant the rest of your request, for this reason: %(reason)s.")
        if in_part
        else _("We cannot grant your request, for this reason: %(reason)s.")
    )
    return [said % {"reason": part.get_ground_display()}, _remedy()]


def _remedy() -> str:
    """Where to turn after a refusal, whole or in part (Act respecting the protection of personal information, ss. 34, 42)."""
    return _(
        "Act respecting the protection of personal information in the private sector (CQLR, c. P-39.1). Within 30 days "
        "you may ask the Commission d’accès à l’information to examine this disagreement: cai.gouv.qc.ca. We will "
        "help you to understand this refusal if you ask us."
    )


def _done(part: CasePart, known: Details, steps: dict[int, CaseStep]) -> list[str]:
    lines = [
        f"– {pair(address, _outcome(part, steps[number]))}"
        for number, address in enumerate(known.addresses)
        if number in steps
    ]
    said = [_("This is what was done:") + "\n" + "\n".join(lines)]
    if part.case.kind == Case.Kind.ERASURE and part.decision == Decision.UNSUBSCRIBE:
        said.append(
            _(
                "We keep your address among those that no longer want our e-mails, because the law on commercial e-mails "
                "obliges us to prove that we respect it."
            )
        )
        said.append(_remedy())
    if any(step.outcome == Outcome.ERASED for step in steps.values()):
        said.append(
            _(
                "We keep no more than a coded mark of your address that cannot be read back, so that nobody adds it again, "
                "and the dates of what happened, as the law on commercial e-mails requires."
            )
        )
    return said


def _outcome(part: CasePart, step: CaseStep) -> str:
    day = day_words(timezone.localdate(step.done_at, part.account.zone)) if step.done_at else ""
    said = {
        Outcome.UNSUBSCRIBED: _("unsubscribed on %(day)s"),
        Outcome.ALREADY: _("was unsubscribed already"),
        Outcome.DELETED: _("deleted on %(day)s"),
        Outcome.KEPT: _("was unsubscribed already; the proof of it is kept"),
        Outcome.ERASED: _("erased on %(day)s"),
        Outcome.NOT_THERE: _("was not in our list"),
        Outcome.CORRECTED: _("corrected on %(day)s"),
    }.get(Outcome(step.outcome))
    return said % {"day": day} if said and "%(day)s" in said else said or _("not done yet")
