"""How long there is to answer, and what needs somebody."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.contrib.auth.models import User

from cyberadmin.accounts.models import Account
from cyberadmin.cases import clocks
from cyberadmin.cases.models import Case
from cyberadmin.console import needs
from tests.cases.desk import open_case, visitor
from tests.world import make_user

pytestmark = pytest.mark.django_db


# --- clocks and needs ---
@pytest.mark.parametrize(
    ("kind", "received", "due"),
    [
        # Christmas 2026 and New Year 2027 are Fridays.
        ("unsubscribe", date(2026, 12, 18), date(2027, 1, 5)),
        ("unsubscribe", date(2026, 11, 23), date(2026, 12, 7)),
        ("unsubscribe", date(2026, 11, 21), date(2026, 12, 4)),
        # Easter Monday 2027 (March 29) and Good Friday (26).
        ("unsubscribe", date(2027, 3, 22), date(2027, 4, 7)),
        ("access", date(2026, 1, 31), date(2026, 3, 2)),
        ("erasure", date(2026, 12, 18), date(2027, 1, 17)),
    ],
)
def test_the_last_day(kind: str, received: date, due: date) -> None:
    assert clocks.due_on(kind, received) == due


@pytest.mark.parametrize(
    ("kind", "day", "left", "tone"),
    [
        ("unsubscribe", date(2026, 11, 23), 10, "info"),
        ("unsubscribe", date(2026, 11, 27), 6, "info"),
        ("unsubscribe", date(2026, 11, 30), 5, "bad"),
        ("unsubscribe", date(2026, 12, 7), 0, "bad"),
        ("unsubscribe", date(2026, 12, 8), -1, "bad"),
        ("unsubscribe", date(2026, 12, 12), -4, "bad"),
        ("access", date(2026, 11, 23), 30, "info"),
        ("access", date(2026, 12, 14), 9, "warn"),
        ("access", date(2026, 12, 18), 5, "bad"),
        ("access", date(2026, 12, 24), -1, "bad"),
    ],
)
def test_the_clock_turns_red_five_days_before_the_end(kind: str, day: date, left: int, tone: str) -> None:
    case = Case(kind=kind, received_on=date(2026, 11, 23), due_on=clocks.due_on(kind, date(2026, 11, 23)))
    found = clocks.clock(case, day)
    assert (found.left, found.tone, found.is_over) == (left, tone, left < 0)


@pytest.mark.parametrize("kind", ["unsubscribe", "access"])
def test_what_is_red_can_be_asked_of_the_database(kind: str) -> None:
    for number in range(40):
        day = date(2026, 12, 10) + timedelta(days=number)
        limit = clocks.red_until(kind, day)
        for ahead in range(-3, 20):
            due = day + timedelta(days=ahead)
            if kind == "unsubscribe" and not clocks.is_business_day(due):
                continue
            red = clocks.clock(Case(kind=kind, due_on=due), day).tone == "bad"
            assert red == (due <= limit), (day, due)


def test_open_cases_are_needs_of_the_clients_one_sees(ours: Account, theirs: Account, editor: User) -> None:
    open_case(make_user(superuser=True), ours, theirs, days_ago=40)
    open_case(make_user(superuser=True), theirs)
    found = [need for need in needs.of(editor) if need.kind == "cases"]
    assert [(need.account, need.count, need.severity) for need in found] == [(ours, 1, needs.Severity.BROKEN)]
    assert "past the deadline" in found[0].words
    page = visitor(editor).get("/cases/", {"client": ours.slug, "state": "unfinished"})
    assert len(page.context["rows"]) == 1
