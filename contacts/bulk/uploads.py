"""Before the plan of an import: taking the file, finding out how it is read, and what the person chooses for it.

The file is sealed before anything else looks at it. What is chosen is kept in the change set at once, and how the columns
were mapped is remembered for this client and header; neither ever claims a consent that nobody entered (product.md 3d-4).
"""

from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, BinaryIO

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from contacts.consent import proofs, setting
from contacts.consent.ledger import Facts
from contacts.imports import columns, problems, reading, reasons
from contacts.imports.judging import RELATION
from contacts.imports.planning import KIND, STORE, customs_of, opener_of
from contacts.models import ColumnMapping, Contact, ImportFile, ProofFile, Relation
from cyberadmin.accounts import audit, policy
from cyberadmin.accounts.models import Account
from cyberadmin.sync.bulk import services
from cyberadmin.sync.models import ChangeSet
from cyberadmin.sync.uploads import UploadError
from groups.models import Group

#: States in which what was chosen may still be changed: nothing of it has been sent.
OPEN = (ChangeSet.State.DRAFT, ChangeSet.State.PLANNED, ChangeSet.State.FAILED, ChangeSet.State.OUTDATED)
MOVED_ON = lazy("This import has moved on, so nothing can be chosen for it any more. Upload the list again.")


@dataclass(frozen=True)
class Chosen:
    """What the person says about a list. `mapping`: {column: target}."""

    mapping: dict[int, str]
    date_order: str = ""
    groups: list[Group] = field(default_factory=list)
    relation: str = ""
    consent_on: date | None = None
    how: str = ""
    place: str = ""
    proof: str = ""
    proof_file: int | None = None
    language: str = ""
    why: str = ""
    #: The person says that the relations of a mixed list cannot be told apart.
    mixed_sure: bool = False
    #: An administrator says that the people of another client are this client's as well.
    known_overlap: bool = False


def receive(actor: User, account: Account, name: str, source: BinaryIO) -> ImportFile:
    """Keep a list and find out how to read it. Raises ValidationError with what is wrong and what to do."""
    if not policy.can(actor, "edit", account):
        raise PermissionDenied
    try:
        stored = STORE.keep(account.pk, source)
    except UploadError as error:
        raise ValidationError(error.sentence) from None
    try:
        with transaction.atomic():
            change_set = services.draft(actor, account, KIND, {})
            file = ImportFile(
                change_set=change_set,
                account=account,
                stored_name=stored.name,
                original_name=name[:200],
                size=stored.size,
                sha256=stored.sha256,
                uploaded_by=actor,
            )
            read_as(file, reading.Options())
    except BaseException:
        STORE.delete(account.pk, stored.name)
        raise
    return file


def read_as(file: ImportFile, options: reading.Options) -> reading.Source:
    """Look at the file as these options say, and keep that. Raises ValidationError when it cannot be read so."""
    if file.change_set.state not in OPEN:
        raise ValidationError(MOVED_ON)
    customs = customs_of(file.account_id)
    try:
        source = reading.open_source(opener_of(file), options, customs)
    except problems.Refused as refused:
        raise ValidationError(reasons.refusal(refused)) from None
    except UploadError as error:
        raise ValidationError(error.sentence) from None
    file.layout, file.header_key = source.layout(), source.header_key
    remembered = ColumnMapping.objects.filter(account=file.account_id, header_key=source.header_key).first()
    guessed = columns.preset(columns.guess(source.header, source.sample, customs))
    if (
        remembered is not None
        and source.header_key
        and not columns.check_mapping(_numbered(remembered.mapping), len(source.header), customs)
    ):
        file.mapping, file.date_order = remembered.mapping, remembered.date_order
    else:
        file.mapping, file.date_order = _stored(guessed), ""
    file.save()
    return source


def mapping_of(file: ImportFile) -> dict[int, str]:
    """How the columns are mapped now."""
    return _numbered(file.mapping)


def keep_proof(actor: User, file: ImportFile, name: str, source: BinaryIO) -> ProofFile:
    """Keep the file that proves the consents of the list, whatever else is still missing. Raises ValidationError."""
    if not policy.can(actor, "edit", file.account):
        raise PermissionDenied
    with transaction.atomic():
        proof = proofs.keep(file.account, name, source, actor)
        change_set = file.change_set
        change_set.parameters = {**change_set.parameters, "proof_file": proof.pk}
        ChangeSet.objects.filter(pk=change_set.pk, state__in=OPEN).update(parameters=change_set.parameters)
    return proof


