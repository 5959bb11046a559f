"""What one person received, opened and clicked, and the consent at that time: "did my cousin get it?" (product.md W18).

Two sources are joined by the mailing's number: what the vendor tells of this person (read when somebody looks, and kept),
and the lists of recipients that were read of each mailing, which alone know clicks, bounces and unsubscriptions.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from contacts.models import Contact
from cyberadmin.api import errors, types
from cyberadmin.api.client import ApiClient
from cyberadmin.sync import connection, pace
from cyberadmin.sync.clock import now
from cyberadmin.sync.doorbell import ring_now

from .models import Mailing, MailingRecipient, PersonMailing, PersonReading, RecipientList
from .services import require

READ_PERSON = "campaigns.tasks.read_person"
#: A reading older than this is made again when somebody looks.
AGE = timedelta(minutes=5)
#: Pages read at most of one person: two hundred thousand mailings.
PAGES = 20
#: What a list of recipients says about how a mailing ended for a person, the worst first.
ENDS = ("hard-bounced", "soft-bounced", "stopped", "unsubscribed", "delivered")


@dataclass(frozen=True)
class Row:
    """One mailing of a person. `outcomes`: {list that was read and has the person: when, if the vendor says}."""

    remote_id: int | None
    subject: str
    language: str
    sent_at: datetime | None
    mailing: Mailing | None = None
    opened: bool | None = None
    opened_at: datetime | None = None
    #: None: the list of those who clicked was not read.
    clicked: bool | None = None
    clicked_at: datetime | None = None
    outcomes: dict[str, datetime | None] = field(default_factory=dict)

    @property
    def end(self) -> str:
        """The worst thing known of it: a list's name, or "" when only the sending is known."""
        return next((name for name in ENDS if name in self.outcomes), "")


@dataclass(frozen=True)
class Received:
    """Everything known of one person's mailings, newest first."""

    rows: list[Row]
    reading: PersonReading | None

    @property
    def is_fresh(self) -> bool:
        """Whether the vendor was asked just now."""
        return self.reading is not None and self.reading.tried_at > now() - AGE


@dataclass(frozen=True)
class ConsentThen:
    """The consent on file, held against a date: `tone` is good, bad or quiet (not known)."""

    tone: str
    words: str


def request(actor: User, contact: Contact) -> None:
    """Have a worker ask the vendor what this person received. Nothing is written before the answer is there."""
    require(actor, "view", contact.account)
    account_id, pk = contact.account_id, contact.pk
    transaction.on_commit(lambda: ring_now(READ_PERSON, account_id, pk), robust=True)


def can_be_read(contact: Contact) -> bool:
    """Whether the vendor tells mailings of this person now: it finds subscribed people only (api/README.md 4.1)."""
    return contact.remote_id is not None and contact.gone_at is None and contact.account.is_working


def read(account_id: int, contact_id: int) -> None:
    """Ask the vendor and keep the answer (a worker's job). A failure leaves the rows of the last answer."""
    contact = Contact.objects.select_related("account").filter(pk=contact_id, account_id=account_id).first()
    if contact is None or not can_be_read(contact):
        return
    log = connection.CallLog(account_id)
    try:
        with connection.client_for(contact.account, log) as client:
            try:
                found, announced = _ask(client, contact)
            except errors.ApiError as error:
                connection.handle_account_error(contact.account, client, error)
                return _failed(contact, type(error).__name__)
    except (connection.AccountPaused, pace.HoldOff) as stopped:
        return _failed(contact, type(stopped).__name__)
    finally:
        connection.flush_alone(log)
    return _keep(contact, found, is_whole=len(found) >= announced)


def _ask(client: ApiClient, contact: Contact) -> tuple[list[types.MemberMailing], int]:
    """Every mailing of this person, each once, and how many the vendor announced."""
    found: dict[int, types.MemberMailing] = {}
    read_rows = announced = 0
    for number in range(1, PAGES + 1):
        page = client.members.list_mailings(contact.remote_id or contact.email, page=number, sort="date_sent_desc")
        found.update((one.id, one) for one in page.items)
        read_rows, announced = read_rows + len(page.rows), page.total_count
        if not page.rows or read_rows >= announced:
            break
    return list(found.values()), announced


def _failed(contact: Contact, error: str) -> None:
    PersonReading.objects.update_or_create(contact=contact, defaults={"tried_at": now(), "error": error[:80]})


