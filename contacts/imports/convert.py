"""Rows of a file become typed rows: each mapped cell a value, each trouble a problem that names its column."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from .cells import Cell, for_target, is_canadian, tidy
from .columns import IGNORE, Custom
from .dates import Bad
from .problems import WHOLE_ROW, Problem, Row, show

#: Targets whose cells may hold several lines.
_SEVERAL_LINES = frozenset(("note", "consent_proof"))


@dataclass(frozen=True, slots=True)
class TypedRow:
    """A row ready to be judged. `label` is the address as the file writes it; with `problems` it must not be sent."""

    number: int
    label: str
    values: dict[str, Any] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()


class Converter:
    """Converts the rows of one source under one mapping. `orders`: column -> "day" or "month" (see survey.py)."""

    def __init__(
        self,
        mapping: Mapping[int, str],
        customs: Sequence[Custom],
        orders: Mapping[int, str],
        header: Sequence[str],
        today: date,
    ) -> None:
        by_target = {custom.target: custom for custom in customs}
        used = {column: target for column, target in mapping.items() if target != IGNORE}
        self._header = header
        self._email = next((column for column, target in used.items() if target == "email"), WHOLE_ROW)
        self._postal_code = next((column for column, target in used.items() if target == "postal_code"), WHOLE_ROW)
        self._readers: list[tuple[int, str, bool, Cell]] = [
            (column, target, _is_long(target, by_target), for_target(target, by_target, orders.get(column, ""), today))
            for column, target in sorted(used.items())
        ]

    def __call__(self, row: Row) -> TypedRow:
        """The typed row; never raises, whatever the cells hold."""
        cells, width = row.cells, len(row.cells)
        label = show(cells[self._email]) if 0 <= self._email < width else ""
        if WHOLE_ROW in row.faults:
            return TypedRow(row.number, label, {}, (self._problem(row.faults[WHOLE_ROW], WHOLE_ROW, row),))
        problems: list[Problem] = []
        values: dict[str, Any] = {}
        for column, target, several_lines, read in self._readers:
            if row.faults and column in row.faults:
                problems.append(self._problem(row.faults[column], column, row))
            elif column < width and cells[column]:
                try:
                    text = tidy(cells[column], several_lines)
                    if text:
                        values[target] = read(text)
                except Bad as bad:
                    problems.append(self._problem(bad.code, column, row, bad.detail))
        problems += self._beyond(row) if row.faults else ()
        problems += self._together(values, problems, row)
        return TypedRow(row.number, label, values, tuple(problems))

    def _beyond(self, row: Row) -> list[Problem]:
        """Cells right of the header: the row has probably slipped, so it is not taken."""
        return [self._problem(code, column, row) for column, code in row.faults.items() if code == "beyond_header"]

    def _together(self, values: dict[str, Any], problems: list[Problem], row: Row) -> list[Problem]:
        """What only the row as a whole shows."""
        found: list[Problem] = []
        if "email" not in values and not any(problem.column == self._email for problem in problems):
            found.append(self._problem("email_missing", self._email, row))
        code = values.get("postal_code")
        if code and values.get("country") == "CA" and not is_canadian(code):
            found.append(self._problem("postal_code", self._postal_code, row))
        return found

    def _problem(self, code: str, column: int, row: Row, detail: dict[str, Any] | None = None) -> Problem:
        header = self._header[column] if 0 <= column < len(self._header) else ""
        shown = show(row.cells[column]) if 0 <= column < len(row.cells) else ""
        return Problem(code, column, header, shown, detail or {})


def _is_long(target: str, customs: Mapping[str, Custom]) -> bool:
    return target in _SEVERAL_LINES or target in customs and customs[target].type == "text"
