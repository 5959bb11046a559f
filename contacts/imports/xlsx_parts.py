"""The parts of a workbook: a zip whose own words about sizes are not believed, and which sheets are in it.

Everything is unpacked once and only counted, before anything is parsed (engine.md 4, line 23): a bomb is refused in a
moment. Overlapping entries count each time, since the whole is compared with the size of the file itself. Since sheets
are streamed, what unpacks costs time and not memory: the cap lies well above line 23's 100 MB, which a good list of
200,000 people already passes.
"""

import posixpath
import zipfile
from dataclasses import dataclass
from typing import BinaryIO, cast

from .problems import Refused
from .xlsx import Attributes, Collector, Parser, Shared, Styles

MAX_ENTRIES = 100
MAX_UNPACKED = 1 << 30
#: Bytes out per byte of the file; below the floor a small file may unpack as it likes.
MAX_RATIO = 200
FLOOR = 2 << 20
#: Longest name of a sheet that is passed on (Excel allows 31 characters), and most sheets.
MAX_NAME = 200
_PIECE = 1 << 20
_WORKBOOK = "xl/workbook.xml"


@dataclass(frozen=True)
class SheetPart:
    """A sheet: its name, whether Excel hides it, and where in the zip it lies."""

    name: str
    hidden: bool
    path: str


class Parts:
    """The members of the zip. Raises Refused for what is no workbook or looks like a bomb."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        try:
            self._zip = zipfile.ZipFile(file)
        except zipfile.BadZipFile:
            raise Refused("workbook_broken") from None
        names = self._zip.namelist()
        self._by_name = {name.lower(): name for name in names}
        self._check_kind(names)
        if len(names) > MAX_ENTRIES:
            raise Refused("too_many_parts", most=MAX_ENTRIES)
        self._measure(min(MAX_UNPACKED, max(FLOOR, size * MAX_RATIO)))
        self.since_1904 = False

    def has(self, path: str) -> bool:
        """Whether a member of that name is there; letter case is ignored, as Excel does."""
        return path.lower() in self._by_name

    def open(self, path: str) -> BinaryIO:
        """A member as a stream."""
        if not self.has(path):
            raise Refused("workbook_broken")
        return cast(BinaryIO, self._zip.open(self._by_name[path.lower()]))

    def parse(self, path: str, parser: Parser) -> None:
        """Feed a whole member to a parser."""
        with self.open(path) as stream:
            for _ in parser.feed(stream):
                pass

    def sheets(self) -> list[SheetPart]:
        """The sheets with rows (no charts, no macros), in the order of their tabs."""
        targets: dict[str, str] = {}
        found: list[SheetPart] = []

        def relation(name: str, attributes: Attributes) -> None:
            if name == "Relationship" and attributes.get("Type", "").endswith("/worksheet"):
                target = attributes.get("Target", "")
                targets[attributes.get("Id", "")] = posixpath.normpath(
                    target.lstrip("/") if target.startswith("/") else f"xl/{target}"
                )

        def sheet(name: str, attributes: Attributes) -> None:
            if name == "workbookPr":
                self.since_1904 = attributes.get("date1904", "0").lower() in ("1", "true", "on")
            if name == "sheet":
                key = next((value for key, value in attributes.items() if key.endswith(":id")), "")
                if key in targets and self.has(targets[key]):
                    hidden = attributes.get("state", "visible") != "visible"
                    found.append(SheetPart(attributes.get("name", "")[:MAX_NAME], hidden, targets[key]))

        self.parse("xl/_rels/workbook.xml.rels", Collector(relation))
        self.parse(_WORKBOOK, Collector(sheet))
        if not found:
            raise Refused("no_sheet")
        return found

    def shared(self) -> Shared:
        """The texts that cells share."""
        shared = Shared()
        if self.has("xl/sharedStrings.xml"):
            self.parse("xl/sharedStrings.xml", shared)
        return shared

    def date_styles(self) -> list[bool]:
        """For each cell style whether it shows a date."""
        styles = Styles()
        if self.has("xl/styles.xml"):
            self.parse("xl/styles.xml", styles)
        return styles.dates

    def _measure(self, most: int) -> None:
        """Unpack all that is XML once and only count, which is ten times quicker than parsing it."""
        unpacked = 0
        for name in self._zip.namelist():
            if not name.lower().endswith((".xml", ".rels")):
                continue
            with self._zip.open(name) as stream:
                while piece := stream.read(_PIECE):
                    unpacked += len(piece)
                    if unpacked > most:
                        raise Refused("too_much_inside")

    def _check_kind(self, names: list[str]) -> None:
        if self.has(_WORKBOOK):
            return
        if self.has("xl/workbook.bin"):
            raise Refused("xlsb")
        if self.has("mimetype") or self.has("content.xml"):
            raise Refused("open_document")
        if any(name.lower().startswith(("word/", "ppt/")) for name in names):
            raise Refused("other_office")
        if any(name.lower().startswith("index/") or name.lower().endswith(".iwa") for name in names):
            raise Refused("numbers_app")
        raise Refused("archive")
