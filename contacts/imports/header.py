"""Where the header stands: below titles and empty rows, or nowhere."""

from collections.abc import Sequence
from dataclasses import dataclass

from .columns import IGNORE, Custom, has_address, recognise
from .problems import Row

#: The header is looked for among so many rows that are not empty.
LOOKED_AT = 30


@dataclass(frozen=True)
class Header:
    """`row` is its number in the file, None when the file has none; `names` are the names of the columns ("" = unnamed)."""

    row: int | None
    names: tuple[str, ...]


def find(rows: Sequence[Row], customs: Sequence[Custom] = ()) -> Header:
    """The header among the first rows: the one in which most cells are known names, else the one above the addresses."""
    looked = rows[:LOOKED_AT]
    scores = [_score(row, customs) for row in looked]
    if scores and max(scores) > 0:
        return at(rows, looked[scores.index(max(scores))].number)
    for index, row in enumerate(looked):
        if _has_address(row):
            above = looked[index - 1] if index else None
            fits = above is not None and _filled(above) > 1 and _filled(above) >= _filled(row) // 2
            return at(rows, above.number) if above is not None and fits else Header(None, ("",) * _width(rows))
    return Header(None, ("",) * _width(rows))


def at(rows: Sequence[Row], number: int) -> Header:
    """The header in the row that a person chose. Names merged over rows or columns are filled in."""
    index = next((index for index, row in enumerate(rows) if row.number == number), None)
    if index is None:
        return Header(None, ("",) * _width(rows))
    names = [" ".join(cell.split()) for cell in rows[index].cells]
    below = rows[index + 1 :]
    used = _used_width(below)
    names += [""] * (used - len(names))
    for column in range(len(names)):
        if not names[column]:
            names[column] = _merged_name(rows[:index], names, below, column)
    while len(names) > used and not names[-1]:
        names.pop()
    return Header(number, tuple(names))


def is_again(names: Sequence[str], row: Row) -> bool:
    """Whether a row repeats the header, as when two lists were put one under the other."""
    if not names or not row.cells or " ".join(row.cells[0].split()) != names[0]:
        return False
    cells = [" ".join(cell.split()) for cell in row.cells]
    return any(cells) and _trimmed(cells) == _trimmed(names)


def _trimmed(texts: Sequence[str]) -> list[str]:
    kept = list(texts)
    while kept and not kept[-1]:
        kept.pop()
    return kept


def _used_width(below: Sequence[Row]) -> int:
    """How far the columns reach: people leave the last ones without a name, but one longer row has only slipped."""
    reached = sorted((_content_width(row) for row in below), reverse=True)
    enough = max(2, (len(below) + 1) // 2)
    return reached[enough - 1] if len(reached) >= enough else 0


def _content_width(row: Row) -> int:
    return next((column + 1 for column in range(len(row.cells) - 1, -1, -1) if row.cells[column].strip()), 0)


def _merged_name(above: Sequence[Row], names: Sequence[str], below: Sequence[Row], column: int) -> str:
    """The name of an unnamed column with content: from a cell merged over two rows, else over two columns."""
    if not any(column < len(row.cells) and row.cells[column].strip() for row in below):
        return ""
    for row in reversed(above[-2:]):
        if _filled(row) > 1 and column < len(row.cells) and row.cells[column].strip():
            return " ".join(row.cells[column].split())
    left = names[column - 1] if column else ""
    return f"{left} (2)" if left and not left.endswith(")") else ""


def _score(row: Row, customs: Sequence[Custom]) -> float:
    if _has_address(row):
        return 0.0
    known = [recognise(cell, customs) for cell in row.cells if cell.strip()]
    sure = sum(found for target, found, _ in known if target != IGNORE)
    # A title such as "Langue" alone in its row is no header when the list below has more columns.
    return sure + sum(0.2 for _, _, why in known if why == "full_name") if known else 0.0


def _has_address(row: Row) -> bool:
    return any(has_address(cell) for cell in row.cells)


def _filled(row: Row) -> int:
    return sum(1 for cell in row.cells if cell.strip())


def _width(rows: Sequence[Row]) -> int:
    return max((len(row.cells) for row in rows), default=0)
