"""Rows of a workbook (XLSX), streamed out of its XML. Runs in a child process (xlsx_child.py); plain Python, no Django.

Why not a library: calamine and its kind hold a whole sheet in memory as one dense block, so that a single stray cell in
the last corner of a sheet, which Excel users make without knowing, asks for gigabytes; and none of them tells a formula
without a kept value from an empty cell. Python's own expat reads the same XML as a stream: memory is bounded by the
shared texts, which are capped. Formulas are never evaluated: the value that Excel kept is taken. A document type
definition, the only door to entities, is refused at its first sight.
"""

import re
from array import array
from collections.abc import Callable, Iterator
from typing import BinaryIO
from xml.parsers import expat

from .problems import MAX_COLUMNS, MAX_ROWS, Refused
from .serials import as_text

CHUNK = 1 << 16
#: Bytes fed without the parser seeing anything in them: one giant name or attribute, which it would keep in memory.
MAX_STALL = 1 << 20
#: Bytes of texts that cells share.
MAX_SHARED = 160 << 20
#: Longest text of a cell, four times what Excel allows.
MAX_CELL = 1 << 17
_BUILT_IN_DATES = {*range(14, 18), 22, *range(27, 37), *range(50, 59)}
_LITERAL = re.compile(r'"[^"]*"|\[[^\]]*\]|\\.|_.')

#: (number, cells by column, faults by column)
Cells = tuple[int, dict[int, str], dict[int, str]]
Attributes = dict[str, str]


class Parser:
    """An expat parser that refuses document types and giant tokens, and strips prefixes off the names."""

    def __init__(self) -> None:
        self.expat = expat.ParserCreate()
        self.expat.buffer_text = True
        self.expat.StartDoctypeDeclHandler = self._refuse
        self.expat.StartElementHandler = self._start
        self.expat.EndElementHandler = self._end
        self.expat.CharacterDataHandler = self.text
        self._prefix = -1
        self._seen = 0

    def feed(self, stream: BinaryIO) -> Iterator[None]:
        """Parse the stream, giving control back after each chunk."""
        stalled = 0
        while chunk := stream.read(CHUNK):
            self.expat.Parse(chunk, False)
            if self.expat.CurrentByteIndex > self._seen:
                self._seen, stalled = self.expat.CurrentByteIndex, 0
            else:
                stalled += len(chunk)
                if stalled > MAX_STALL:
                    raise Refused("workbook_broken")
            yield
        self.expat.Parse(b"", True)
        yield

    def start(self, name: str, attributes: Attributes) -> None:
        """An element begins."""

    def end(self, name: str) -> None:
        """An element ends."""

    def text(self, data: str) -> None:
        """Text between elements."""

    def _refuse(self, *_: object) -> None:
        raise Refused("xml_entities")

    def _start(self, name: str, attributes: Attributes) -> None:
        if self._prefix < 0:
            self._prefix = name.rfind(":") + 1
            if not self._prefix:
                # Nothing to strip, as nearly always: millions of calls are saved.
                self.expat.StartElementHandler = self.start
                self.expat.EndElementHandler = self.end
        self.start(name[self._prefix :], attributes)

    def _end(self, name: str) -> None:
        self.end(name[self._prefix :])


class Collector(Parser):
    """Calls a function with the name and attributes of every element: for the small parts of a workbook."""

    def __init__(self, take: Callable[[str, Attributes], None]) -> None:
        super().__init__()
        self.start = take  # type: ignore[method-assign, assignment]


class Shared(Parser):
    """The texts that cells share, packed: as bytes one behind the other, since a million small strings weigh 60 MB more."""

    def __init__(self) -> None:
        super().__init__()
        self._packed = bytearray()
        self._ends = array("Q", [0])
        self._parts: list[str] = []
        self._inside = self._phonetic = False

    def __getitem__(self, index: int) -> str:
        if not 0 <= index < len(self._ends) - 1:
            raise Refused("workbook_broken")
        return self._packed[self._ends[index] : self._ends[index + 1]].decode()

    def start(self, name: str, attributes: Attributes) -> None:
        if name == "t":
            self._inside = not self._phonetic
        elif name == "rPh":
            self._phonetic = True

    def end(self, name: str) -> None:
        if name == "t":
            self._inside = False
        elif name == "rPh":
            self._phonetic = False
        elif name == "si":
            self._packed += "".join(self._parts).encode()[:MAX_CELL]
            self._ends.append(len(self._packed))
            self._parts.clear()
            if len(self._packed) + 8 * len(self._ends) > MAX_SHARED:
                raise Refused("too_much_text")

    def text(self, data: str) -> None:
        if self._inside:
            self._parts.append(data)


