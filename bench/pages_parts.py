"""The parts of the pages bench that need Django set up (bench/pages.py)."""

import random
from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Max
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from contacts import search
from contacts.models import Contact, GroupMembership, email_key
from cyberadmin.sandbox.names import FIRSTNAMES, LASTNAMES
from cyberadmin.sync.clock import now
from cyberadmin.sync.upsert import insert_rows
from groups.models import Group
from tests.world import make_account, make_user

FIRST = [name for names in FIRSTNAMES.values() for name in names]
LAST = [name for names in LASTNAMES.values() for name in names]
COLUMNS = (
    "account_id",
    "remote_id",
    "email",
    "email_key",
    "first_name",
    "last_name",
    "language",
    "state",
    "joined_at",
    "search_text",
    "company",
    "gender",
    "postal_code",
    "country",
    "note",
    "custom_values",
    "consent_type",
    "consent_relation",
    "consent_proof",
    "mailings_received",
    "mailings_opened",
    "mailings_clicked",
    "edit_version",
    "content_hash",
)
PART = 10_000


class Bench:
    """Many clients of equal size, seen by an administrator."""

    def __init__(self, accounts: int) -> None:
        self.accounts = [make_account() for _ in range(accounts)]
        self.groups = {
            account.pk: insert_rows(
                Group,
                ("account_id", "remote_id", "title", "title_key", "is_public", "is_dynamic", "members_count",
                 "mailings_count", "content_hash", "edit_version"),
                [(account.pk, account.pk, "Clients", "clients", False, False, 0, 0, "", 0)],
                "remote_id",
            )[0][0]
            for account in self.accounts
        }  # fmt: skip
        self.account = self.accounts[accounts // 2]
        self.client = Client(SERVER_NAME="127.0.0.1")
        self.client.force_login(make_user("bench", superuser=True))

    def fill(self, contacts: int) -> None:
        """Add so many contacts, spread evenly; a third of them in their client's group."""
        start = (Contact.objects.aggregate(last=Max("remote_id"))["last"] or 0) + 1
        draw = random.Random(start)
        for first in range(start, start + contacts, PART):
            rows = [self._row(draw, number) for number in range(first, min(first + PART, start + contacts))]
            with transaction.atomic():
                made = insert_rows(Contact, COLUMNS, rows, "account_id")
                links = [(pk, self.groups[account], "") for pk, account in made[::3]]
                insert_rows(GroupMembership, ("contact_id", "group_id", "pending"), links, "contact_id")
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")

    def _row(self, draw: random.Random, number: int) -> tuple[Any, ...]:
        account = self.accounts[number % len(self.accounts)].pk
        first, last = draw.choice(FIRST), draw.choice(LAST)
        email = f"person{number}@example.com"
        state = draw.choices(("subscribed", "unsubscribed", "bounced"), (90, 7, 3))[0]
        joined = now() - timedelta(days=draw.randrange(3_650))
        text = search.document(account, email, first, last, "")
        language = draw.choice(("fr_ca", "fr_ca", "en_ca"))
        plain = (account, number, email, email_key(email), first, last, language, state, joined, text)
        return (*plain, "", "", "", "CA", "", {}, "implied", "", "", 0, 0, 0, 0, "")

    def addresses(self) -> dict[str, str]:
        """The pages that are measured, by name."""
        inside = f"/c/{self.account.slug}"
        contacts = inside + reverse("admin:contacts_contact_changelist")
        one = Contact.objects.filter(account=self.account, state="subscribed").order_by("pk").first()
        assert one is not None
        change = inside + reverse("admin:contacts_contact_change", args=[one.pk])
        return {
            "contacts": contacts,
            "contacts, second page": f"{contacts}?p=2",
            "search, one name": f"{contacts}?q={one.last_name}",
            "search, two words": f"{contacts}?q={one.first_name}+{one.last_name[:3]}",
            "search, nobody": f"{contacts}?q=zzzznobody",
            "search, an address": f"{contacts}?q={one.email}",
            "filter: bounced": f"{contacts}?state=bounced",
            "filter: group": f"{contacts}?group={self.groups[self.account.pk]}",
            "sort by name": f"{contacts}?o=2",
            "one contact": change,
            "groups": inside + reverse("admin:groups_group_changelist"),
            "home": reverse("admin:index"),
        }

    def get(self, address: str) -> None:
        """Ask for a page; it must answer."""
        answer = self.client.get(address)
        assert answer.status_code == 200, (address, answer.status_code, answer.headers)

    def queries(self, address: str) -> int:
        """How many queries a page makes."""
        with CaptureQueriesContext(connection) as captured:
            self.get(address)
        return len(captured)
