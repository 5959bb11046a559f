"""`manage.py demo`: three invented clients connected with the sandbox's tokens, and three members of staff.

Reads the line of JSON that the sandbox printed from standard input, never from an argument: it holds tokens. What exists
already is left as it is, so it can run at every start. A worker must run: it proves the tokens and does the first pulls.
"""

import json
import os
import sys
import time
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from cyberadmin.accounts import hosts, services
from cyberadmin.accounts.models import Account, AccountAccess
from cyberadmin.sync.services import request_pull

PROVE_SECONDS = 90.0


@dataclass(frozen=True)
class Client:
    """How one of the sandbox's accounts, in its order, is connected here."""

    colour: str
    language: str
    time_zone: str


@dataclass(frozen=True)
class Person:
    """A member of staff. `roles` go to the clients in their order; an administrator needs none."""

    username: str
    first_name: str
    label: Any
    roles: tuple[str, ...] = ()
    is_administrator: bool = False


CLIENTS = (
    Client("#9f1239", "fr", "America/Toronto"),
    Client("#b45309", "fr", "America/Toronto"),
    Client("#0f766e", "en", "America/Moncton"),
)
EDIT, READ = AccountAccess.Role.EDIT, AccountAccess.Role.READ
PEOPLE = (
    Person("demo.admin", "Ariane", _("administrator"), is_administrator=True),
    Person("demo.editor", "Étienne", _("may edit two clients"), (EDIT, EDIT)),
    Person("demo.reader", "Maya", _("may read one client"), (READ,)),
)


class Command(BaseCommand):
    help = "Connect the sandbox's demo clients and make the demo log-ins; reads the sandbox's JSON from standard input."

    def handle(self, **options: Any) -> None:
        password = os.environ.get("CYBERADMIN_DEMO_PASSWORD", "")
        if not settings.DEVELOPMENT or not settings.CYBERIMPACT_SANDBOX_URL:
            raise CommandError("Demo data is only made in development, beside a sandbox.")
        if not password:
            raise CommandError("CYBERADMIN_DEMO_PASSWORD must hold the password of the demo log-ins.")
        vendor = json.load(sys.stdin)
        people = [make_person(person, password) for person in PEOPLE]
        pairs = list(zip(CLIENTS, vendor["accounts"], strict=False))
        accounts = [connect(people[0], client, there) for client, there in pairs]
        for account in accounts:
            confirm(people[0], account)
        for person, user in zip(PEOPLE, people, strict=True):
            give_access(people[0], user, accounts, person.roles)
        self.stdout.write("\n".join(describe(password, vendor)))


def make_person(person: Person, password: str) -> User:
    """The member of staff, made when missing; a password that was changed since stays changed."""
    existing = User.objects.filter(username=person.username).first()
    if existing is not None:
        return existing
    return User.objects.create_user(
        person.username,
        password=password,
        first_name=person.first_name,
        is_staff=True,
        is_superuser=person.is_administrator,
    )


def connect(administrator: User, client: Client, there: dict[str, str]) -> Account:
    """The client's account here, by the same way that a person takes in the console."""
    existing = Account.objects.filter(name=there["name"]).first()
    if existing is not None:
        return existing
    values = {
        "name": there["name"],
        "colour": client.colour,
        "language": client.language,
        "time_zone": client.time_zone,
        "host": hosts.SANDBOX,
    }
    return services.connect(administrator, values, there["token"])


def confirm(administrator: User, account: Account) -> None:
    """Wait until the worker has proved the token, confirm, and ask for the first pull. Connected already: nothing."""
    end = time.monotonic() + PROVE_SECONDS
    account.refresh_from_db()
    while account.state == Account.State.PROVING:
        if time.monotonic() > end:
            raise CommandError(f"No worker proved the token of {account}.")
        time.sleep(0.2)
        account.refresh_from_db()
    if account.state == Account.State.PROVED:
        services.confirm(administrator, account)
        request_pull(administrator, account)
    elif account.state != Account.State.CONNECTED:
        raise CommandError(f"The sandbox refused the token of {account}.")


def give_access(administrator: User, user: User, accounts: list[Account], roles: tuple[str, ...]) -> None:
    """Give the roles, unless this person has access to anything already."""
    if user.account_accesses.exists():
        return
    for account, role in zip(accounts, roles, strict=False):
        services.set_access(administrator, account, user, role)


def describe(password: str, vendor: dict[str, Any]) -> list[str]:
    """What to tell the person at the terminal, in French and in English."""
    lines = [in_both_languages(_("Demo log-ins, password %(password)s:"), password=password)]
    lines += [f"  {person.username:<12} {in_both_languages(person.label)}" for person in PEOPLE]
    for spare in vendor["accounts"][len(CLIENTS) :]:
        sentence = _("The token of one more client, “%(name)s”, is on the sandbox's page: %(page)s")
        lines.append(in_both_languages(sentence, name=spare["name"], page=vendor["control_url"]))
    return lines


def in_both_languages(text: Any, **values: str) -> str:
    """A marked text in every language of the console, one after the other."""
    versions = []
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            versions.append(str(text) % values if values else str(text))
    return " · ".join(dict.fromkeys(versions))
