"""Whether the vendor would take the consent that a row claims."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from contacts.imports.judging import improves
from contacts.models import Contact
from cyberadmin.sync.clock import now


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
