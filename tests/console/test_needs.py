"""The registry of what needs somebody: order, and nothing of a client that is not theirs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

import pytest
from django.contrib.auth.models import User

from cyberadmin.accounts.models import Account
from cyberadmin.console import needs
from cyberadmin.console.needs import Need, Severity
from tests.world import give, make_account, make_user


@pytest.fixture
def alone() -> Iterator[None]:
    """No source but the test's own."""
    before = list(needs._sources)
    needs._sources.clear()
    yield
    needs._sources[:] = before


def everywhere(user: User, accounts: Sequence[Account]) -> list[Need]:
    """A careless source, which speaks of every client there is."""
    return [Need(account, "careless", f"{account.name} is here", Severity.LATE) for account in Account.objects.all()]


def test_drops_what_a_careless_source_says_of_somebody_elses_client(db: None, alone: None) -> None:
    mine, other = make_account("Mine"), make_account("Other")
    user = give(make_user(), mine, "read")
    needs.register(everywhere, {})

    assert [need.account for need in needs.of(user)] == [mine]
    assert needs.of(user, [other]) == []
    assert needs.of(make_user()) == []


def test_names_the_worst_first_and_then_what_is_due_first(db: None, alone: None) -> None:
    mine = make_account("Mine")
    user = give(make_user(), mine, "read")
    made: list[Any] = [
        ("note", Severity.NOTE, None),
        ("later", Severity.LATE, date(2026, 12, 1)),
        ("undated", Severity.LATE, None),
        ("sooner", Severity.LATE, date(2026, 11, 1)),
        ("broken", Severity.BROKEN, None),
    ]
    needs.register(lambda user, accounts: [Need(mine, kind, kind, worst, due=due) for kind, worst, due in made], {})

    assert [need.kind for need in needs.of(user)] == ["broken", "sooner", "later", "undated", "note"]


def test_asks_a_source_that_is_registered_twice_once(db: None, alone: None) -> None:
    user = give(make_user(), make_account(), "read")
    needs.register(everywhere, {})
    needs.register(everywhere, {})

    assert len(needs.of(user)) == 1
