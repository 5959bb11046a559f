"""What the file for a client who leaves holds: every list of theirs, each row read anew, in the columns of the exports."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Model, Prefetch, QuerySet
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from campaigns.models import Campaign, Edition, Mailing, MailingRecipient, PersonMailing
from contacts.models import ConsentRecord, Contact, CustomField, GroupMembership, ProofFile
from contacts.models.contact import Contact as Person
from cyberadmin.accounts.models import Account, Sender
from cyberadmin.exports import columns
from cyberadmin.exports.columns import Column
from cyberadmin.history import timeline
from cyberadmin.history.timeline import Asked
from cyberadmin.sync.models import Change
from groups.models import Group
from templates.models import EmailTemplate

PIECE = 2_000


@dataclass(frozen=True)
class Entry:
    """One list of the file: its name, its columns, and its rows as they stream."""

    name: str
    columns: Callable[[Account], list[Column]]
    rows: Callable[[Account], Iterator[Any]]


def entries() -> list[Entry]:
    """The lists of the file, in its order, named in the language that is active."""
    memberships = Prefetch("memberships", GroupMembership.objects.select_related("group"))
    return [
        Entry(_("contacts"), columns.contacts, lambda account: _streamed(
            Contact.objects.filter(account=account, gone_at=None).defer("search_text", "snapshot").prefetch_related(memberships)
        )),
        Entry(_("groups"), columns.groups, lambda account: _streamed(Group.objects.filter(account=account, gone_at=None))),
        Entry(_("memberships"), _memberships, lambda account: _streamed(
            GroupMembership.objects.filter(contact__account=account).select_related("contact", "group")
        )),
        Entry(_("custom-fields"), _custom_fields, lambda account: _streamed(CustomField.objects.filter(account=account))),
        Entry(_("consents"), _consents, lambda account: _streamed(
            ConsentRecord.objects.filter(account=account).select_related("proof_file")
        )),
        Entry(_("mailings"), columns.mailings, lambda account: _streamed(Mailing.objects.filter(account=account))),
        Entry(_("recipients"), _recipients, lambda account: _streamed(
            MailingRecipient.objects.filter(account=account).select_related("list__mailing")
        )),
        Entry(_("received"), _received, lambda account: _streamed(
            PersonMailing.objects.filter(reading__contact__account=account).select_related("reading__contact")
        )),
        Entry(_("campaigns"), _editions, lambda account: _streamed(
            Edition.objects.filter(campaign__account=account).select_related("campaign")
        )),
        Entry(_("templates"), _templates, lambda account: _streamed(EmailTemplate.objects.filter(account=account))),
        Entry(_("senders"), _senders, lambda account: _streamed(Sender.objects.filter(account=account))),
        Entry(_("waiting-changes"), _changes, lambda account: _streamed(
            Change.objects.filter(account=account, state__in=Change.OPEN)
        )),
        Entry(_("history"), columns.history, lambda account: timeline.every(
            Account.objects.filter(pk=account.pk), Asked()
        )),
    ]  # fmt: skip


def proofs(account: Account) -> Iterator[tuple[str, ProofFile]]:
    """(name in the file, proof of consent) of every proof that is kept."""
    for proof in ProofFile.objects.filter(account=account).order_by("pk").iterator(chunk_size=PIECE):
        plain = "".join(char if char.isalnum() or char in ".-_ " else "_" for char in proof.original_name)
        yield f"{_('proofs')}/{proof.pk}-{plain.strip()[-100:]}", proof


def bodies(account: Account) -> Iterator[tuple[str, str]]:
    """(name in the file, HTML) of every template, of what was written here, and of every mailing whose body is known."""
    for template in EmailTemplate.objects.filter(account=account).order_by("pk").iterator(chunk_size=100):
        yield f"{_('templates')}/{template.pk}.html", template.body_html
    for edition in Edition.objects.filter(campaign__account=account).order_by("pk").iterator(chunk_size=100):
        yield f"{_('campaigns')}/{edition.pk}.html", edition.body_html
    for mailing in Mailing.objects.filter(account=account).order_by("pk").iterator(chunk_size=100):
        if mailing.body_html:
            yield f"{_('mailings')}/{mailing.pk}.html", mailing.body_html


def _streamed(rows: QuerySet[Any]) -> Iterator[Any]:
    return rows.order_by("pk").iterator(chunk_size=PIECE)


def _label(model: type[Model], name: str) -> str:
    field: Any = model._meta.get_field(name)
    return str(capfirst(field.verbose_name))


def _of(model: type[Model], *names: str) -> list[Column]:
    """Columns of plain fields; those with choices in words."""
    return [Column(name, _label(model, name), _shown(model, name)) for name in names]


def _shown(model: type[Model], name: str) -> Callable[[Any], Any]:
    field: Any = model._meta.get_field(name)
    if not field.choices:
        return lambda row: getattr(row, name)
    labels = dict(field.flatchoices)
    return lambda row: str(labels.get(getattr(row, name), getattr(row, name)))


def _memberships(account: Account) -> list[Column]:
    return [
        Column("email", _label(Person, "email"), lambda row: row.contact.email),
        Column("group", _label(Group, "title"), lambda row: row.group.title),
    ]


def _custom_fields(account: Account) -> list[Column]:
    return _of(CustomField, "remote_id", "name", "type")


def _consents(account: Account) -> list[Column]:
    return [
        Column("email", _("E-mail address"), lambda row: row.email_key),
        *_of(ConsentRecord, "source", "consent_type"),
        Column("relation", _label(ConsentRecord, "relation"), lambda row: row.relation_label),
        *_of(ConsentRecord, "given_on", "expires_on", "how", "place", "proof"),
        Column("proof_file", _("Proof file"), _proof_name),
        *_of(ConsentRecord, "words"),
        Column("happened_at", _("When"), lambda row: row.happened_at),
        *_of(ConsentRecord, "at", "actor_name"),
    ]


def _proof_name(row: ConsentRecord) -> str:
    return f"{row.proof_file_id}-{row.proof_file.original_name}" if row.proof_file is not None else ""


def _recipients(account: Account) -> list[Column]:
    return [
        Column("mailing", pgettext("one", "Mailing"), lambda row: row.list.mailing.subject),
        Column("mailing_number", _("Number at Cyberimpact"), lambda row: row.list.mailing.remote_id),
        Column("outcome", _("List"), lambda row: str(row.list.get_outcome_display())),
        Column("email", _("E-mail address"), lambda row: row.email),
        Column("happened_at", _("When"), lambda row: row.happened_at),
    ]


def _received(account: Account) -> list[Column]:
    return [
        Column("email", _("E-mail address"), lambda row: row.reading.contact.email),
        Column("subject", _("Subject"), lambda row: row.subject),
        Column("sent_at", _("Sent"), lambda row: row.sent_at),
        Column("opened", pgettext("one mailing", "Opened"), lambda row: row.opened),
    ]


def _editions(account: Account) -> list[Column]:
    return [
        Column("number", _("File of the body"), lambda row: f"{row.pk}.html"),
        Column("campaign", str(capfirst(Campaign._meta.verbose_name)), lambda row: row.campaign.name),
        *_of(Edition, "language", "subject"),
        Column("text", _("Text version"), lambda row: row.body_text),
    ]


def _templates(account: Account) -> list[Column]:
    return [
        Column("number", _("File of the body"), lambda row: f"{row.pk}.html"),
        *_of(EmailTemplate, "title", "body_text", "remote_id", "created_on", "updated_on"),
    ]


def _senders(account: Account) -> list[Column]:
    return _of(Sender, "address")


def _changes(account: Account) -> list[Column]:
    return [
        Column("at", _("When"), lambda row: row.created_at),
        Column("object", _("About"), lambda row: row.object_label),
        Column("verb", _("What"), lambda row: str(row.get_verb_display())),
        Column("state", _("State"), lambda row: str(row.get_state_display())),
        Column("values", _("Wanted"), _wanted),
    ]


def _wanted(change: Change) -> str:
    return "; ".join(f"{name}: {value.get('want')}" for name, value in change.fields.items())
