"""Rows of a text file (CSV, TSV, pasted), streamed: memory stays flat whatever the file holds.

`csv` of the standard library cuts the lines. Around it: a line or a quoted cell without an end is cut off at a limit and
reported as its row; a quote that is never closed costs its own row only, the lines after it are read again as rows.
"""

import csv
import io
from collections import deque
from collections.abc import Generator, Iterator
from typing import BinaryIO

from .encodings import ESCAPED, Encoding, repaired
from .problems import MAX_COLUMNS, MAX_ROWS, WHOLE_ROW, Refused, Row
from .separators import directive

#: Longest line, in characters: 16,384 columns with room for a note.
MAX_LINE = 1 << 21
#: Longest cell, as in Excel four times over, and most lines that one row may span.
MAX_CELL = 1 << 17
MAX_LINES = 100
#: So many rows with an open quote, and the quotes of the file as a whole are broken.
MAX_OPEN_QUOTES = 500


class _LineTooLong(Exception):
    pass


class _TooManyLines(Exception):
    pass


class _Lines:
    """The lines of the file, which can be pushed back, and those that the current row has used."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self.text = text
        self.waiting: deque[str] = deque()
        self.used: list[str] = []
        self.ended = False

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if len(self.used) >= MAX_LINES:
            raise _TooManyLines
        line = self.waiting.popleft() if self.waiting else self._read()
        if not line:
            self.ended = True
            raise StopIteration
        self.used.append(line)
        return line

    def _read(self) -> str:
        line = self.text.readline(MAX_LINE)
        if len(line) < MAX_LINE or line[-1] in "\r\n":
            return line
        start = line[:80]
        while len(line) == MAX_LINE and line[-1] not in "\r\n":
            line = self.text.readline(MAX_LINE)
        self.used.append(start)
        raise _LineTooLong

    def give_back(self) -> str:
        """The first line of the row that failed; the others will be read again."""
        first, *others = self.used
        self.waiting.extendleft(reversed(others))
        return first


def text_of(stream: BinaryIO, encoding: Encoding) -> io.TextIOWrapper:
    """The stream as text, from behind its mark; line ends of any kind stay as they are."""
    stream.seek(encoding.skip)
    return io.TextIOWrapper(stream, encoding.name, errors=encoding.errors, newline="")


def first_lines(stream: BinaryIO, encoding: Encoding, most: int = 200) -> list[str]:
    """The first lines, for finding the separator."""
    text = text_of(stream, encoding)
    lines: list[str] = []
    size = 0
    while len(lines) < most and size < MAX_LINE and (line := text.readline(MAX_LINE)):
        lines.append(line)
        size += len(line)
    return lines


def rows(stream: BinaryIO, encoding: Encoding, separator: str) -> Generator[Row, None, None]:
    """Every row that is not empty, in order. Raises Refused (too_many_rows, too_many_columns, quotes_broken)."""
    lines = _Lines(text_of(stream, encoding))
    number = open_quotes = 0
    while True:
        lines.used.clear()
        cells, fault = _next(lines, separator)
        if cells is None:
            return
        number += 1
        if number == 1 and directive(lines.used[0]):
            continue
        if number > MAX_ROWS:
            raise Refused("too_many_rows", most=MAX_ROWS)
        if fault == "open_quote":
            open_quotes += 1
            if open_quotes > MAX_OPEN_QUOTES:
                raise Refused("quotes_broken", row=number)
        if fault or any(cells):
            row = _row(number, cells, fault)
            if row.faults or any(cell.strip() for cell in row.cells):
                yield row


def _next(lines: _Lines, separator: str) -> tuple[list[str] | None, str]:
    try:
        cells = next(csv.reader(lines, delimiter=separator))
    except StopIteration:
        return None, ""
    except _LineTooLong:
        return [lines.give_back()], "line_too_long"
    except (csv.Error, _TooManyLines):
        return _plain(lines.give_back(), separator), "open_quote"
    if len(lines.used) > 1 or lines.ended:
        wrong = _wrong(lines.used, separator)
        if wrong and len(lines.used) > 1:
            return _plain(lines.give_back(), separator), "open_quote"
        if "end of data" in wrong:
            return cells, "open_quote"
    return cells, ""


def _wrong(used: list[str], separator: str) -> str:
    """What is wrong with the quotes of these lines when they are taken strictly, or ""."""
    try:
        next(csv.reader(iter(used), delimiter=separator, strict=True), None)
    except csv.Error as error:
        return str(error)
    return ""


def _plain(line: str, separator: str) -> list[str]:
    """The cells of one line when its quotes mean nothing."""
    return line[:MAX_CELL].rstrip("\r\n").split(separator)[:MAX_COLUMNS]


def _row(number: int, cells: list[str], fault: str) -> Row:
    faults = {WHOLE_ROW: fault} if fault else {}
    if len(cells) > MAX_COLUMNS:
        while cells and not cells[-1]:
            cells.pop()
        if len(cells) > MAX_COLUMNS:
            return Row(number, cells[:1], {WHOLE_ROW: "too_many_columns"})
    joined = "".join(cells)
    if not joined.isascii() and ("\ufffd" in joined or not joined.isprintable()):
        for column, cell in enumerate(cells):
            if "\ufffd" in cell or ESCAPED.search(cell):
                faults[column] = "mixed_encoding"
                cells[column] = repaired(cell)
    return Row(number, cells, faults)
