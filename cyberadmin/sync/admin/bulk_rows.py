"""The rows of a plan on a page: narrowed, searched, paged without counting a million of them, and as a file.

A page starts where the one before ended (the number of its last row), so the last page of a million rows opens as fast as
the first. Files are streamed; cells that a spreadsheet would take for a formula get an apostrophe, which the import takes
off again (docs/engine.md, security checklist line 22).
"""

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from django.utils.translation import gettext as _

from cyberadmin.accounts.downloads import as_file
from cyberadmin.sync.bulk import kinds
from cyberadmin.sync.models import ChangeSet, PlannedRow
from cyberadmin.sync.spreadsheet import safe

from . import bulk_words

PER_PAGE = 50
PIECE = 2_000
#: Rows that can be corrected and imported again; of an address that stands twice the first counted.
TO_CORRECT = ("invalid", "refused")
RESULTS = ("waiting", "sending", "verifying", "done", "failed", "cancelled")


@dataclass(frozen=True)
class View:
    """What of a plan is looked at: a verdict or "correct", a result, a search in the addresses, and after which row."""

    verdict: str = ""
    result: str = ""
    text: str = ""
    after: int = 0
    before: int = 0

    @classmethod
    def of(cls, query: Any) -> "View":
        """The view that an address asks for; what it does not know is left out."""
        return cls(
            verdict=_one_of(query.get("verdict", ""), (*PlannedRow.Verdict.values, "correct")),
            result=_one_of(query.get("result", ""), RESULTS),
            text=query.get("q", "").strip()[:200],
            after=_number(query.get("after", "")),
            before=_number(query.get("before", "")),
        )

    @property
    def is_narrowed(self) -> bool:
        """Whether it leaves rows out."""
        return bool(self.verdict or self.result or self.text)

    def rows(self, change_set: ChangeSet) -> QuerySet[PlannedRow]:
        """All the rows of the view, in the order of the plan."""
        rows = change_set.rows.order_by("number")
        if self.verdict == "correct":
            rows = rows.filter(verdict__in=TO_CORRECT) | rows.filter(state="failed")
        elif self.verdict:
            rows = rows.filter(verdict=self.verdict)
        if self.result:
            rows = rows.filter(state=self.result)
        return rows.filter(label__icontains=self.text) if self.text else rows


@dataclass(frozen=True)
class Page:
    """A page of rows, and the numbers from which its neighbours are reached; 0 = there is none."""

    rows: list[PlannedRow]
    previous: int
    next: int


def page(change_set: ChangeSet, view: View) -> Page:
    """The page of a view."""
    rows = view.rows(change_set)
    if view.before:
        found = list(rows.filter(number__lt=view.before).order_by("-number")[: PER_PAGE + 1])
        more = len(found) > PER_PAGE
        shown = found[:PER_PAGE][::-1]
        return Page(shown, shown[0].number if more and shown else 0, shown[-1].number if shown else 0)
    found = list(rows.filter(number__gt=view.after)[: PER_PAGE + 1])
    shown = found[:PER_PAGE]
    first = shown[0].number if shown and view.after else 0
    return Page(shown, first, shown[-1].number if len(found) > PER_PAGE else 0)


def _one_of(value: str, known: Sequence[str]) -> str:
    return value if value in known else ""


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) <= 9 else 0


# --- as a file ---
def download(change_set: ChangeSet, view: View) -> StreamingHttpResponse:
    """The rows of a view as CSV: UTF-8 with its mark, so that Excel reads the accents.

    With the file's own columns where there is one, so that it can be corrected and imported again.
    """
    response = StreamingHttpResponse(_lines(change_set, view), content_type="text/csv; charset=utf-8")
    name = f"{_('bulk-change')}-{change_set.pk}{'-' + view.verdict if view.verdict else ''}.csv"
    response.headers["Cache-Control"] = "no-store"
    return as_file(response, name)


class _Echo:
    """What `csv` writes to: gives each line back."""

    def write(self, line: str) -> str:
        return line


def _lines(change_set: ChangeSet, view: View) -> Iterator[str]:
    yield "\ufeff"
    writer = csv.writer(_Echo())
    for cells in _table(change_set, view):
        yield str(writer.writerow([safe(cell) for cell in cells]))


def _table(change_set: ChangeSet, view: View) -> Iterator[Sequence[Any]]:
    originals = kinds.get(change_set.kind).originals(change_set) if kinds.known(change_set.kind) else None
    said = [_("Row"), _("Verdict"), _("Result"), _("Why")]
    if originals is None:
        yield [_("E-mail address"), *said]
        for row in _stream(view.rows(change_set)):
            yield [row.label, *_said(change_set, row)]
        return
    yield [*originals.header, *said]
    lines = iter(originals.rows)
    for row in _stream(view.rows(change_set)):
        cells = _at(lines, row.number)
        cells = [*cells, *[""] * (len(originals.header) - len(cells))]
        yield [*cells[: len(originals.header)], *_said(change_set, row)]


def _at(lines: Iterator[tuple[int, Sequence[str]]], number: int) -> Sequence[str]:
    """The cells of a line; the lines before it are skipped, since rows are asked for in order."""
    return next((cells for line, cells in lines if line == number), ())


def _stream(rows: QuerySet[PlannedRow]) -> Iterable[PlannedRow]:
    after = 0
    while piece := list(rows.filter(number__gt=after)[:PIECE]):
        yield from piece
        after = piece[-1].number


def _said(change_set: ChangeSet, row: PlannedRow) -> list[Any]:
    return [
        row.number,
        row.get_verdict_display(),
        row.get_state_display() if row.state else "",
        bulk_words.why(change_set, row),
    ]
