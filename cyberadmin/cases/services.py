"""What staff do with cases. Each function checks the right, keeps the rules and writes the history.

A decision belongs to one client and is taken by somebody with the right there: nobody is unsubscribed from B because of A
(product.md 3d-9). They raise PermissionDenied, and ValidationError with a sentence for the person.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from contacts.consent import proofs
from contacts.models import Contact, email_key
from cyberadmin.accounts import audit, policy
from cyberadmin.accounts.models import Account
from cyberadmin.sync.clock import now
from cyberadmin.sync.doorbell import ring_now

from . import clocks, details
from .details import Details
from .models import Case, CasePart, CaseStep

ADVANCE = "cyberadmin.cases.tasks.advance"
Decision = CasePart.Decision
#: What each kind of request may be answered with; refusing needs a legal reason.
DECISIONS: dict[str, tuple[Decision, ...]] = {
    Case.Kind.UNSUBSCRIBE: (Decision.UNSUBSCRIBE, Decision.DELETE, Decision.NOTHING),
    Case.Kind.ACCESS: (Decision.GIVE, Decision.NOTHING, Decision.REFUSE),
    Case.Kind.PORTABILITY: (Decision.GIVE, Decision.NOTHING, Decision.REFUSE),
    Case.Kind.RECTIFICATION: (Decision.CORRECT, Decision.NOTHING, Decision.REFUSE),
    Case.Kind.ERASURE: (Decision.ERASE, Decision.UNSUBSCRIBE, Decision.NOTHING, Decision.REFUSE),
}
#: Decisions that the engine carries out, address by address (carrying.py); a correction is made by hand and followed.
ACTING = (Decision.UNSUBSCRIBE, Decision.DELETE, Decision.ERASE, Decision.CORRECT)
_ADDRESS = re.compile(r"\S@\S")


@dataclass(frozen=True)
class Request:
    """A request as it came in. `received_on` is the day that it came, never presumed."""

    kind: str
    channel: str
    received_on: date
    language: str


def right_for(decision: str) -> policy.Right:
    """The right on a client that a decision takes."""
    return "manage" if decision == Decision.ERASE else "edit"


def decisions_for(part: CasePart) -> tuple[Decision, ...]:
    """What may be decided about a part. Decided again, a wish to leave is never anything else (product.md 3c, S4)."""
    if part.decision and part.case.kind == Case.Kind.UNSUBSCRIBE:
        return (Decision.UNSUBSCRIBE,)
    return DECISIONS[part.case.kind]


# --- who sees what ---
def visible(user: User) -> QuerySet[Case]:
    """The cases with at least one client that this person may see."""
    parts = CasePart.objects.filter(account__in=policy.accounts_for(user))
    return Case.objects.filter(pk__in=parts.values("case"))


def parts_for(user: User, case: Case | None = None) -> QuerySet[CasePart]:
    """The parts, of one case or of all, whose client this person may see."""
    parts = CasePart.objects.filter(account__in=policy.accounts_for(user)).select_related("case", "account")
    return parts.filter(case=case) if case is not None else parts


def may_know_who(user: User, case: Case, parts: Iterable[CasePart]) -> bool:
    """Whether the page names the person. An erasure is named only while these parts are open, whether or not others are:
    the moment of forgetting would tell that another client was still at work. Administrators see every client anyway.
    """
    return case.kind != Case.Kind.ERASURE or user.is_superuser or any(part.is_open for part in parts)


# --- opening ---
def open_case(actor: User, request: Request, known: Details, accounts: Sequence[Account], proof: Any = None) -> Case:
    """Open a case in these clients, on each of which `actor` must hold `edit`. `proof`: an uploaded file, or None."""
    _require(actor, accounts)
    if request.received_on > clocks.today():
        raise ValidationError({"received_on": _("This day has not come yet. Enter the day on which the request came.")})
    if not known.who.strip():
        raise ValidationError({"who": _("Say who asks.")})
    case = Case(
        kind=request.kind,
        channel=request.channel,
        received_on=request.received_on,
        due_on=clocks.due_on(request.kind, request.received_on),
        language=request.language,
        opened_by=actor,
        opened_by_name=actor.get_username(),
        opened_at=now(),
    )
    if known.identity.strip():
        case.identity_at, case.identity_by = now(), actor.get_username()
    details.seal(case, replace(known, addresses=clean_addresses(known.addresses)))
    kept: list[Any] = []
    try:
        with transaction.atomic():
            case.save()
            for account in accounts:
                part = CasePart(case=case, account=account)
                if proof is not None:
                    file = proofs.keep(account, str(proof.name), proof, actor)
                    kept.append(file)
                    part.proof_file, part.proof_sha256 = file, file.sha256
                    proof.seek(0)
                part.save()
                _audited(actor, part, "case.opened", kind=request.kind, received_on=request.received_on.isoformat())
    except BaseException:
        for file in kept:
            proofs.STORE.delete(file.account_id, file.stored_name)
        raise
    return case


def clean_addresses(typed: Iterable[str]) -> tuple[str, ...]:
    """The addresses, each once whatever its letter case. Raises ValidationError on `addresses`."""
    found: dict[str, str] = {}
    for one in typed:
        address = one.strip()
        if not address:
            continue
        try:
            validate_email(address)
        except ValidationError:
            raise ValidationError(
                {"addresses": _("“%(text)s” is not an e-mail address.") % {"text": address[:80]}}
            ) from None
        found.setdefault(email_key(address), address)
    if not found:
        raise ValidationError({"addresses": _("Enter at least one e-mail address of this person.")})
    if len(found) > details.MOST_ADDRESSES:
        raise ValidationError(
            {
                "addresses": _("At most %(most)s addresses; open another case for more.")
                % {"most": details.MOST_ADDRESSES}
            }
        )
    return tuple(found.values())


def identify(actor: User, case: Case, how: str) -> None:
    """Write down how somebody made sure that it is this person. Needs `edit` on a client of the case."""
    mine = _editable(actor, case)
    if not how.strip():
        raise ValidationError({"how": _("Say how you made sure that it is this person.")})
    if case.forgotten_at is not None:
        raise ValidationError(_("This case is closed."))
    with transaction.atomic():
        row = Case.objects.select_for_update().get(pk=case.pk)
        details.seal(row, replace(details.read(row), identity=how.strip()))
        row.identity_at, row.identity_by = now(), actor.get_username()
        row.save(update_fields=["sealed", "identity_at", "identity_by"])
        for part in mine:
            _audited(actor, part, "case.identified")


def add_clients(actor: User, case: Case, accounts: Sequence[Account]) -> int:
    """Take further clients into a case; `edit` on each of them and on one that is in it. How many are new."""
    _editable(actor, case)
    _require(actor, accounts)
    if case.forgotten_at is not None:
        raise ValidationError(_("This case is closed."))
    made = 0
    with transaction.atomic():
        for account in accounts:
            part, new = CasePart.objects.get_or_create(case=case, account=account)
            if new:
                made += 1
                _audited(actor, part, "case.client_added")
    return made


# --- deciding ---
def decide(actor: User, part: CasePart, decision: str, why: str, ground: str = "") -> CasePart:
    """Decide for one client; what the engine carries out begins at once, in the background and under `actor`'s rights."""
    if not policy.can(actor, right_for(decision), part.account):
        raise PermissionDenied
    with transaction.atomic():
        row = locked(part)
        _check_decision(row, decision, why, ground)
        sign(row, actor, decision, why)
        row.ground = ground if decision == Decision.REFUSE else ""
        row.state = CasePart.State.DOING
        row.save()
        if decision in ACTING:
            for number in range(len(details.read(row.case).addresses)):
                CaseStep.objects.get_or_create(part=row, number=number)
        _audited(actor, row, "case.decided", decision=decision, ground=row.ground, why=row.why)
        settle(row)
        pk = row.pk
        transaction.on_commit(lambda: ring_now(ADVANCE, pk), robust=True)
    return row


