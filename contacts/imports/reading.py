"""Opening a list: what kind of file, how it is written, where its header is, and its rows as a stream.

An *opener* is a function without arguments that gives a fresh binary stream, seekable, at its start; the stream of a sealed
upload (`cyberadmin.sync.uploads.open_plain`) fits. A source is read more than once, so it asks for a stream each time.
"""

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from io import BytesIO
from itertools import islice
from typing import Any, BinaryIO

from cyberadmin.sync.file_kinds import HEAD, kind_of
from cyberadmin.sync.sealing import SealBroken

from . import encodings, separators, textrows, workbook
from .columns import Custom, header_key
from .encodings import Encoding
from .header import Header, at, find, is_again
from .problems import MAX_COLUMNS, WHOLE_ROW, Refused, Row

Opener = Callable[[], BinaryIO]

#: Rows that are looked at before anybody chooses anything.
GLANCE = 200
#: Why each kind of file is refused (codes of reasons.py).
_REFUSED = {
    "empty": "empty_file",
    "ole": "old_excel",
    "pdf": "pdf",
    "jpeg": "picture",
    "png": "picture",
    "picture": "picture",
    "html": "html",
    "xml": "xml",
    "rtf": "rtf",
    "archive": "archive",
    "binary": "not_a_list",
}


@dataclass(frozen=True)
class Options:
    """What a person chose, or what an earlier look found; None = find out. `header_row` 0 = there is no header."""

    encoding: str | None = None
    separator: str | None = None
    sheet: str | None = None
    header_row: int | None = None

    @classmethod
    def of(cls, layout: dict[str, Any]) -> "Options":
        """The options that open a file again as `Source.layout()` saw it."""
        return cls(*(layout.get(name) for name in ("encoding", "separator", "sheet", "header_row")))


@dataclass(frozen=True)
class Source:
    """A list that can be read. `kind` is "text" or "xlsx"; `sample` holds its first rows below the header."""

    opener: Opener
    kind: str
    header: tuple[str, ...]
    header_row: int | None
    sample: tuple[Row, ...]
    encoding: str = ""
    encoding_sure: bool = True
    mixed_encoding: bool = False
    separator: str = ""
    sheets: tuple[str, ...] = ()
    sheet: str = ""
    _encoding: Encoding = field(default=Encoding("utf-8"), repr=False)

    @property
    def header_key(self) -> str:
        """See columns.header_key."""
        return header_key(self.header) if self.header_row else ""

    def layout(self) -> dict[str, Any]:
        """How it is to be opened again, and its columns, as JSON for ImportFile.layout."""
        return {
            "kind": self.kind,
            "encoding": self.encoding,
            "separator": self.separator,
            "sheet": self.sheet,
            "header_row": self.header_row or 0,
            "columns": list(self.header),
        }

    def rows(self) -> Iterator[Row]:
        """Every row below the header that is not empty, once, in order; as many cells as the header at most.

        Raises Refused when the file turns out to be unreadable further down.
        """
        with _whole(), closing(self._raw()) as raw:
            for row in raw:
                if not self.header_row or row.number > self.header_row:
                    yield _fitted(row, self)

    def _raw(self) -> Generator[Row, None, None]:
        if self.kind == "xlsx":
            return workbook.rows(self.opener, self.sheet)
        return textrows.rows(self.opener(), self._encoding, self.separator)


def opener_of(data: bytes) -> Opener:
    """An opener of bytes in memory."""
    return lambda: BytesIO(data)


def pasted(text: str) -> Opener:
    """An opener of what somebody pasted; a lone surrogate, which no keyboard types, becomes a question mark."""
    return opener_of(text.encode("utf-8", "replace"))


def open_source(opener: Opener, options: Options = Options(), customs: Sequence[Custom] = ()) -> Source:
    """Look at a file and say how it would be read. Raises Refused with what is wrong and what to do."""
    with _whole():
        with closing(opener()) as stream:
            head = stream.read(HEAD)
        kind = kind_of(head)
        if kind in _REFUSED:
            raise Refused("protected" if kind == "ole" and workbook.is_protected(opener) else _REFUSED[kind])
        return _open_workbook(opener, options, customs) if kind == "zip" else _open_text(opener, options, customs)


@contextmanager
def _whole() -> Iterator[None]:
    """A kept file that was damaged on our own disk is refused like any other."""
    try:
        yield
    except SealBroken:
        raise Refused("damaged") from None


def _open_text(opener: Opener, options: Options, customs: Sequence[Custom]) -> Source:
    with closing(opener()) as stream:
        encoding = (
            encodings.named(options.encoding, stream)
            if options.encoding in encodings.CHOICES
            else encodings.detect(stream)
        )
    separator = options.separator
    if separator not in separators.CANDIDATES:
        with closing(opener()) as stream:
            lines = textrows.first_lines(stream, encoding)
        separator = separators.directive(lines[0]) if lines else ""
        separator = separator or separators.detect(lines)
    with closing(opener()) as stream:
        first = list(islice(textrows.rows(stream, encoding, separator), GLANCE))
    source = Source(
        opener,
        "text",
        (),
        None,
        (),
        encoding=encoding.name,
        encoding_sure=encoding.sure or options.encoding is not None,
        mixed_encoding=encoding.mixed,
        separator=separator,
        _encoding=encoding,
    )
    return _with_header(source, first, options, customs)


def _open_workbook(opener: Opener, options: Options, customs: Sequence[Custom]) -> Source:
    book, first = workbook.glance(opener, options.sheet, GLANCE)
    source = Source(opener, "xlsx", (), None, (), sheets=book.sheets, sheet=book.sheet)
    return _with_header(source, first, options, customs)


def _with_header(source: Source, first: list[Row], options: Options, customs: Sequence[Custom]) -> Source:
    if not first:
        raise Refused("no_rows", sheet=source.sheet)
    if options.header_row is None:
        header = find(first, customs)
    elif options.header_row:
        header = at(first, options.header_row)
    else:
        header = Header(None, ("",) * max(len(row.cells) for row in first))
    if len(header.names) > MAX_COLUMNS or all(
        WHOLE_ROW in row.faults and row.faults[WHOLE_ROW] == "too_many_columns" for row in first
    ):
        raise Refused("too_many_columns", most=MAX_COLUMNS)
    source = replace(source, header=header.names, header_row=header.row)
    below = [row for row in first if not header.row or row.number > header.row]
    return replace(source, sample=tuple(_fitted(row, source) for row in below))


def _fitted(row: Row, source: Source) -> Row:
    """The row without empty cells beyond the header, and with what does not fit the header marked."""
    cells, faults, width = row.cells, row.faults, len(source.header)
    if not source.header_row:
        return row
    if is_again(source.header, row):
        faults[WHOLE_ROW] = "header_again"
    if len(cells) > width:
        extra = next((index for index in range(width, len(cells)) if cells[index].strip()), None)
        if extra is None:
            return Row(row.number, cells[:width], faults)
        faults.setdefault(extra, "beyond_header")
    elif len(cells) == 1 and width > 1 and source.kind == "text" and _other_separator(cells[0], source):
        faults.setdefault(WHOLE_ROW, "other_separator")
    return row


def _other_separator(cell: str, source: Source) -> bool:
    return any(
        cell.count(candidate) == len(source.header) - 1
        for candidate in separators.CANDIDATES
        if candidate != source.separator
    )