class Styles(Parser):
    """Which cell styles show a number as a date."""

    def __init__(self) -> None:
        super().__init__()
        self._own: dict[str, bool] = {}
        self._in_cells = False
        self.dates: list[bool] = []

    def start(self, name: str, attributes: Attributes) -> None:
        if name == "numFmt":
            self._own[attributes.get("numFmtId", "")] = shows_date(attributes.get("formatCode", ""))
        elif name == "cellXfs":
            self._in_cells = True
        elif name == "xf" and self._in_cells:
            number = attributes.get("numFmtId", "0")
            built_in = number.isdigit() and int(number) in _BUILT_IN_DATES
            self.dates.append(self._own.get(number, built_in))

    def end(self, name: str) -> None:
        if name == "cellXfs":
            self._in_cells = False


class Sheet(Parser):
    """The rows of one sheet. `ready` collects them until they are taken."""

    def __init__(self, shared: Shared, dates: list[bool], since_1904: bool) -> None:
        super().__init__()
        self.shared, self.dates, self.since_1904 = shared, dates, since_1904
        self.ready: list[Cells] = []
        self._number = self._column = 0
        self._cells: dict[int, str] = {}
        self._faults: dict[int, str] = {}
        self._kind = self._style = ""
        self._value: list[str] | None = None
        self._taking = self._formula = False
        self._columns: dict[str, int] = {}

    def start(self, name: str, attributes: Attributes) -> None:
        if name == "c":
            self._column = self._index(attributes.get("r"))
            self._kind = attributes.get("t", "n")
            self._style = attributes.get("s", "")
            self._value, self._formula = None, False
        elif name == "v" or name == "t":
            self._taking = True
            if self._value is None:
                self._value = []
        elif name == "f":
            self._formula = True
        elif name == "row":
            self._begin_row(attributes.get("r", ""))

    def end(self, name: str) -> None:
        if name == "v" or name == "t":
            self._taking = False
        elif name == "c":
            self._keep()
        elif name == "row" and (self._cells or self._faults):
            self.ready.append((self._number, self._cells, self._faults))
            self._cells, self._faults = {}, {}

    def text(self, data: str) -> None:
        if self._taking and self._value is not None:
            self._value.append(data)

    def _begin_row(self, number: str) -> None:
        said = int(number) if number.isdecimal() and len(number) < 8 else 0
        self._number = max(self._number + 1, said)
        self._column = -1
        if self._number > MAX_ROWS:
            raise Refused("too_many_rows", most=MAX_ROWS)

    def _index(self, reference: str | None) -> int:
        """The column of a cell; without a reference, the next one."""
        if not reference:
            column = self._column + 1
        else:
            name = reference.rstrip("0123456789")
            known = self._columns.get(name)
            column = known if known is not None else self._columns.setdefault(name, _number_of(name))
        if not 0 <= column < MAX_COLUMNS:
            raise Refused("too_many_columns", most=MAX_COLUMNS)
        return column

    def _keep(self) -> None:
        if self._value is None:
            if self._formula:
                self._faults[self._column] = "formula_without_value"
            return
        text = "".join(self._value)[:MAX_CELL]
        kind = self._kind
        if kind == "s":
            text = self.shared[int(text) if text.strip().isdecimal() else -1]
        elif kind == "n":
            text = self._number_text(text)
        elif kind == "e":
            self._faults[self._column] = "error_value"
        elif kind == "b":
            text = "TRUE" if text.strip() == "1" else "FALSE"
        if text:
            self._cells[self._column] = text

    def _number_text(self, text: str) -> str:
        """A number as a person would type it: a date as ISO, a whole number without a point, others without noise."""
        style = self._style
        is_date = style.isdecimal() and int(style) < len(self.dates) and self.dates[int(style)]
        if text.isdecimal() and not is_date:
            return text
        try:
            number = float(text)
        except ValueError:
            return text
        if is_date:
            return as_text(number, self.since_1904) or text
        return str(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number)


def shows_date(code: str) -> bool:
    """Whether a number format shows a day (a format that shows only a time does not)."""
    plain = _LITERAL.sub("", code.lower().split(";")[0])
    return "y" in plain or "d" in plain and "m" in plain


def _number_of(name: str) -> int:
    if not 0 < len(name) <= 3 or not name.isascii() or not name.isalpha():
        raise Refused("workbook_broken")
    number = 0
    for letter in name.upper():
        number = number * 26 + ord(letter) - 64
    return number - 1