def sign(part: CasePart, actor: User, decision: str, why: str) -> None:
    """Put on the (locked, unsaved) part who decides what, when and why; the history keeps what it takes the place of."""
    part.decision, part.why = decision, why.strip()
    part.decided_by, part.decided_by_name, part.decided_at = actor, actor.get_username(), now()


def check_why(why: str) -> None:
    """Raise ValidationError for a reason that is missing or names an address."""
    if not why.strip():
        raise ValidationError({"why": _("Say why: the reason is kept with the case.")})
    if _ADDRESS.search(why):
        raise ValidationError({"why": _("Leave addresses out: this reason is kept after the person is forgotten.")})


def _check_decision(part: CasePart, decision: str, why: str, ground: str) -> None:
    if part.state not in (CasePart.State.WAITING, CasePart.State.HELD):
        raise ValidationError(_("Somebody decided about this client already. Reload the page to see what."))
    if decision not in decisions_for(part):
        raise ValidationError({"decision": _("Choose one of the decisions listed.")})
    if decision == Decision.REFUSE and ground not in CasePart.Ground.values:
        raise ValidationError({"ground": _("Choose the legal reason: the answer must name it.")})
    check_why(why)
    # Whoever was to be corrected may be right as they stand.
    owed = part.case.kind != Case.Kind.UNSUBSCRIBE and part.decision != Decision.CORRECT
    if decision == Decision.NOTHING and owed and is_there(part):
        raise ValidationError(
            {"decision": _("This client has this person in its list: say what is done, or refuse with a legal reason.")}
        )
    if part.case.needs_identity and not (decision == Decision.REFUSE and ground == CasePart.Ground.IDENTITY):
        raise ValidationError(_("First write down how you made sure that it is this person."))


