"""Every malformed list is refused in a sentence or reported by row and column; none crashes, none takes much memory."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from datetime import date

import pytest
from django.utils import translation

from contacts.imports import columns, reading, reasons
from contacts.imports.convert import Converter
from contacts.imports.problems import Problem, Refused
from contacts.imports.survey import survey
from tests.contacts.imports.corpus import CASES, Expected

pytestmark = pytest.mark.any_database

CUSTOMS = (
    columns.Custom(1, "Points", "integer"),
    columns.Custom(2, "Solde", "decimal number"),
    columns.Custom(3, "Membre depuis", "date"),
)
TODAY = date(2026, 11, 23)


def problems_of(data: bytes) -> list[tuple[int, Problem]]:
    """What an import of these bytes would report. Raises Refused."""
    source = reading.open_source(reading.opener_of(data), customs=CUSTOMS)
    mapping = columns.preset(columns.guess(source.header, source.sample, CUSTOMS))
    found = survey(source, mapping, CUSTOMS)
    convert = Converter(mapping, CUSTOMS, found.orders(), source.header, TODAY)
    rows = [convert(row) for row in source.rows()]
    assert len(rows) == found.rows
    assert len({row.number for row in rows}) == len(rows)
    return [(row.number, problem) for row in rows for problem in row.problems]


def test_the_corpus_is_large_enough() -> None:
    assert len(CASES) >= 150


@pytest.mark.parametrize("name", CASES)
def test_each_is_refused_or_reported(name: str) -> None:
    data, expected = CASES[name]
    got: Expected
    try:
        problems = problems_of(data)
        got = [(number, problem.column, problem.code) for number, problem in problems]
        for language in ("en", "fr"):
            with translation.override(language):
                assert all(reasons.sentence(problem) for _, problem in problems)
        assert all(len(problem.shown) <= 80 and problem.shown.isprintable() for _, problem in problems)
        assert json.dumps([problem.as_json() for _, problem in problems]).isascii()
    except Refused as refused:
        got = refused.code if reasons.refusal(refused) else "without words"
    assert got == expected


WHOLE = """
import re
import django
django.setup()
from tests.contacts.imports.corpus import CASES
from tests.contacts.imports.test_corpus import problems_of
from contacts.imports.problems import Refused
# Making the corpus took memory too: the peak counts from here.
with open("/proc/self/clear_refs", "w") as peak:
    peak.write("5")
for data, _ in CASES.values():
    try:
        problems_of(data)
    except Refused:
        pass
print(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1])
"""


def test_the_whole_corpus_in_one_process_stays_small() -> None:
    """Fault 72: under 300 MB, in a process that may not have more than 700 MB of addresses anyway."""
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"}
    said = subprocess.run(
        [sys.executable, "-c", WHOLE],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (700 << 20, 700 << 20)),
    )
    assert 20 < int(said.stdout) // 1024 < 300
