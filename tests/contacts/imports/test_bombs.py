"""What unpacks to far more than it seems is refused at once, by a process that could not hold it anyway (fault 72)."""

from __future__ import annotations

import json
import subprocess
import sys

import orjson
import pytest
from django.conf import settings

from contacts.imports import reading
from contacts.imports.problems import Refused
from contacts.imports.reading import opener_of
from tests.contacts.imports.books import Raw, parts_of, sheet_xml, zipped
from tests.contacts.imports.corpus import CASES, bomb, overlapping

pytestmark = pytest.mark.any_database

BOMBS = {
    "sheet": bomb(150_000_000),
    "shared texts": bomb(150_000_000, shared=True),
    "overlapping": overlapping(60_000_000),
    "billion laughs": CASES["billion laughs"][0],
    "billion laughs in shared texts": CASES["billion laughs in shared texts"][0],
    "external entity": CASES["external entity"][0],
    "giant attribute": CASES["a giant attribute"][0],
}


#: The process as it is started for real, which tells its own peak of memory at the end.
CHILD = """
import re, sys, time
from contacts.imports import xlsx_child
xlsx_child.main()
peak = re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1]
print(int(peak) // 1024, time.process_time(), file=sys.stderr)
"""


def child(data: bytes) -> tuple[list[bytes], int, float]:
    """What the reading process says, its peak memory in MB, and its processor time in seconds."""
    said = subprocess.run(
        [sys.executable, "-c", CHILD, json.dumps({"sheet": None, "limit": None})],
        input=data,
        capture_output=True,
        cwd=settings.BASE_DIR,
        env={"PYTHONPATH": str(settings.BASE_DIR)},
        check=True,
    )
    memory, seconds = said.stderr.split()
    return said.stdout.splitlines(), int(memory), float(seconds)


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_at_once_and_small(name: str) -> None:
    lines, memory, seconds = child(BOMBS[name])
    assert "refused" in orjson.loads(lines[-1])
    # Processor time, since others may use the machine meanwhile (engine.md 4, line 23: under a second).
    assert seconds < 1
    assert memory < 200
    with pytest.raises(Refused):
        reading.open_source(opener_of(BOMBS[name]))


def test_a_reader_that_dies_is_a_refusal() -> None:
    """A sheet that needs more memory than the process may have, in a shape that no count foresees."""
    texts = (f"{index:06}" + "x" * 5000 for index in range(40_000))
    data = zipped(parts_of({"Feuil1": sheet_xml([["Courriel"], ["a@example.com"]])}, shared=texts), 0)
    with pytest.raises(Refused) as refused:
        list(reading.open_source(opener_of(data)).rows())
    assert refused.value.code in ("too_much_text", "too_much_inside")


def test_cells_in_the_far_corner_of_every_row_are_refused() -> None:
    rows = "".join(f'<row r="{n}"><c r="XFD{n}" t="str"><v>{n}</v></c></row>' for n in range(1, 20_000))
    data = zipped(parts_of({"Feuil1": sheet_xml([]).replace("<sheetData>", f"<sheetData>{rows}")}))
    with pytest.raises(Refused) as refused:
        list(reading.open_source(opener_of(data)).rows())
    assert refused.value.code == "too_scattered"


def test_the_reading_process_gets_nothing_of_ours() -> None:
    """It can neither start a process nor write a file; its environment is the two names that workbook.py gives it."""
    program = (
        "import os, resource\n"
        "from contacts.imports.xlsx_child import limit\n"
        "limit()\n"
        "print(resource.getrlimit(resource.RLIMIT_NPROC), resource.getrlimit(resource.RLIMIT_FSIZE))"
    )
    said = subprocess.run(
        [sys.executable, "-c", program], cwd=settings.BASE_DIR, capture_output=True, text=True, check=True
    )
    assert said.stdout.strip() == "(0, 0) (0, 0)"


def test_a_stray_cell_in_the_last_corner_costs_nothing() -> None:
    """Readers that hold a sheet as one block ask for 17 billion cells here."""
    rows = [["Courriel"], ["a@example.com"]]
    corner = Raw('<c r="XFD1048576" t="str"><v>x</v></c>')
    xml = sheet_xml(rows).replace("</sheetData>", f'<row r="1048576">{corner}</row></sheetData>')
    data = zipped(parts_of({"Feuil1": xml}))
    lines, memory, _ = child(data)
    assert memory < 200
    assert orjson.loads(lines[-1]) == {"end": True}
    source = reading.open_source(opener_of(data))
    assert [row.number for row in source.rows()] == [2, 1_048_576]


def test_two_hundred_thousand_rows_of_a_workbook_fit() -> None:
    """Fault 72 and the figure of 300 MB: the reading process is measured, which is all that grows with the sheet."""
    rows = 200_000
    lines = ['<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c></row>']
    lines += [
        f'<row r="{n}"><c r="A{n}" t="s"><v>{2 * n - 2}</v></c><c r="B{n}" t="s"><v>{2 * n - 1}</v></c></row>'
        for n in range(2, rows + 2)
    ]
    shared = ["Courriel", "Note"]
    for n in range(2, rows + 2):
        shared += [f"personne{n}@example{n % 977}.com", f"Rencontrée au salon, carte numéro {n}, à rappeler"]
    xml = sheet_xml([]).replace("<sheetData>", "<sheetData>" + "".join(lines))
    said, memory, _ = child(zipped(parts_of({"Feuil1": xml}, shared=shared)))
    assert sum(len(orjson.loads(line)) for line in said[1:-1]) == rows + 1
    assert memory < 200
