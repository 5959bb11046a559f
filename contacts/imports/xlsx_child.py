"""The process that reads a workbook: `python -m contacts.imports.xlsx_child '{"sheet": "...", "limit": 200}'`.

The file comes in on standard input; lines of JSON go out: first what the workbook holds, then rows, then an end. Memory
and processor time are limited from the start and the environment is empty, so that whatever a hostile file achieves in
here, the worker outside only sees a refusal (engine.md 4, line 23).
"""

import json
import resource
import struct
import sys
import zipfile
import zlib
from io import BytesIO
from typing import Any
from xml.parsers.expat import ExpatError

import orjson

from contacts.imports.problems import Refused
from contacts.imports.xlsx import Cells, Sheet
from contacts.imports.xlsx_parts import Parts, SheetPart

MEMORY = 400 << 20
SECONDS = 240
BATCH = 500
#: Empty cells between filled ones, over the whole sheet: cells in the far corner of every row would cost hours.
MAX_GAPS = 100_000_000
_BROKEN = (
    ExpatError,
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    NotImplementedError,
    RuntimeError,
    EOFError,
    OSError,
    ValueError,
    LookupError,
)


def limit() -> None:
    """Take away what a reader of files does not need."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))


def say(message: Any) -> None:
    """Write one line."""
    sys.stdout.buffer.write(orjson.dumps(message, option=orjson.OPT_NON_STR_KEYS) + b"\n")


def packed(row: Cells) -> tuple[int, list[str] | dict[int, str], dict[int, str] | None]:
    """A row as it travels: its cells as a list, which is quicker, unless most of it would be gaps."""
    number, cells, faults = row
    width = max(cells, default=-1) + 1
    if width > 4 * len(cells) + 64:
        return number, cells, faults or None
    return number, [cells.get(column, "") for column in range(width)], faults or None


def choose(sheets: list[SheetPart], wanted: str | None) -> SheetPart:
    """The sheet asked for, else the first that is not hidden."""
    if wanted:
        for sheet in sheets:
            if sheet.name == wanted:
                return sheet
        raise Refused("sheet_gone", sheet=wanted)
    return next((sheet for sheet in sheets if not sheet.hidden), sheets[0])


def run(data: bytes, wanted: str | None, most: int | None) -> None:
    """Read the workbook and write its rows. Raises Refused."""
    parts = Parts(BytesIO(data), len(data))
    sheets = parts.sheets()
    chosen = choose(sheets, wanted)
    say({"sheets": [sheet.name for sheet in sheets], "sheet": chosen.name})
    reader = Sheet(parts.shared(), parts.date_styles(), parts.since_1904)
    written = gaps = 0
    with parts.open(chosen.path) as stream:
        for _ in reader.feed(stream):
            if len(reader.ready) >= BATCH or most is not None and len(reader.ready) >= most:
                say([packed(row) for row in reader.ready])
                gaps += sum(max(cells, default=0) - len(cells) for _, cells, _ in reader.ready)
                if gaps > MAX_GAPS:
                    raise Refused("too_scattered")
                written += len(reader.ready)
                reader.ready = []
                if most is not None and written >= most:
                    break
    say([packed(row) for row in reader.ready])
    say({"end": True})


def main() -> None:
    """Limit this process, read, and say how it ended."""
    limit()
    options = json.loads(sys.argv[1])
    try:
        run(sys.stdin.buffer.read(), options["sheet"], options["limit"])
    except Refused as refusal:
        say({"refused": refusal.code, "detail": refusal.detail})
    except MemoryError:
        say({"refused": "too_much_inside", "detail": {}})
    except _BROKEN:
        say({"refused": "workbook_broken", "detail": {}})
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
