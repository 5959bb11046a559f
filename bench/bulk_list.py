"""The list that bench/bulk.py imports: made row by row, so that it costs no memory, as CSV or XLSX."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from cyberadmin.api.types import AddMembers, BatchMember
from cyberadmin.exports.writers import WRITERS, Stream

HEADER = ["Courriel", "Prénom", "Nom", "Entreprise", "Date de consentement"]
GIVEN = date(2026, 6, 1)
RELATION = "active-clients"


def person(number: int) -> list[str]:
    """One row: address, first name, last name, company."""
    return [f"person{number:07}@example.com", f"Person {number % 977}", f"Number {number}", f"Company {number % 4999}"]


def stream(form: str, rows: int) -> Stream:
    """The file, as it would arrive from a browser. `form`: csv or xlsx."""
    lines: Iterator[list[Any]] = ([*person(number), GIVEN.isoformat()] for number in range(rows))
    return Stream(WRITERS[form](HEADER, HEADER, lines, "en"))


def batch(numbers: range, groups: list[int]) -> AddMembers:
    """What the vendor is sent for these rows."""
    members = []
    for number in numbers:
        email, first, last, company = person(number)
        members.append(BatchMember(email=email, first_name=first, last_name=last, company=company, consent_date=GIVEN))
    return AddMembers(members=members, relation_type=RELATION, groups=groups)