def is_there(part: CasePart) -> bool:
    """Whether the client has the person in its list."""
    keys = details.read(part.case).keys
    return Contact.objects.filter(account=part.account, email_key__in=keys, gone_at=None).exists()


# --- answering ---
def note_given(actor: User, part: CasePart, form: str) -> None:
    """The file of one client was made for the person: kept in the history, and once decided the work is done."""
    if not policy.can(actor, "edit", part.account):
        raise PermissionDenied
    if part.case.needs_identity:
        raise ValidationError(_("First write down how you made sure that it is this person."))
    with transaction.atomic():
        row = locked(part)
        row.given_at = now()
        row.save(update_fields=["given_at"])
        _audited(actor, row, "case.exported", form=form)
        settle(row)


def note_sent(actor: User, part: CasePart, letter: str, on: date) -> None:
    """A letter ("acknowledgement" or "answer") went out on that day. The answer ends a part whose work is done."""
    if not policy.can(actor, "edit", part.account):
        raise PermissionDenied
    if not part.case.received_on <= on <= clocks.today():
        raise ValidationError({"on": _("Enter a day between the request and today.")})
    with transaction.atomic():
        row = locked(part)
        if letter == "answer":
            if not row.decision or not work_done(row):
                raise ValidationError(_("What was decided is not done yet, so it cannot be answered."))
            row.answered_on, row.answered_by_name = on, actor.get_username()
        else:
            row.acknowledged_on = on
        row.save(update_fields=["answered_on", "answered_by_name", "acknowledged_on"])
        _audited(actor, row, f"case.{letter}_sent", on=on.isoformat())
        settle(row)


def told_steps(part: CasePart) -> QuerySet[CaseStep]:
    """The steps that say what was or is being done. Where nothing is carried out any more, those that were finished before."""
    steps: QuerySet[CaseStep] = part.steps.select_related("change", "erased__key")
    return steps if part.decision in ACTING else steps.filter(outcome__in=CaseStep.FINAL)