def choose(actor: User, file: ImportFile, chosen: Chosen) -> ChangeSet:
    """Keep what was chosen, remember the columns, and have the plan made. Raises ValidationError by field."""
    change_set = file.change_set
    if change_set.state not in OPEN or services.sent_something(change_set):
        raise ValidationError(MOVED_ON)
    _check(actor, file, chosen)
    with transaction.atomic():
        file.mapping, file.date_order = _stored(chosen.mapping), chosen.date_order
        file.save(update_fields=["mapping", "date_order"])
        if file.header_key:
            ColumnMapping.objects.update_or_create(
                account=file.account,
                header_key=file.header_key,
                defaults={
                    "mapping": _stored_consentless(chosen.mapping),
                    "date_order": chosen.date_order,
                    "used_by": actor,
                },
            )
        parameters = {**_parameters(file, chosen), **_overlaps(actor, change_set, chosen)}
        ChangeSet.objects.filter(pk=change_set.pk).update(why=chosen.why.strip(), parameters=parameters, actor=actor)
        change_set.refresh_from_db()
        if change_set.state == ChangeSet.State.DRAFT:
            return services.plan(actor, change_set)
        return services.replan(actor, change_set)


def overlap(change_set: ChangeSet) -> int | None:
    """The other client whose list this one looks like, when the plan was stopped for that; by primary key."""
    stopped = change_set.state == ChangeSet.State.FAILED and change_set.reason == "other_clients_list"
    return int(change_set.reason_detail["account"]) if stopped else None


def _overlaps(actor: User, change_set: ChangeSet, chosen: Chosen) -> dict[str, Any]:
    """The other clients whose people an administrator said are this client's as well; written into the history."""
    known = list(change_set.parameters.get("known_overlaps", ()))
    other = overlap(change_set)
    if chosen.known_overlap and actor.is_superuser and other is not None and other not in known:
        known.append(other)
        audit.record("bulk.overlap_known", actor=actor, account=change_set.account, change_set=change_set.pk)
    return {"known_overlaps": known} if known else {}


def _parameters(file: ImportFile, chosen: Chosen) -> dict[str, Any]:
    return {
        "groups": [group.pk for group in chosen.groups],
        "relation": chosen.relation,
        "consent_on": chosen.consent_on.isoformat() if chosen.consent_on else "",
        "how": chosen.how,
        "place": chosen.place,
        "proof": _proof_text(file, chosen),
        "proof_typed": chosen.proof,
        "proof_file": chosen.proof_file,
        "language": chosen.language,
        "sha256": file.sha256,
        "layout": file.layout,
        "mapping": _stored(chosen.mapping),
        "date_order": chosen.date_order,
    }


def _proof_text(file: ImportFile, chosen: Chosen) -> str:
    """What the vendor is told as proof: the wording, or where a file is the whole proof its name."""
    if chosen.proof or chosen.proof_file is None:
        return chosen.proof
    kept = ProofFile.objects.get(pk=chosen.proof_file, account=file.account_id)
    return (_("File kept by the agency: %(name)s") % {"name": kept.original_name})[: setting.LONGEST_PROOF]


def _check(actor: User, file: ImportFile, chosen: Chosen) -> None:
    """Raise ValidationError by field for whatever is missing or wrong."""
    found: dict[str, str] = {}
    customs = customs_of(file.account_id)
    for problem in columns.check_mapping(chosen.mapping, len(file.layout.get("columns", ())), customs):
        place = "columns" if problem.column < 0 else f"column-{problem.column}"
        found[place] = reasons.sentence(problem)
    taken = set(chosen.mapping.values())
    facts = Facts(
        relation=chosen.relation,
        given_on=chosen.consent_on,
        proof=chosen.proof,
        proof_file_id=chosen.proof_file,
        how=chosen.how,
        place=chosen.place,
    )
    by_row = RELATION in taken and not chosen.relation
    # Where each row says its relation, only what is said of the whole list is looked at here.
    wrong = setting.problems(actor, file.account, replace(facts, relation=Relation.CLIENTS) if by_row else facts)
    if "consent_on" in taken and chosen.consent_on is None:
        wrong.pop("given_on", None)
    elif chosen.consent_on is None and (chosen.relation or by_row):
        wrong["given_on"] = _("Choose the column that holds the date of consent, or give one date for the whole list.")
    if "consent_proof" in taken and not chosen.proof:
        wrong.pop("proof", None)
    if chosen.relation == Relation.PURCHASED and not actor.is_superuser:
        wrong["relation"] = _("Only an agency administrator may import a purchased list, with a proof of consent.")
    if chosen.relation == Relation.MIXED and not chosen.mixed_sure:
        wrong["relation"] = _(
            "A mixed list proves little for anybody. Choose the column that says the relation of each row, or split the "
            "file and import each part with its own; only where that is impossible, tick the box below."
        )
    found |= {{"given_on": "consent_on"}.get(name, name): words for name, words in wrong.items()}
    if chosen.language and chosen.language not in Contact.Language.values:
        found["language"] = _("Choose a language from the list.")
    if found:
        raise ValidationError(found)


def _stored(mapping: dict[int, str]) -> dict[str, str]:
    return {str(column): target for column, target in mapping.items()}


def _stored_consentless(mapping: dict[int, str]) -> dict[str, str]:
    """What is remembered: everything but the columns that claim consent, which are chosen anew each time."""
    return {str(column): target for column, target in mapping.items() if target not in columns.NEVER_PRESET}


def _numbered(mapping: dict[str, str]) -> dict[int, str]:
    return {int(column): target for column, target in mapping.items()}
