"""The difference of two bodies, line by line, for people to read."""

import difflib
import re
from dataclasses import dataclass
from itertools import islice

#: Lines that are compared; beyond, the rest counts as replaced, since comparing grows with the square.
MOST_COMPARED = 2_000
#: Rows that a page shows.
MOST_SHOWN = 1_500
CONTEXT = 3
#: Mail tools write one long line: it is broken before each block, for reading only.
_BREAK = re.compile(
    r"(?<=>)(?=<(?:/?(?:table|tbody|thead|tr|td|th|div|p|ul|ol|li|h[1-6]|head|body|html|style|section|center)\b|!--))",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Row:
    """One line: `kind` is "same", "out", "in" or "skip" (unchanged lines left out, their number in `text`)."""

    kind: str
    text: str

    @property
    def number(self) -> int:
        """How many lines a "skip" stands for."""
        return int(self.text) if self.kind == "skip" else 0


@dataclass(frozen=True)
class Difference:
    """What changed in one field. `rows` is empty when nothing did; `more`: rows that are not shown."""

    name: str
    rows: list[Row]
    added: int
    removed: int
    more: int = 0


def compare(name: str, before: str, after: str) -> Difference:
    """The difference of two texts."""
    if before == after:
        return Difference(name, [], 0, 0)
    old, new = _lines(before), _lines(after)
    rows = list(_rows(old, new))
    added, removed = (sum(row.kind == kind for row in rows) for kind in ("in", "out"))
    return Difference(name, list(islice(rows, MOST_SHOWN)), added, removed, max(0, len(rows) - MOST_SHOWN))


def _lines(text: str) -> list[str]:
    return _BREAK.sub("\n", text).split("\n") if text else []


def _rows(old: list[str], new: list[str]) -> list[Row]:
    head = 0
    while head < min(len(old), len(new)) and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < min(len(old), len(new)) - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    middle_old, middle_new = old[head : len(old) - tail], new[head : len(new) - tail]
    rows = [Row("same", line) for line in old[:head]]
    if max(len(middle_old), len(middle_new)) > MOST_COMPARED:
        rows += [Row("out", line) for line in middle_old] + [Row("in", line) for line in middle_new]
    else:
        rows += _compared(middle_old, middle_new)
    rows += [Row("same", line) for line in old[len(old) - tail :]]
    return _shortened(rows)


def _compared(old: list[str], new: list[str]) -> list[Row]:
    rows: list[Row] = []
    for _tag, from_old, to_old, from_new, to_new in difflib.SequenceMatcher(None, old, new).get_opcodes():
        if old[from_old:to_old] == new[from_new:to_new]:
            rows += [Row("same", line) for line in old[from_old:to_old]]
        else:
            rows += [Row("out", line) for line in old[from_old:to_old]]
            rows += [Row("in", line) for line in new[from_new:to_new]]
    return rows


def _shortened(rows: list[Row]) -> list[Row]:
    """`rows` with long unchanged stretches folded, a little of them kept around each change."""
    near = [False] * len(rows)
    for index, row in enumerate(rows):
        if row.kind != "same":
            for other in range(max(0, index - CONTEXT), min(len(rows), index + CONTEXT + 1)):
                near[other] = True
    shortened: list[Row] = []
    skipped = 0
    for index, row in enumerate(rows):
        if near[index]:
            if skipped:
                shortened.append(Row("skip", str(skipped)))
            skipped = 0
            shortened.append(row)
        else:
            skipped += 1
    if skipped:
        shortened.append(Row("skip", str(skipped)))
    return shortened
