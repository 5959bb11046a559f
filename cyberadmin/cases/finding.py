"""Finding a person over the clients that somebody may see, and everything there is about them in each (product.md N8, W18).

Every question names the clients of the person who asks; nothing is counted, listed or left out because of any other.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.models import User

from campaigns import received
from campaigns.models import MailingRecipient
from contacts import search
from contacts.consent import ledger
from contacts.models import ConsentRecord, Contact, CustomField, GroupMembership, email_key
from cyberadmin.accounts import policy
from cyberadmin.accounts.models import Account
from cyberadmin.sync import reasons
from cyberadmin.sync.models import ApiCall, Change, ChangeSet, PlannedRow

#: People shown of one client, and in all; a longer text is cut.
MOST_PER_CLIENT, MOST, LONGEST = 10, 200, 1_000
#: Rows of each kind shown about one person.
NEWEST = 20
#: Plans that are looked through in one client: those whose rows are still to be sent, newest first.
PLANS = 20
OPEN_PLANS = ("planned", "asked", "applying", "paused")


@dataclass(frozen=True)
class Found:
    """The people of one client who match. `more`: others match too."""

    account: Account
    contacts: list[Contact]
    more: bool


@dataclass
class PerClient:
    """What one client has about an address. Each list holds the newest rows, `NEWEST` at most."""

    account: Account
    may_edit: bool
    contact: Contact | None = None
    fields: list[tuple[str, Any, Any]] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    consents: list[ConsentRecord] = field(default_factory=list)
    mailings: list[received.Row] = field(default_factory=list)
    changes: list[tuple[Change, Any]] = field(default_factory=list)
    planned: list[PlannedRow] = field(default_factory=list)
    calls: list[ApiCall] = field(default_factory=list)


def search_people(user: User, text: str) -> list[Found]:
    """Who matches, client by client. A text with "@" is a whole address; any other is the beginnings of words of a name."""
    text = text[:LONGEST].replace("\x00", "").strip()
    if not text:
        return []
    accounts = list(policy.accounts_for(user))
    if "@" in text and " " not in text:
        return _by_address(accounts, text)
    return _by_name(accounts, text)


def _by_address(accounts: Sequence[Account], text: str) -> list[Found]:
    rows = Contact.objects.filter(account__in=accounts, email_key=email_key(text)).order_by("-gone_at", "pk")
    people: dict[int, Contact] = {}
    for contact in rows:
        if contact.gone_at is None or contact.account_id not in people:
            people[contact.account_id] = contact
    return [Found(one, [people[one.pk]], False) for one in accounts if one.pk in people]


def _by_name(accounts: Sequence[Account], text: str) -> list[Found]:
    found: list[Found] = []
    room = MOST
    for account in accounts:
        rows = search.search(Contact.objects.filter(gone_at=None), account, text)
        people = list(rows.order_by("email_key")[: MOST_PER_CLIENT + 1])
        if people:
            found.append(Found(account, people[:MOST_PER_CLIENT], len(people) > MOST_PER_CLIENT))
            room -= len(people)
        if room <= 0:
            break
    return found


def accounts_with(user: User, email: str) -> list[Account]:
    """The clients, of those that the person may see, in which anything names this address."""
    key = email_key(email)
    if not key:
        return []
    accounts = policy.accounts_for(user)
    held: set[int] = set()
    for model in (Contact, ConsentRecord, MailingRecipient):
        rows: Any = model._base_manager.filter(account__in=accounts, email_key=key)
        held |= set(rows.order_by().values_list("account", flat=True).distinct())
    held |= {row.account_id for row in _planned(list(accounts), email)}
    return [account for account in accounts if account.pk in held]


def everything(user: User, email: str) -> list[PerClient]:
    """All that the clients of this person have about an address."""
    may_edit = set(policy.accounts_for(user, "edit").values_list("pk", flat=True))
    return [of_client(account, email, account.pk in may_edit) for account in accounts_with(user, email)]


def of_client(account: Account, email: str, may_edit: bool) -> PerClient:
    """What one client has about an address."""
    about = PerClient(account, may_edit)
    people = list(Contact.objects.filter(account=account, email_key=email_key(email)).order_by("pk"))
    about.contact = next((one for one in people if one.gone_at is None), people[-1] if people else None)
    about.consents = list(ledger.of_address(account, email)[:NEWEST])
    about.planned = _planned([account], email)
    changes = Change.objects.filter(account=account, kind="contact", object_id__in=[one.pk for one in people])
    about.changes = [
        (change, reasons.explain(change))
        for change in changes.select_related("actor").prefetch_related("edits").order_by("-id")[:NEWEST]
    ]
    about.calls = list(
        ApiCall.objects.filter(account=account, change__in=changes.values("pk")).order_by("-id")[:NEWEST]
    )
    if about.contact is not None:
        about.fields = fields_of(about.contact)
        memberships = GroupMembership.objects.filter(contact=about.contact).select_related("group")
        about.groups = [one.group.title for one in memberships.order_by("group__title_key")]
        about.mailings = received.received(about.contact).rows[:NEWEST]
    return about


def fields_of(contact: Contact) -> list[tuple[str, Any, Any]]:
    """(name, what people call it, value in words) of every field that is filled, custom ones last."""
    names = (
        "email", "first_name", "last_name", "company", "gender", "language", "birth_date", "postal_code", "country",
        "note", "state", "joined_at", "unsubscribed_at", "bounced_at",
    )  # fmt: skip
    filled: list[tuple[str, Any, Any]] = []
    for name in names:
        column: Any = Contact._meta.get_field(name)
        value = getattr(contact, name)
        if value not in ("", None):
            filled.append((name, column.verbose_name, dict(column.flatchoices).get(value, value)))
    titles = dict(CustomField.objects.filter(account_id=contact.account_id).values_list("remote_id", "name"))
    for number, value in contact.custom_values.items():
        if value not in ("", None):
            filled.append((f"custom:{number}", titles.get(int(number), f"#{number}"), value))
    return filled


def _planned(accounts: Sequence[Account], email: str) -> list[PlannedRow]:
    """Rows about the address in plans that are still to be sent."""
    sets = ChangeSet.objects.filter(account__in=accounts, state__in=OPEN_PLANS, purged_at=None)
    newest = list(sets.order_by("-id").values_list("pk", flat=True)[: PLANS * max(1, len(accounts))])
    rows = PlannedRow.objects.filter(change_set__in=newest, label__iexact=email.strip()).select_related("change_set")
    return list(rows.order_by("-change_set", "number")[:NEWEST])
