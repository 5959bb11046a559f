"""Where the taking on of a client stands: six steps, each read from what is there, so that any can be left and resumed."""

import unicodedata
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Max
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils.translation import gettext as _

from campaigns.models import Mailing
from cyberadmin.accounts.models import Account, Credential
from cyberadmin.sync.models import PullRun


@dataclass(frozen=True)
class Step:
    """One step. `state`: done, todo, or now: the one that the page is about, else the first that is not done."""

    number: int
    label: Any
    url: str
    state: str


@dataclass(frozen=True)
class LearnedSender:
    """An address from which Cyberimpact has accepted a mailing, so it is a validated one (api/README.md 4.7)."""

    address: str
    last_at: datetime | None


def steps(account: Account, here: int = 0) -> list[Step]:
    """The steps of one client, inside whose address the page is. `here`: the step that the page is about."""
    State = Account.State
    connected = account.state == State.CONNECTED
    proved = connected or account.state == State.PROVED
    found = (
        (_("The client"), "account_settings", True),
        (_("The API at Cyberimpact"), "account_api", proved or _has_token(account)),
        (_("The token"), "account_token", proved),
        (_("Compare the names"), "account_proving", connected),
        (_("First reading"), "index", connected and _was_read(account)),
        (_("Senders"), "account_senders", account.senders.exists() or bool(learned_senders(account))),
    )
    current = here or next((number for number, (_l, _n, done) in enumerate(found, 1) if not done), 0)
    return [
        Step(number, label, reverse(f"admin:{name}"), "now" if number == current else "done" if done else "todo")
        for number, (label, name, done) in enumerate(found, 1)
    ]


def unfinished(account: Account, here: int = 0) -> list[Step]:
    """The steps, while the taking on is neither complete nor called finished; else none."""
    if account.taken_on_at is not None or all(step.state == "done" for step in steps(account)):
        return []
    return steps(account, here)


def learned_senders(account: Account) -> list[LearnedSender]:
    """Addresses from which the vendor has accepted mailings, the latest first."""
    accepted = Mailing.objects.filter(account=account).exclude(remote_id=None).exclude(mail_from="")
    rows = accepted.values(address=Lower("mail_from")).annotate(last_at=Max("send_at")).order_by("-last_at", "address")
    return [LearnedSender(row["address"], row["last_at"]) for row in rows[:50]]


def alike(one: str, other: str) -> bool:
    """Whether two names say the same, whatever their letter case, accents, punctuation and spaces."""
    return _letters(one) == _letters(other) != ""


def _letters(text: str) -> str:
    return "".join(char for char in unicodedata.normalize("NFKD", text).casefold() if char.isalnum())


def _has_token(account: Account) -> bool:
    return account.credentials.exclude(state__in=(Credential.State.RETIRED, Credential.State.REFUSED)).exists()


def _was_read(account: Account) -> bool:
    return PullRun.objects.filter(account=account, state=PullRun.State.COMPLETE).exists()