def work_done(part: CasePart) -> bool:
    """Whether everything that the decision asks for has happened, apart from the answer."""
    if part.decision in ACTING:
        return not part.steps.exclude(outcome__in=CaseStep.FINAL).exists()
    if part.decision == Decision.GIVE:
        return part.given_at is not None
    return bool(part.decision)


def settle(part: CasePart) -> None:
    """End a part whose work is done and, under Law 25, answered; when the last one ends, forget who was erased.

    Call it inside the transaction that changed the part.
    """
    answered = part.case.kind == Case.Kind.UNSUBSCRIBE or part.answered_on is not None
    if part.state != CasePart.State.DOING or not answered or not work_done(part):
        return
    part.state = CasePart.State.REFUSED if part.decision == Decision.REFUSE else CasePart.State.DONE
    part.ended_at = now()
    part.save(update_fields=["state", "ended_at"])
    audit.record("case.ended", actor=None, account=part.account, case=part.case_id, state=part.state)
    erased = CaseStep.objects.filter(part__case=part.case, outcome=CaseStep.Outcome.ERASED)
    still_open = CasePart.objects.filter(case=part.case, state__in=CasePart.OPEN)
    if erased.exists() and not still_open.exists():
        _forget(part.case)


def _forget(case: Case) -> None:
    """Take the person and the proof files out of a case; hashes and what was done stay."""
    details.forget(case)
    for part in CasePart.objects.filter(case=case, proof_file__isnull=False).select_related("proof_file"):
        file = part.proof_file
        CasePart.objects.filter(pk=part.pk).update(proof_file=None)
        if file is not None and not file.records.exists():
            account_id, name = file.account_id, file.stored_name
            file.delete()
            transaction.on_commit(lambda a=account_id, n=name: proofs.STORE.delete(a, n))  # type: ignore[misc]


def filtered(user: User, rows: QuerySet[Case], state: str) -> QuerySet[Case]:
    """The cases that stand like this in the clients that the person sees; the same order of questions as `state_of`."""
    mine = parts_for(user)
    has = {name: Q(pk__in=mine.filter(state=name).values("case")) for name in CasePart.State.values}
    unsure = Q(identity_at=None) & ~Q(kind=Case.Kind.UNSUBSCRIBE)
    busy = has["doing"] | has["held"]
    tests = {
        "open": has["waiting"] & unsure,
        "waiting": has["waiting"] & ~unsure,
        "doing": busy & ~has["waiting"],
        "done": has["done"] & ~busy & ~has["waiting"],
        "refused": has["refused"] & ~has["done"] & ~busy & ~has["waiting"],
    }
    return rows.filter(tests[state]) if state in tests else rows


def state_of(case: Case, parts: Iterable[CasePart]) -> str:
    """How a case stands in these parts: open, waiting, doing, done or refused."""
    states = {part.state for part in parts}
    if "waiting" in states:
        return "open" if case.needs_identity else "waiting"
    if states & {"doing", "held"}:
        return "doing"
    return "done" if "done" in states else "refused"


def locked(part: CasePart) -> CasePart:
    """The part as it is now, locked until the end of the transaction."""
    rows = CasePart.objects.select_for_update(of=("self",)).select_related("case", "account")
    row: CasePart = rows.get(pk=part.pk)
    return row


def _editable(actor: User, case: Case) -> list[CasePart]:
    mine = list(parts_for(actor, case).filter(account__in=policy.accounts_for(actor, "edit")))
    if not mine:
        raise PermissionDenied
    return mine


def _require(actor: User, accounts: Sequence[Account]) -> None:
    if not accounts:
        raise ValidationError({"accounts": _("Choose at least one client.")})
    if any(not policy.can(actor, "edit", account) for account in accounts):
        raise PermissionDenied


def _audited(actor: User, part: CasePart, action: str, **detail: Any) -> None:
    """The history never holds who the person is: the number of the case leads there."""
    audit.record(action, actor=actor, account=part.account, case=part.case_id, **detail)
