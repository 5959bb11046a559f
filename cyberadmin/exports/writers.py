"""A list as CSV, XLSX or JSON, in pieces of bytes: memory stays flat whatever its length, and nothing is written in clear.

An XLSX is written by hand, since libraries keep its rows in a temporary file first: a zip of six small XML files around
sheets of typed texts and numbers, which no spreadsheet computes.
"""

import csv
import io
import json
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime
from typing import Any
from xml.sax.saxutils import escape

from cyberadmin.sync.spreadsheet import safe

#: Rows of one sheet, below the 1,048,576 that Excel opens; a longer list goes on in the next sheet.
SHEET_ROWS = 1_000_000
#: A text that Excel still opens.
_LONGEST = 32_000
_PIECE = 1 << 18
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

Rows = Iterable[list[Any]]


def plain(value: Any) -> Any:
    """A value as it is written: moments and days in ISO form, yes and no as 1 and 0 in tables."""
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    return value.isoformat() if isinstance(value, date) else value


# --- CSV ---
class _Echo:
    def write(self, line: str) -> str:
        return line


def as_csv(names: list[str], labels: list[str], rows: Rows, language: str) -> Iterator[bytes]:
    """UTF-8 with its mark; semicolons in French, commas in English, as a spreadsheet of that language expects."""
    writer: Any = csv.writer(_Echo(), delimiter=";" if language.startswith("fr") else ",")
    yield "\ufeff".encode()
    yield writer.writerow([safe(label) for label in labels]).encode()
    for row in rows:
        yield writer.writerow([_csv_cell(value) for value in row]).encode("utf-8", "replace")


def _csv_cell(value: Any) -> str:
    if isinstance(value, int | float):
        return str(int(value) if isinstance(value, bool) else value)
    return safe(plain(value))


# --- JSON ---
def as_json(names: list[str], labels: list[str], rows: Rows, language: str) -> Iterator[bytes]:
    """A list of objects with stable names; values as they are."""
    first = True
    for row in rows:
        values = {name: plain(value) for name, value in zip(names, row, strict=True)}
        yield (("[\n" if first else ",\n") + json.dumps(values, ensure_ascii=False)).encode("utf-8", "replace")
        first = False
    yield b"[]\n" if first else b"\n]\n"


# --- XLSX ---
_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_PART = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'


class Drain(io.RawIOBase):
    """What the zip is written to; taken away piece by piece."""

    def __init__(self) -> None:
        self._held = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._held += data
        return len(data)

    def take(self) -> bytes:
        """What was written since the last time."""
        taken = bytes(self._held)
        self._held.clear()
        return taken


def as_xlsx(names: list[str], labels: list[str], rows: Rows, language: str) -> Iterator[bytes]:
    """One workbook, with as many sheets as the rows need, each with the labels above."""
    drain, cells, sheets = Drain(), iter(rows), 0
    head = _row([safe(label) for label in labels])
    with zipfile.ZipFile(drain, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as book:
        more: list[Any] | None = next(cells, None)
        while sheets == 0 or more is not None:
            sheets += 1
            with book.open(f"xl/worksheets/sheet{sheets}.xml", "w") as sheet:
                sheet.write(f'{_HEAD}<worksheet xmlns="{_MAIN}"><sheetData>{head}'.encode())
                written = 1
                while more is not None and written < SHEET_ROWS:
                    sheet.write(_row(more).encode())
                    written, more = written + 1, next(cells, None)
                    if written % 500 == 0:
                        yield drain.take()
                sheet.write(b"</sheetData></worksheet>")
        for name, text in _frame(sheets):
            book.writestr(name, _HEAD + text)
    yield drain.take()


def _row(values: list[Any]) -> str:
    return f"<row>{''.join(_cell(value) for value in values)}</row>"


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return f'<c t="b"><v>{int(value)}</v></c>'
    if isinstance(value, int | float):
        return f"<c><v>{value}</v></c>"
    text = safe(plain(value))
    if not text:
        return "<c/>"
    return f'<c t="inlineStr"><is><t xml:space="preserve">{escape(_NOT_XML.sub("", text)[:_LONGEST])}</t></is></c>'


def _frame(sheets: int) -> Iterator[tuple[str, str]]:
    numbers = range(1, sheets + 1)
    parts = "".join(
        f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="{_PART}.worksheet+xml"/>' for n in numbers
    )
    yield (
        "[Content_Types].xml",
        f'<Types xmlns="{_TYPES}"><Default Extension="rels"'
        ' ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_PART}.sheet.main+xml"/>{parts}</Types>',
    )
    yield (
        "_rels/.rels",
        f'<Relationships xmlns="{_RELATIONS}"><Relationship Id="r1" Type="{_OFFICE}/officeDocument"'
        ' Target="xl/workbook.xml"/></Relationships>',
    )
    listed = "".join(f'<sheet name="{n}" sheetId="{n}" r:id="r{n}"/>' for n in numbers)
    yield "xl/workbook.xml", f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{listed}</sheets></workbook>'
    related = "".join(
        f'<Relationship Id="r{n}" Type="{_OFFICE}/worksheet" Target="worksheets/sheet{n}.xml"/>' for n in numbers
    )
    yield "xl/_rels/workbook.xml.rels", f'<Relationships xmlns="{_RELATIONS}">{related}</Relationships>'


WRITERS: dict[str, Callable[[list[str], list[str], Rows, str], Iterator[bytes]]] = {
    "csv": as_csv,
    "xlsx": as_xlsx,
    "json": as_json,
}


class Stream(io.RawIOBase):
    """Pieces of bytes as a file that can be read."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._held = bytearray()

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        """Up to `size` bytes; b"" at the end."""
        wanted = _PIECE if size is None or size < 0 else size
        while len(self._held) < wanted and (piece := next(self._pieces, None)) is not None:
            self._held += piece
        taken = bytes(self._held[:wanted])
        del self._held[:wanted]
        return taken
