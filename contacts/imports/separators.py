"""Which character stands between the columns of a text file.

Each candidate cuts the first rows; the one wins under which most rows have the same number of columns and cells with an
@ hold nothing but an address. The latter decides where every row of a semicolon file also holds a comma.
"""

import csv
import re
from collections import Counter
from collections.abc import Sequence

CANDIDATES = (";", ",", "\t", "|")
#: A longer line says nothing about the others, and `csv` refuses it.
LONGEST = 100_000
_DIRECTIVE = re.compile(r"^sep=(.)\s*$", re.IGNORECASE)
_ADDRESS = re.compile(r"^\s*[^\s@;,|\"]+@[^\s@;,|\"]+\s*$")


def directive(line: str) -> str:
    """The separator that Excel's own first line (`sep=;`) names, or ""."""
    found = _DIRECTIVE.match(line.lstrip("\ufeff"))
    return found.group(1) if found else ""


def detect(lines: Sequence[str]) -> str:
    """The separator of these first lines; a comma when nothing separates anything, as in a list of addresses."""
    best, most = ",", 0.0
    lines = [line for line in lines if len(line) < LONGEST]
    for candidate in CANDIDATES:
        score = _score(lines, candidate)
        if score > most:
            best, most = candidate, score
    return best


def _score(lines: Sequence[str], separator: str) -> float:
    try:
        rows = [row for row in csv.reader(iter(lines), delimiter=separator) if any(cell.strip() for cell in row)]
    except csv.Error:
        return 0.0
    widths = Counter(len(row) for row in rows if len(row) > 1)
    if not widths:
        return 0.0
    share = max(widths.values()) / len(rows)
    with_at = [cell for row in rows for cell in row if "@" in cell]
    clean = sum(1 for cell in with_at if _ADDRESS.match(cell)) / len(with_at) if with_at else 0.5
    return share + 2 * clean + min(max(widths), 50) / 1000
