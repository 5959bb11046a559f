"""Which line of an address counts, and whether the vendor would take its consent."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from contacts.imports.convert import TypedRow
from contacts.imports.judging import Choices, ImportJudge, improves
from contacts.models import Contact
from cyberadmin.sync.clock import now
from tests.world import make_account

TODAY = date(2026, 11, 23)


def row(number: int, email: str, **values: Any) -> TypedRow:
    return TypedRow(number, email, {"email": email, **values})


@pytest.mark.django_db
def test_the_first_line_that_can_be_imported_counts() -> None:
    judge = ImportJudge(make_account(), Choices("active-clients"), TODAY, "seed")
    rows = [
        row(2, "guy@example.com", consent_on="2019-01-01"),
        row(3, "ida@example.com"),
        row(9, "Guy@example.com", consent_on="2026-03-02"),
        row(10, "ida@example.com", consent_on="2026-03-02"),
        row(11, "guy@example.com", consent_on="2026-03-02"),
    ]
    found = {one.number: (one.verdict, one.reason, one.detail) for one in judge.judge(rows)}
    assert found == {
        2: ("refused", "lapsed_on_arrival", {"on": "2021-01-01"}),
        3: ("invalid", "no_consent_date", {}),
        9: ("create", "", {}),
        10: ("create", "", {}),
        11: ("duplicate", "twice_in_file", {"line": 9}),
    }


def person(**columns: Any) -> Contact:
    """Somebody who was an active client on 2026-01-10, as it was read at the vendor."""
    values: dict[str, Any] = {
        "consent_type": "implied",
        "consent_relation": "active-clients",
        "consent_on": date(2026, 1, 10),
        "consent_expires_on": date(2028, 1, 10),
        "consent_read_at": now(),
    }
    return Contact(**{**values, **columns})


@pytest.mark.parametrize(
    ("columns", "relation", "expires", "taken"),
    [
        ({}, "information-request", date(2026, 12, 1), False),
        ({}, "active-clients", date(2028, 1, 11), True),
        ({}, "express-consent", None, True),
        ({"consent_type": "express"}, "active-clients", date(2030, 1, 1), False),
        ({}, "active-clients", date(2028, 1, 10), False),
        # Which of two that end on one day the vendor keeps is not documented (api/README.md 4.4).
        ({}, "partners", date(2028, 1, 10), None),
        ({}, "partners", None, None),
        ({"consent_read_at": None}, "active-clients", date(2028, 1, 10), None),
        ({"consent_expires_on": None, "consent_relation": ""}, "active-clients", date(2028, 1, 10), None),
    ],
)
def test_a_better_or_longer_consent_is_kept(
    columns: dict[str, Any], relation: str, expires: date | None, taken: bool | None
) -> None:
    assert improves(person(**columns), relation, expires) is taken
