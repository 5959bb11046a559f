"""Who left, as the vendor's own lists say it at one moment: what a batch that could bring somebody back is held against."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Departures:
    """`unsubscribed` and `bounced`: keys of those who left since the day asked from; the totals count everybody who ever did."""

    unsubscribed: frozenset[str] = frozenset()
    bounced: frozenset[str] = frozenset()
    unsubscribed_total: int = 0
    bounced_total: int = 0

    def reason(self, key: str) -> str:
        """Why nothing may be sent about this person: a code of `bulk/reasons.py`, or "" for somebody who did not leave."""
        if key in self.unsubscribed:
            return "unsubscribed"
        return "bounced" if key in self.bounced else ""

    @property
    def everybody(self) -> frozenset[str]:
        """Keys of all who left since the day asked from."""
        return self.unsubscribed | self.bounced
