"""Two clients with one of everything each, every text of which carries that client's marker; and who works on them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from io import BytesIO

from django.contrib.auth.models import User
from django.utils import timezone

from campaigns.models import (
    Campaign,
    Edition,
    Mailing,
    MailingRecipient,
    PersonMailing,
    PersonReading,
    RecipientList,
)
from contacts.bulk import uploads
from contacts.consent import ledger, proofs
from contacts.imports import reading
from contacts.imports.planning import STORE
from contacts.models import Contact, CustomField, GroupMembership, ImportFile, ProofFile
from cyberadmin.accounts import audit
from cyberadmin.accounts.models import Account, Credential, Purged, Sender
from cyberadmin.cases import clocks
from cyberadmin.cases import services as cases
from cyberadmin.cases.details import Details
from cyberadmin.exports import making
from cyberadmin.exports.models import ExportJob
from cyberadmin.offboarding.models import OffBoarding
from cyberadmin.offboarding.store import STORE as LEAVING
from cyberadmin.people.models import OneTimeLink
from cyberadmin.sync.mirror import writing
from cyberadmin.sync.models import ApiCall, Change, ChangeSet, Edit, Heartbeat, HeldSweep, PlannedRow, PullRun
from groups.models import Group
from templates.models import EmailTemplate
from tests.world import give, make_account, make_user

ROLES = ("read", "edit", "send", "manage")


@dataclass
class Planted:
    """One client with one of everything. `pks` names the rows by the model's name."""

    account: Account
    marker: str
    pks: dict[str, int]


