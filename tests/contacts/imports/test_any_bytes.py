"""Whatever the bytes are: a list with every row accounted for, or a refusal in a sentence; never anything else."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contacts.imports import columns, reading, reasons
from contacts.imports.convert import Converter
from contacts.imports.problems import Refused
from contacts.imports.survey import survey
from tests.contacts.imports.books import book
from tests.contacts.imports.corpus import GOOD, HEADER, csv_of

pytestmark = pytest.mark.any_database

GOOD_CSV = csv_of(HEADER, GOOD, GOOD)
GOOD_BOOK = book([["Courriel", "Prénom"], ["a@example.com", "Zoé"]])
LINES = st.text("aé@.;,\t|\"\n\r\x00'=<> 0123456789/", max_size=400)


def read(data: bytes) -> None:
    try:
        source = reading.open_source(reading.opener_of(data))
        mapping = columns.preset(columns.guess(source.header, source.sample))
        found = survey(source, mapping)
        convert = Converter(mapping, (), found.orders("day"), source.header, date(2026, 11, 23))
        rows = [convert(row) for row in source.rows()]
        assert len(rows) == found.rows
        assert all(reasons.sentence(problem) for row in rows for problem in row.problems)
    except Refused as refused:
        if not reasons.refusal(refused):
            raise


@settings(max_examples=300)
@given(st.binary(max_size=2000))
def test_any_bytes(data: bytes) -> None:
    read(data)


@settings(max_examples=300)
@given(LINES, st.sampled_from(["utf-8", "utf-16", "cp1252", "mac_roman"]))
def test_any_lines_in_any_encoding(text: str, encoding: str) -> None:
    read(text.encode(encoding))


@settings(max_examples=200)
@given(st.lists(st.tuples(st.integers(0, len(GOOD_CSV) - 1), st.binary(max_size=3)), min_size=1, max_size=5))
def test_a_good_list_with_some_bytes_changed(changes: list[tuple[int, bytes]]) -> None:
    data = bytearray(GOOD_CSV)
    for place, piece in changes:
        data[place : place + len(piece)] = piece
    read(bytes(data))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.integers(0, len(GOOD_BOOK) - 1), st.integers(0, 255)), min_size=1, max_size=4))
def test_a_good_workbook_with_some_bytes_changed(changes: list[tuple[int, int]]) -> None:
    data = bytearray(GOOD_BOOK)
    for place, byte in changes:
        data[place] = byte
    read(bytes(data))
