"""Cells that no spreadsheet takes for a formula (docs/engine.md 4, line 22). The import takes the apostrophe off again."""

from typing import Any

#: First characters by which Excel, LibreOffice or Numbers take a text for a formula, or skip to what follows.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\x00")


def safe(cell: Any) -> str:
    """The text of a cell, with an apostrophe before what looks like a formula, also behind leading spaces."""
    text = "" if cell is None else str(cell)
    return f"'{text}" if text.startswith(FORMULA) or text.lstrip(" ").startswith(FORMULA) else text
