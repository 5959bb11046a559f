"""What can be wrong with a file, a row or a cell, as codes; `reasons.py` has the sentences. Plain Python, no Django."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

#: Stands for the whole row where a column is asked for.
WHOLE_ROW = -1
#: How much of a cell is shown to the person.
SHOWN = 80
#: What Excel holds at most (rows with the header).
MAX_ROWS = 1_048_576
MAX_COLUMNS = 16_384


class Refused(Exception):
    """The file cannot be read as a list; `code` and `detail` name why (reasons.py)."""

    def __init__(self, code: str, **detail: Any) -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a cell or a row cannot be imported. `shown` is what the cell holds, shortened and printable."""

    code: str
    column: int = WHOLE_ROW
    header: str = ""
    shown: str = ""
    detail: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """What a row of a plan keeps, and `from_json` reads."""
        return {"code": self.code, "column": self.column, "header": self.header, "shown": self.shown, **self.detail}

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> "Problem":
        """The problem that `as_json` wrote."""
        rest = dict(stored)
        known = {name: rest.pop(name) for name in ("code", "column", "header", "shown") if name in rest}
        return cls(**known, detail=rest)


class Row(NamedTuple):
    """A row of the file. `number` is what a spreadsheet shows beside it (1 = first row); `faults` {column: code}."""

    number: int
    cells: list[str]
    faults: dict[int, str]


def show(text: str) -> str:
    """A cell as it can be shown: one printable line, shortened."""
    plain = "".join(character if character.isprintable() else "␣" for character in text[: SHOWN * 4]).strip()
    return plain if len(plain) <= SHOWN else plain[: SHOWN - 1] + "…"


def letters(column: int) -> str:
    """The letters that a spreadsheet shows above a column: 0 = A, 26 = AA."""
    name = ""
    number = column + 1
    while number:
        number, rest = divmod(number - 1, 26)
        name = chr(65 + rest) + name
    return name
