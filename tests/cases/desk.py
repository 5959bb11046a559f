"""Cases as tests make them, and the whole database as text."""

from __future__ import annotations

import uuid
from datetime import date, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from contacts import search
from contacts.models import Contact
from cyberadmin.accounts.models import Account
from cyberadmin.cases import carrying, clocks, services
from cyberadmin.cases.details import Details
from cyberadmin.cases.models import Case, CasePart
from cyberadmin.sync.mirror import writing
from tests.world import World

EMAIL = "Marie.Tremblay@Example.com"
KEY = EMAIL.casefold()
WHO = "Marie Tremblay"


def open_case(
    actor: User, *accounts: Account, kind: str = "erasure", days_ago: int = 3, email: str = EMAIL, **more: Any
) -> Case:
    """A case received some days ago; the identity was checked unless `identity` says otherwise."""
    received: date = clocks.today() - timedelta(days=days_ago)
    request = services.Request(kind, "email", received, more.pop("language", "fr"))
    known = Details(WHO, (email,), more.pop("note", ""), more.pop("identity", "wrote from this address"))
    return services.open_case(actor, request, known, list(accounts), **more)


def part_of(case: Case, account: Account) -> CasePart:
    """The part of one client, as it is now."""
    found: CasePart = CasePart.objects.get(case=case, account=account)
    return found


def carry_out(world: World, part: CasePart, rounds: int = 6) -> CasePart:
    """What the beat and a worker do until the engine has nothing left to do for this part."""
    for _ in range(rounds):
        carrying.advance(part.pk)
        world.settle()
    carrying.advance(part.pk)
    part.refresh_from_db()
    return part


def whole_database() -> str:
    """Every row of every table, as text."""
    lines = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            lines += [f"{table}: {row!r}" for row in cursor.fetchall()]
    return "\n".join(lines)


def visitor(user: User, language: str = "en") -> Client:
    client = Client(headers={"accept-language": language})
    client.force_login(user)
    return client


def contact(account: Account, email: str = KEY, **fields: Any) -> Contact:
    """A mirrored contact that search finds."""
    values = {"first_name": "Marie", "last_name": "Tremblay", "company": ""} | fields
    names = (values["first_name"], values["last_name"], values["company"])
    with writing():
        return Contact.objects.create(
            account=account,
            email=email,
            email_key=email.casefold(),
            search_text=search.document(account.pk, email, *names),
            **values,
        )


def send(client: Client, path: str, **data: Any) -> Any:
    return client.post(path, {"form_token": str(uuid.uuid4()), **data})


def opening(*accounts: Account, **more: Any) -> dict[str, Any]:
    """What a person types into the form."""
    return {
        "kind": "erasure",
        "received_on": (clocks.today() - timedelta(days=2)).isoformat(),
        "channel": "email",
        "who": WHO,
        "addresses": f"{EMAIL}\n{KEY}",
        "language": "fr",
        "accounts": [account.pk for account in accounts],
        "identity": "wrote from there",
    } | more
