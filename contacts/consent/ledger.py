"""Adding to the ledger of consent, and reading what it says of one address.

Every function adds inside the caller's transaction, so that a record and what it tells of are kept together or not at
all. `append` writes one record, `append_many` thousands; there is nothing that changes one.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.contrib.auth.models import User
from django.db.models import QuerySet

from contacts.models import ConsentRecord, email_key
from cyberadmin.accounts.models import Account
from cyberadmin.sync.clock import now
from cyberadmin.sync.models import Change
from cyberadmin.sync.upsert import insert_rows

from . import terms

Source = ConsentRecord.Source


@dataclass(frozen=True)
class Facts:
    """A consent as somebody states it. `consent_type` and `expires_on` follow from the relation where they are not given."""

    relation: str = ""
    given_on: date | None = None
    proof: str = ""
    proof_file_id: int | None = None
    how: str = ""
    place: str = ""
    consent_type: str = ""
    expires_on: date | None = None

    def columns(self) -> dict[str, Any]:
        """The facts as columns of a record."""
        return {
            "relation": self.relation[:30],
            "given_on": self.given_on,
            "proof": self.proof,
            "proof_file_id": self.proof_file_id,
            "how": self.how[:200],
            "place": self.place[:200],
            "consent_type": self.consent_type or terms.type_of(self.relation),
            "expires_on": self.expires_on or terms.expires_on(self.relation, self.given_on),
        }


@dataclass(frozen=True)
class By:
    """Who did it, through which change or set of changes, and why or in which words of the vendor."""

    actor: User | None = None
    change_id: int | None = None
    change_set_id: int | None = None
    words: str = ""

    def columns(self) -> dict[str, Any]:
        """The authorship as columns of a record."""
        return {
            "actor_id": self.actor.pk if self.actor else None,
            "actor_name": self.actor.get_username() if self.actor else "cyberadmin",
            "change_id": self.change_id,
            "change_set_id": self.change_set_id,
            "words": self.words,
        }


def by_change(change: Change, words: str = "") -> By:
    """The authorship of what a change does."""
    return By(change.actor, change.pk, None, words)


def append(
    account_id: int, email: str, source: str, facts: Facts, by: By, happened_at: datetime | None = None
) -> ConsentRecord:
    """Add one record."""
    return ConsentRecord.objects.create(
        account_id=account_id,
        email_key=email_key(email),
        source=source,
        happened_at=happened_at,
        at=now(),
        **facts.columns(),
        **by.columns(),
    )


_COLUMNS = (
    "account_id", "email_key", "source", "consent_type", "relation", "given_on", "expires_on", "how", "place", "proof",
    "proof_file_id", "words", "happened_at", "at", "actor_id", "actor_name", "change_id", "change_set_id", "erased_id",
)  # fmt: skip
_ADDRESS, _HAPPENED = _COLUMNS.index("email_key"), _COLUMNS.index("happened_at")


def append_many(
    account_id: int, source: str, rows: Iterable[tuple[str, Facts, datetime | None]], by: By | None = None
) -> int:
    """Add a record for each (address, facts, when it happened or None) in one statement; returns how many.

    Made for the settling of imports, 1,000 rows a call, and for pulls.
    """
    common = {"account_id": account_id, "source": source, "at": now(), "erased_id": None, **(by or By()).columns()}
    made: dict[Facts, list[Any]] = {}

    def values(email: str, facts: Facts, happened_at: datetime | None) -> list[Any]:
        if facts not in made:
            columns = {**common, **facts.columns(), "email_key": "", "happened_at": None}
            made[facts] = [columns[name] for name in _COLUMNS]
        row = made[facts].copy()
        row[_ADDRESS], row[_HAPPENED] = email_key(email), happened_at
        return row

    return len(insert_rows(ConsentRecord, _COLUMNS, (values(*row) for row in rows), "email_key"))


def of_address(account: Account | int, email: str) -> QuerySet[ConsentRecord]:
    """Everything written down about one address of one client, newest first."""
    account_id = account if isinstance(account, int) else account.pk
    rows = ConsentRecord.objects.filter(account_id=account_id, email_key=email_key(email))
    return rows.select_related("proof_file", "change", "change_set").order_by("-id")