def _keep(contact: Contact, found: Iterable[types.MemberMailing], *, is_whole: bool) -> None:
    found = list(found)
    mirrored = Mailing.objects.filter(account_id=contact.account_id, remote_id__in=[one.id for one in found])
    known = dict(mirrored.values_list("remote_id", "pk"))
    moment = now()
    with transaction.atomic():
        reading, _made = PersonReading.objects.select_for_update().update_or_create(
            contact=contact, defaults={"tried_at": moment, "read_at": moment, "error": "", "is_whole": is_whole}
        )
        reading.rows.all().delete()
        rows = [
            PersonMailing(
                reading=reading,
                remote_id=one.id,
                mailing_id=known.get(one.id),
                subject=_text(one.subject, 500),
                language=_text(one.language, 8),
                sent_at=one.sent_at or one.started_at,
                opened=one.opened,
                opened_at=one.opened_at,
            )
            for one in found
        ]
        PersonMailing.objects.bulk_create(rows, batch_size=500)


def _text(text: str, width: int) -> str:
    return text.replace("\x00", "")[:width]


# --- shown ---
def received(contact: Contact) -> Received:
    """The mailings that this person received, newest first, with what is known of each."""
    reading = PersonReading.objects.filter(contact=contact).first()
    told = list(reading.rows.select_related("mailing")) if reading is not None else []
    listed = _listed(contact)
    mailings: dict[int | None, Mailing] = {one.remote_id: one.mailing for one in told if one.mailing is not None}
    mailings |= {mailing.remote_id: mailing for mailing, _outcomes in listed.values()}
    clicks_read = set(
        RecipientList.objects.filter(
            mailing__in=mailings.values(), outcome="clicked", read_at__isnull=False
        ).values_list("mailing_id", flat=True)
    )
    by_number: dict[int | None, PersonMailing] = {one.remote_id: one for one in told}
    numbers = dict.fromkeys([*by_number, *listed])
    rows = [_row(by_number.get(number), mailings.get(number), listed.get(number), clicks_read) for number in numbers]
    rows.sort(key=lambda row: (row.sent_at is not None, row.sent_at), reverse=True)
    return Received(rows, reading)


def _listed(contact: Contact) -> dict[int | None, tuple[Mailing, dict[str, datetime | None]]]:
    """What the lists of recipients that were read say of this person: {number: (mailing, outcomes)}."""
    rows = MailingRecipient.objects.filter(
        account_id=contact.account_id, email_key=contact.email_key, generation=F("list__generation")
    ).select_related("list__mailing")
    found: dict[int | None, tuple[Mailing, dict[str, datetime | None]]] = {}
    for row in rows.defer("list__mailing__body_html", "list__mailing__body_text"):
        mailing = row.list.mailing
        found.setdefault(mailing.remote_id, (mailing, {}))[1][row.list.outcome] = row.happened_at
    return found


def _row(
    told: PersonMailing | None,
    mailing: Mailing | None,
    listed: tuple[Mailing, dict[str, datetime | None]] | None,
    clicks_read: set[int],
) -> Row:
    outcomes = listed[1] if listed is not None else {}
    has_list = mailing is not None and mailing.pk in clicks_read
    return Row(
        remote_id=told.remote_id if told else mailing.remote_id if mailing else None,
        subject=told.subject if told else mailing.subject if mailing else "",
        language=told.language if told else mailing.language if mailing else "",
        sent_at=(told.sent_at if told else None) or (mailing.send_at if mailing else None),
        mailing=mailing,
        opened=True if "opened" in outcomes else told.opened if told else None,
        opened_at=(told.opened_at if told else None) or outcomes.get("opened"),
        clicked=True if "clicked" in outcomes else False if has_list else None,
        clicked_at=outcomes.get("clicked"),
        outcomes={name: moment for name, moment in outcomes.items() if name in ENDS},
    )


def consent_then(contact: Contact, moment: datetime | None) -> ConsentThen:
    """What the consent on file says of a date. The vendor keeps one consent, so what stood before it is not known."""
    given, expires = contact.consent_on, contact.consent_expires_on
    left = contact.unsubscribed_at
    if moment is not None and left is not None and left < moment:
        return ConsentThen("bad", _("had unsubscribed on %(day)s") % {"day": date_format(_day(contact, left))})
    if moment is None or given is None or not contact.consent_type:
        return ConsentThen("quiet", _("not known"))
    day = _day(contact, moment)
    if given > day:
        return ConsentThen("quiet", _("not known: the one on file is of %(day)s") % {"day": date_format(given)})
    if expires is not None and expires < day:
        return ConsentThen("bad", _("had lapsed on %(day)s") % {"day": date_format(expires)})
    words = {"type": contact.get_consent_type_display(), "day": date_format(given)}
    return ConsentThen("good", _("%(type)s, since %(day)s") % words)


def _day(contact: Contact, moment: datetime) -> date:
    return moment.astimezone(contact.account.zone).date()
