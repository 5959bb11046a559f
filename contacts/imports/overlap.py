"""Does a list look like another client's? (product.md N11)

Of the addresses that would be new in this account a sample of at most 2,000 is drawn evenly, and counted in each other
client by its indexed address. When at least 10 were drawn and half of them or more are contacts of one other client, the
import stops: an agency that serves two shops of one street meets an overlap of a few hundredths, the export of one client
uploaded for another meets nearly all. A sample of 2,000 tells a half from four tenths with certainty enough, and costs the
same for a list of a million.

Which client it is, is for those alone who may see that client; the count is for nobody.
"""

import random

from django.db.models import Count

from contacts.models import Contact
from cyberadmin.accounts.models import Account

SAMPLE = 2_000
LEAST = 10
SHARE = 0.5
_PIECE = 500


class Sample:
    """An even sample of a stream (reservoir sampling), the same again for the same seed."""

    def __init__(self, seed: str, most: int = SAMPLE) -> None:
        self.keys: list[str] = []
        self._most = most
        self._shown = 0
        self._random = random.Random(seed)  # noqa: S311 - no secret, and a plan that is made again must be the same

    def take(self, key: str) -> None:
        """Show it one more of the stream."""
        self._shown += 1
        if len(self.keys) < self._most:
            self.keys.append(key)
            return
        place = self._random.randrange(self._shown)
        if place < self._most:
            self.keys[place] = key


def other_client(account: Account, keys: list[str]) -> int | None:
    """The client of whose contacts these addresses mostly are, by primary key; None for nobody's."""
    if len(keys) < LEAST:
        return None
    others = list(Account.objects.exclude(pk=account.pk).values_list("pk", flat=True))
    counts: dict[int, int] = {}
    for start in range(0, len(keys), _PIECE):
        piece = keys[start : start + _PIECE]
        people = Contact.objects.filter(account__in=others, email_key__in=piece, gone_at=None).order_by()
        for other, number in people.values_list("account").annotate(Count("pk")):
            counts[other] = counts.get(other, 0) + number
    if not counts:
        return None
    most = max(counts, key=lambda other: counts[other])
    return most if counts[most] >= SHARE * len(keys) else None
