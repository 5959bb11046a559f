"""What people do with a mailing, drawn from a seed: shares and delays as a small organisation sees them."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

HARD, SOFT, OPEN, CLICK, UNSUBSCRIBE, FORWARD = "hard_bounce", "soft_bounce", "open", "click", "unsubscribe", "forward"
KINDS = (HARD, SOFT, OPEN, CLICK, UNSUBSCRIBE, FORWARD)
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
HARD_SHARE, SOFT_SHARE, OPEN_SHARE = 0.012, 0.008, 0.46
# Shares of those who opened.
CLICK_SHARE, UNSUBSCRIBE_SHARE, FORWARD_SHARE = 0.27, 0.008, 0.01
MEAN_OPEN_DELAY = 4 * HOUR
LAST_OPEN = 5 * DAY
# A busy server is retried for up to two days before it counts as a soft bounce (api/README.md 4.2).
RETRIES = (5 * HOUR, 2 * DAY)


@dataclass(frozen=True, slots=True)
class Outcome:
    """One thing one recipient does, or that happens to their mail; ``link_id`` for a click."""

    at: int
    member_id: int
    kind: str
    link_id: int | None = None


def draw(seed: str, recipients: Iterable[tuple[int, int]], link_ids: list[int]) -> Iterator[Outcome]:
    """Outcomes of all recipients (member id, when the mail left), the same for the same seed and people."""
    dice = random.Random(seed)
    for member_id, sent_on in recipients:
        fate = dice.random()
        if fate < HARD_SHARE:
            yield Outcome(sent_on + dice.randrange(2_000, 10 * MINUTE), member_id, HARD)
        elif fate < HARD_SHARE + SOFT_SHARE:
            yield Outcome(sent_on + dice.randrange(*RETRIES), member_id, SOFT)
        elif fate < HARD_SHARE + SOFT_SHARE + OPEN_SHARE:
            yield from _opened(dice, member_id, sent_on, link_ids)


def _opened(dice: random.Random, member_id: int, sent_on: int, link_ids: list[int]) -> Iterator[Outcome]:
    delay = MINUTE + int(dice.expovariate(1 / MEAN_OPEN_DELAY))
    opened = sent_on + min(delay, LAST_OPEN)
    yield Outcome(opened, member_id, OPEN)
    if link_ids and dice.random() < CLICK_SHARE:
        for _ in range(1 + (dice.random() < 0.35) + (dice.random() < 0.1)):
            # The first link of a mailing is its main one.
            link = link_ids[min(int(dice.expovariate(1.1)), len(link_ids) - 1)]
            yield Outcome(opened + dice.randrange(5_000, 6 * MINUTE), member_id, CLICK, link)
    chance = dice.random()
    if chance < UNSUBSCRIBE_SHARE:
        yield Outcome(opened + dice.randrange(10_000, 12 * MINUTE), member_id, UNSUBSCRIBE)
    elif chance < UNSUBSCRIBE_SHARE + FORWARD_SHARE:
        yield Outcome(opened + dice.randrange(10_000, 12 * MINUTE), member_id, FORWARD)
