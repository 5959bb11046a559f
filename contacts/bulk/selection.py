"""Whom a bulk change is about: contacts picked one by one, or all that match the filters of the list.

It is kept in the parameters of the change set as the numbers of the rows or as the filters themselves, never as what a page
happened to show; the filters are evaluated when the plan is made, and the plan lists everybody whom they meant then.
"""

from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from contacts import narrowing
from contacts.models import Contact
from cyberadmin.accounts.models import Account

#: As many as a page of the list may hold, several times over; more are chosen by a filter.
MOST_PICKED = 1_000
CHUNK = 2_000


@dataclass(frozen=True)
class Selection:
    """Contacts of one account: `picked` by number, or all that match `filters` when nothing is picked."""

    picked: tuple[int, ...] = ()
    filters: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> "Selection":
        """The selection that `as_json` wrote."""
        return cls(tuple(stored.get("picked", ())), dict(stored.get("filters", {})))

    def as_json(self) -> dict[str, Any]:
        """What the parameters of a change set keep."""
        return {"picked": list(self.picked)} if self.picked else {"filters": dict(self.filters)}

    def check(self) -> None:
        """Raise ValidationError when it cannot be what the person meant."""
        if len(self.picked) > MOST_PICKED:
            raise ValidationError(
                _(
                    "At most %(most)s contacts can be picked one by one. Narrow the list by a filter, then take all that match."
                )
                % {"most": MOST_PICKED}
            )
        if narrowing.unknown(self.filters):
            raise ValidationError(
                _("This filter cannot be used for many contacts at once. Take it away and choose again.")
            )

    def rows(self, account: Account | int) -> QuerySet[Any]:
        """The contacts meant now, alive, of this account and no other."""
        rows = Contact.objects.filter(account=account, gone_at=None)
        if self.picked:
            return rows.filter(pk__in=self.picked)
        owner = account if isinstance(account, Account) else Account.objects.get(pk=account)
        return narrowing.narrowed(owner, rows, self.filters)

    def chunks(self, account: Account | int) -> Iterator[tuple[int, list[Contact]]]:
        """(number of the first, contacts) by thousands. The numbers of all are fixed at the start, eight bytes each."""
        numbers = array("q", self.rows(account).order_by("pk").values_list("pk", flat=True).iterator(chunk_size=CHUNK))
        for start in range(0, len(numbers), CHUNK):
            chunk = numbers[start : start + CHUNK]
            people = Contact.objects.filter(account=account, pk__gte=chunk[0], pk__lte=chunk[-1], pk__in=chunk.tolist())
            yield start + 1, list(people.defer("search_text", "snapshot").order_by("pk"))
