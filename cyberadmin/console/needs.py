"""What needs somebody, over all the clients of one person: apps register what they know of (product.md N6, W17).

An app hands a source to `register` in its `AppConfig.ready()`. A source is asked once for all clients, so it makes one
query for each kind of need and never one for each client. What it says may stand in an e-mail: no name, address or other
personal data of a contact, and words in the language that is active when it is asked.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import IntEnum

from django.contrib.auth.models import User
from django.utils.functional import Promise

from cyberadmin.accounts import policy
from cyberadmin.accounts.models import Account


class Severity(IntEnum):
    """How much it needs somebody, most first."""

    BROKEN = 1  # Something does not work, or a term of the law is nearly over.
    LATE = 2  # Somebody has to decide or repair, today if possible.
    SOON = 3  # Will be one of the above if nobody looks.
    NOTE = 4  # Good to know; nothing is wrong.


@dataclass(frozen=True)
class Need:
    """One line: what, where, how much, and the page that repairs it.

    `account`: whose it is; None = of the whole installation. `words` is a whole sentence without its full stop and names
    its own number; `count` is that number, for adding up. `page` and `args` name the page that repairs it ("" = there is
    none for this person), inside the client, or outside all of them where `inside` is False; `query` follows its "?".
    `due`: the day on which it is too late, where there is one.
    """

    account: Account | None
    kind: str
    words: str
    severity: Severity
    page: str = ""
    args: tuple[int | str, ...] = ()
    query: str = ""
    count: int = 1
    due: date | None = None
    inside: bool = True


Source = Callable[[User, Sequence[Account]], Iterable[Need]]
_sources: list[Source] = []
_kinds: dict[str, str | Promise] = {}


def register(source: Source, kinds: Mapping[str, str | Promise]) -> None:
    """Have `source` asked for what needs somebody; call it in `AppConfig.ready()`.

    `kinds`: what each kind of its needs is called ("conflicts"); the page offers these to narrow it by.
    """
    if source not in _sources:
        _sources.append(source)
    _kinds.update(kinds)


def label(kind: str) -> str:
    """What a kind of need is called."""
    return str(_kinds.get(kind, kind))


def of(user: User, accounts: Sequence[Account] | None = None) -> list[Need]:
    """What needs this person now, most urgent first and then what is due first.

    `accounts` narrows it to some of the clients; those that the person may not see are left out, whoever names them.
    """
    seen = {account.pk: account for account in policy.accounts_for(user)}
    asked = list(seen.values()) if accounts is None else [one for one in accounts if one.pk in seen]
    mine = {account.pk for account in asked}
    found = [
        need for source in _sources for need in source(user, asked) if need.account is None or need.account.pk in mine
    ]
    return sorted(found, key=_order)


def _order(need: Need) -> tuple[int, date, str, str]:
    name = need.account.name.casefold() if need.account is not None else ""
    return (need.severity, need.due or date.max, name, need.kind)
