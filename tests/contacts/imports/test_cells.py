"""Cells become values: those that the forms would make, or a refusal; nothing in between."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from contacts import cleaning
from contacts.countries import COUNTRIES
from contacts.imports import columns, dates
from contacts.imports.cells import for_target, tidy
from contacts.imports.convert import Converter
from contacts.imports.country_names import COUNTRY_NAMES
from contacts.imports.dates import Bad, Evidence
from contacts.imports.problems import Row, letters, show

TODAY = date(2026, 11, 23)
CUSTOMS = {
    custom.target: custom
    for custom in (
        columns.Custom(1, "Texte", "text"),
        columns.Custom(2, "Jour", "date"),
        columns.Custom(3, "Points", "integer"),
        columns.Custom(4, "Solde", "decimal number"),
    )
}


def value(target: str, text: str, order: str = "") -> Any:
    return for_target(target, CUSTOMS, order, TODAY)(tidy(text))


@pytest.mark.parametrize(
    ("target", "text", "expected"),
    [
        ("email", " Marie.T@Example.com ", "Marie.T@Example.com"),
        ("email", "Marie T <marie@example.com>", "marie@example.com"),
        ("email", '"Roy, Zoé" <zoe@example.com>;', "zoe@example.com"),
        ("email", "mailto:marie@example.com", "marie@example.com"),
        ("email", "marie@example.com.", "marie@example.com"),
        ("email", "\u200bmarie@example.com\xa0", "marie@example.com"),
        ("email", "marie@québec.example.ca", "marie@xn--qubec-csa.example.ca"),
        ("email", "o'neil+x@example.com", "o'neil+x@example.com"),
        ("first_name", "  Marie \t Ève ", "Marie Ève"),
        ("first_name", "'=Marie", "=Marie"),
        ("company", "L'Étang", "L'Étang"),
        ("language", "Français (Canada)", "fr_ca"),
        ("language", "ANGLAIS", "en_ca"),
        ("language", "en-US", "en_ca"),
        ("language", "F", "fr_ca"),
        ("gender", "Mme", "f"),
        ("gender", "Monsieur", "m"),
        ("gender", "non-binaire", "o"),
        ("country", "ca", "CA"),
        ("country", "États-Unis", "US"),
        ("country", "ROYAUME UNI", "GB"),
        ("country", "Côte d’Ivoire", "CI"),
        ("postal_code", "h2x1y4", "H2X 1Y4"),
        ("postal_code", "H2X-1Y4", "H2X 1Y4"),
        ("postal_code", "75001", "75001"),
        ("birth_date", "29 février 1980", "1980-02-29"),
        ("birth_date", "Feb. 29th, 1980", "1980-02-29"),
        ("birth_date", "29280", "1980-02-29"),
        ("birth_date", "1980-02-29 00:00:00", "1980-02-29"),
        ("birth_date", "29/02/1980", "1980-02-29"),
        ("birth_date", "02/29/1980", "1980-02-29"),
        ("birth_date", "04/04/1980", "1980-04-04"),
        ("consent_on", "1er mai 2025 à 14 h 05", "2025-05-01"),
        ("consent_on", "mar. 3 mars 2025", "2025-03-03"),
        ("consent_on", "2026-11-23", "2026-11-23"),
        ("custom:1", "x", "x"),
        ("custom:2", "20250403", "2025-04-03"),
        ("custom:3", "1\u202f234", 1234),
        ("custom:3", "12,00", 12),
        ("custom:4", "1\xa0234,50 $", 1234.5),
        ("custom:4", "0,125", 0.125),
        ("custom:4", "1,234,567.5", 1234567.5),
        ("custom:4", "-3", -3),
    ],
)
def test_cells_as_people_write_them(target: str, text: str, expected: Any) -> None:
    got = value(target, text)
    assert got == expected
    assert type(got) is type(expected)


@pytest.mark.parametrize(
    ("order", "expected"), [("day", "2025-04-03"), ("month", "2025-03-04"), ("", "date_ambiguous")]
)
def test_a_day_in_two_ways_follows_what_was_said(order: str, expected: str) -> None:
    try:
        assert value("consent_on", "03/04/2025", order) == expected
    except Bad as bad:
        assert bad.code == expected  # noqa: PT017 - the third case is the refusal itself


def test_a_day_against_the_order_is_refused_rather_than_turned() -> None:
    with pytest.raises(Bad, match="date_other_order"):
        value("consent_on", "04/13/2025", "day")


@pytest.mark.parametrize(
    ("cells", "order", "asks"),
    [
        (["03/04/2025", "13/04/2025"], "day", False),
        (["03/04/2025", "04/13/2025"], "month", False),
        (["03/04/2025"], "", True),
        (["03/04/2025", "13/04/2025", "04/13/2025"], "", True),
        (["2025-04-03", "04/04/2025", "3 avril 2025"], "", False),
    ],
)
def test_a_column_proves_its_order_or_asks(cells: list[str], order: str, asks: bool) -> None:
    evidence = Evidence()
    for cell in cells:
        evidence.take(cell)
    assert (evidence.order, evidence.must_ask) == (order, asks)


def test_nobody_consents_tomorrow() -> None:
    with pytest.raises(Bad, match="consent_in_future"):
        value("consent_on", "2026-11-24")


def test_every_country_has_a_name_in_both_languages() -> None:
    assert set(COUNTRY_NAMES.values()) == COUNTRIES
    assert COUNTRY_NAMES["allemagne"] == COUNTRY_NAMES["germany"] == "DE"


def test_a_row_says_all_that_is_wrong_and_what_the_address_was() -> None:
    mapping = {0: "email", 1: "language", 2: "postal_code", 3: "country"}
    convert = Converter(mapping, (), {}, ("Courriel", "Langue", "", "Pays"), TODAY)
    typed = convert(Row(5, ["marie@", "klingon", "90210", "Canada"], {}))
    assert (typed.number, typed.label) == (5, "marie@")
    assert [(problem.column, problem.code, problem.header, problem.shown) for problem in typed.problems] == [
        (0, "email_domain", "Courriel", "marie@"),
        (1, "language", "Langue", "klingon"),
        (2, "postal_code", "", "90210"),
    ]


def test_an_empty_cell_says_nothing_about_a_field() -> None:
    convert = Converter({0: "email", 1: "note", 2: "custom:3"}, tuple(CUSTOMS.values()), {}, ("a", "b", "c"), TODAY)
    assert convert(Row(2, ["a@example.com", " ", ""], {})).values == {"email": "a@example.com"}
    assert convert(Row(3, ["a@example.com"], {})).problems == ()
    long = convert(Row(4, ["a@example.com", "une\r\ndeux \n"], {}))
    assert long.values["note"] == "une\ndeux"


TEXTS = st.one_of(
    st.text(max_size=60),
    st.text("0123456789/-., :hT$€'’", max_size=20),
    st.text("abcé@.<>;, \"'", max_size=40),
    st.dates().map(str),
    st.sampled_from(["Canada", "fr", "F", "H2X 1Y4", "12", "1,5", "3 avril 2025", "a@example.com"]),
)


@given(TEXTS, st.sampled_from([*columns.TARGETS, *CUSTOMS]), st.sampled_from(["", "day", "month"]))
def test_what_is_taken_here_is_taken_by_the_forms_too(text: str, target: str, order: str) -> None:
    try:
        taken = value(target, text, order) if tidy(text) else None
    except Bad:
        return
    if taken is None or target in ("consent_on", "consent_proof"):
        return
    try:
        if target.startswith(columns.CUSTOM):
            assert cleaning._clean_custom(CUSTOMS[target].type, taken) == taken
        else:
            assert cleaning._clean_plain(target, taken) == taken
    except ValidationError as error:
        raise AssertionError(f"{target}: {text!r} became {taken!r}: {error.messages}") from None


@given(st.text())
def test_days_and_what_is_shown_never_crash(text: str) -> None:
    evidence = Evidence()
    evidence.take(text)
    try:
        assert dates.day(text).year >= 1900
    except Bad as bad:
        assert bad.code.startswith("date_")  # noqa: PT017 - either outcome is right
    assert len(show(text)) <= 80


def test_letters_of_columns() -> None:
    assert [letters(column) for column in (0, 25, 26, 701, 702, 16_383)] == ["A", "Z", "AA", "ZZ", "AAA", "XFD"]
