"""What is a client's normal share of bounces, and when a mailing is above it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from campaigns.models import Mailing
from cyberadmin.accounts.models import Account
from cyberadmin.console.bounces import UNKNOWN, outliers, threshold
from cyberadmin.sync.clock import now
from cyberadmin.sync.mirror import writing
from tests.world import make_account

DAY = timedelta(days=1)


def sent(account: Account, days_ago: float, back: int, number: int = 1000, **fields: Any) -> Mailing:
    with writing():
        return Mailing.objects.create(
            account=account,
            subject="Newsletter",
            language="fr_ca",
            stage=fields.pop("stage", "sent"),
            send_at=now() - days_ago * DAY,
            emails_sent=number,
            incorrect_addresses=back,
            technical_problems=0,
            **fields,
        )


@pytest.mark.parametrize(
    ("past", "limit", "normal"),
    [
        ([], UNKNOWN, None),
        ([0.02] * 4, UNKNOWN, None),
        # Always the same: twice as much.
        ([0.02] * 5, 0.04, 0.02),
        # Hardly ever one: a whole point more.
        ([0.001] * 8, 0.011, 0.001),
        # One bad mailing among good ones changes nothing.
        ([0.02, 0.02, 0.02, 0.02, 0.9], 0.04, 0.02),
        # A client whose mailings vary widely is granted that much.
        ([0.01, 0.02, 0.05, 0.08, 0.09], 0.05 + 3 * 1.4826 * 0.03, 0.05),
    ],
)
def test_the_limit_follows_the_clients_own_past(past: list[float], limit: float, normal: float | None) -> None:
    assert threshold(past) == (pytest.approx(limit), normal)


@pytest.mark.django_db
def test_a_mailing_is_judged_by_those_before_it() -> None:
    usual, bad = make_account("Usual"), make_account("Always bad")
    for weeks in range(2, 12):
        sent(usual, weeks * 7, 10)
        sent(bad, weeks * 7, 60)
    above = sent(usual, 1, 60)
    sent(bad, 1, 60)

    [found] = outliers([usual, bad], now())

    assert (found.mailing.pk, found.mailing.share, found.normal) == (above.pk, 0.06, 0.01)


@pytest.mark.django_db
def test_tests_small_mailings_and_old_ones_are_not_judged() -> None:
    account = make_account("Quiet")
    sent(account, 1, 500, purpose="test")
    sent(account, 1, 9, 10)
    sent(account, 1, 2, 20)
    sent(account, 11, 500)
    sent(account, 1, 500, gone_at=now())
    sent(account, 1, 500, stage="scheduled")

    assert outliers([account], now()) == []


@pytest.mark.django_db
def test_only_the_clients_asked_for_are_looked_at() -> None:
    mine, other = make_account("Mine"), make_account("Other")
    sent(other, 1, 500)

    assert outliers([mine], now()) == []
    assert len(outliers([other], now())) == 1