def plant(marker: str) -> Planted:
    """A connected client whose every text contains `marker`."""
    account = make_account(name=f"{marker} name", slug=marker.lower(), vendor_name=f"{marker} vendor")
    # Staff of one agency know each other: names of log-ins are no client's secret.
    author = make_user()
    credential = Credential.objects.create(
        account=account, fingerprint=f"{marker}f"[:16], last_four=marker[-4:], state="active", username=f"{marker} user"
    )
    sender = Sender.objects.create(account=account, address=f"{marker}-sender@example.com", created_by=author)
    with writing():
        group = Group.objects.create(
            account=account,
            title=f"{marker} group",
            title_key=f"{marker} group".casefold(),
            remote_id=1,
            members_count=1,
        )
        contact = Contact.objects.create(
            account=account,
            email=f"{marker}@example.com",
            email_key=f"{marker}@example.com".casefold(),
            first_name=f"{marker} first",
            company=f"{marker} company",
            note=f"{marker} note",
            custom_values={"1": f"{marker} value"},
            consent_proof=f"{marker} proof",
            consent_read_at=timezone.now(),
            remote_id=1,
            search_text=marker.casefold(),
        )
        GroupMembership.objects.create(contact=contact, group=group)
        template = EmailTemplate.objects.create(
            account=account,
            title=f"{marker} template",
            title_key=f"{marker} template".casefold(),
            body_html=f"<p>{marker} html</p>",
            body_text=f"{marker} text",
            html_bytes=30,
            remote_id=1,
        )
    campaign = Campaign.objects.create(account=account, name=f"{marker} campaign")
    edition = Edition.objects.create(
        campaign=campaign, language="fr_ca", subject=f"{marker} subject", body_html=f"<p>{marker} body</p>"
    )
    edition.groups.create(group=group, title=group.title)
    with writing():
        mailing = Mailing.objects.create(
            account=account,
            remote_id=1,
            subject=f"{marker} mailing",
            language="fr_ca",
            stage="sent",
            send_at=timezone.now(),
            groups=[{"id": 1, "title": f"{marker} group"}],
            body_html=f"<p>{marker} sent</p>",
            body_available=True,
            links=[{"id": 1, "url": f"https://example.com/{marker}", "clicks_unique": 1, "clicks_total": 2}],
        )
    read = RecipientList.objects.create(
        mailing=mailing, outcome="opened", state="ready", total=1, requested_at=timezone.now(), read_at=timezone.now()
    )
    with writing():
        MailingRecipient.objects.create(
            list=read,
            generation=0,
            account=account,
            email=contact.email,
            email_key=contact.email_key,
            name=f"{marker} name",
            happened_at=timezone.now(),
        )
    told = PersonReading.objects.create(contact=contact, tried_at=timezone.now(), read_at=timezone.now())
    PersonMailing.objects.create(
        reading=told, remote_id=7, subject=f"{marker} received", language="fr_ca", sent_at=timezone.now(), opened=True
    )
    stored = proofs.STORE.keep(account.pk, BytesIO(f"{marker} sheet".encode()))
    proof = ProofFile.objects.create(
        account=account,
        stored_name=stored.name,
        original_name=f"{marker}.txt",
        media_type="text/plain",
        size=stored.size,
        sha256=stored.sha256,
    )
    stated = ledger.Facts(
        "active-clients", date(2026, 1, 5), f"{marker} proof", proof.pk, f"{marker} how", f"{marker} where"
    )
    written = ledger.append(
        account.pk, contact.email, ledger.Source.SET, stated, ledger.By(author, words=f"{marker} why")
    )
    field = CustomField.objects.create(account=account, remote_id=1, name=f"{marker} field", type="text")
    change = Change.objects.create(
        account=account,
        kind="contact",
        object_id=contact.pk,
        object_label=f"{marker} label",
        verb="update",
        fields={"first_name": {"base": f"{marker} a", "want": f"{marker} b", "theirs": f"{marker} c"}},
        state="conflict",
        reason="both_changed",
        not_before=timezone.now(),
        actor=author,
        why=f"{marker} why",
    )
    Edit.objects.create(change=change, actor=author, actor_name=author.username, why=f"{marker} why")
    run = PullRun.objects.create(
        account=account,
        scope="full",
        state="complete",
        started_at=timezone.now(),
        problems=[{"code": f"{marker} problem"}],
    )
    call = ApiCall.objects.create(
        account=account,
        change=change,
        method="GET",
        path="/members",
        duration_ms=1,
        response=f"{marker}",
        at=timezone.now(),
    )
    change_set = ChangeSet.objects.create(
        account=account,
        kind="import",
        object_kind="contact",
        parameters={"relation": "active-clients", "proof": f"{marker} consent", "groups": [group.pk]},
        state="planned",
        counts={"rows": 1, "update": 1},
        fingerprint=marker.lower(),
        planned_at=timezone.now(),
        actor=author,
        why=f"{marker} why",
    )
    PlannedRow.objects.create(
        change_set=change_set,
        account=account,
        number=1,
        object_id=contact.pk,
        label=contact.email,
        verdict="update",
        verb="add",
        state="waiting",
        values={"first_name": f"{marker} new", f"group:{group.pk}": True},
        base={"first_name": f"{marker} old"},
    )
    listed = STORE.keep(account.pk, BytesIO(f"Courriel,{marker} column\nzoe@example.com,{marker} cell\n".encode()))
    file = ImportFile(
        change_set=change_set,
        account=account,
        original_name=f"{marker} list.csv",
        stored_name=listed.name,
        sha256=listed.sha256,
    )
    uploads.read_as(file, reading.Options())
    held = HeldSweep.objects.create(account=account, run=run, kind=f"{marker}"[:20], total=9)
    link = OneTimeLink.objects.create(
        kind="invitation",
        digest=f"{marker}d",
        email=f"{marker}@example.org",
        account=account,
        role="read",
        created_at=timezone.now(),
        expires_at=timezone.now() + timedelta(days=7),
    )
    audit.record("account.edited", actor=author, account=account, why=f"{marker} why", text=f"{marker} detail")
    cases.open_case(
        make_user(superuser=True),
        cases.Request("access", "email", clocks.today(), "fr"),
        Details(f"{marker} who", (f"{marker}@example.com",), f"{marker} note", f"{marker} identity"),
        [account],
    )
    exported = making.STORE.keep(account.pk, BytesIO(f"{marker} exported".encode()))
    export = ExportJob.objects.create(
        account=account,
        actor=author,
        actor_name=author.username,
        source="contacts",
        query=f"q={marker}",
        form="csv",
        language="en",
        state="ready",
        stored_name=exported.name,
        size=exported.size,
        sha256=marker,
        created_at=timezone.now(),
        finished_at=timezone.now(),
        expires_at=timezone.now() + timedelta(days=7),
    )
    leaving = OffBoarding.objects.create(
        account=account,
        client_name=account.name,
        vendor_name=account.vendor_name,
        reason=f"{marker} reason",
        asked_by=f"{marker} contact",
        begun_by=author,
        begun_by_name=author.username,
        begun_at=timezone.now(),
    )
    leaving.steps.create(name="changes", by=author, by_name=author.username, at=timezone.now(), why=f"{marker} why")
    zipped = LEAVING.keep(account.pk, BytesIO(f"{marker} zipped".encode()))
    leaving.works.create(
        kind="file",
        state="done",
        asked_by=author,
        asked_by_name=author.username,
        asked_at=timezone.now(),
        ended_at=timezone.now(),
        form="csv",
        language="en",
        stored_name=zipped.name,
        sha256=marker,
    )
    Purged.objects.create(account=account, day=timezone.now().date(), kind=f"{marker}"[:12], number=5)
    pks = {
        "exportjob": export.pk,
        "contact": contact.pk,
        "campaign": campaign.pk,
        "credential": credential.pk,
        "sender": sender.pk,
        "mailing": mailing.pk,
        "group": group.pk,
        "customfield": field.pk,
        "consentrecord": written.pk,
        "change": change.pk,
        "pullrun": run.pk,
        "apicall": call.pk,
        "changeset": change_set.pk,
        "importfile": file.pk,
        "heldsweep": held.pk,
        "invitations": link.pk,
        "emailtemplate": template.pk,
    }
    return Planted(account, marker, pks)


@dataclass
class Agency:
    """Two clients, and one person of each kind. `insiders` may see `ours`; `outsiders` may not."""

    ours: Planted
    theirs: Planted
    insiders: dict[str, User]
    outsiders: dict[str, User]
    administrator: User


def build() -> Agency:
    """The whole matrix."""
    ours, theirs = plant("MARKOURS"), plant("MARKTHEIRS")
    Heartbeat.objects.create(name="worker", at=timezone.now())
    insiders = {role: give(make_user(), ours.account, role) for role in ROLES}
    outsiders = {"none": make_user(), "other": give(make_user(), theirs.account, "manage")}
    return Agency(ours, theirs, insiders, outsiders, make_user(superuser=True))
