"""Reading a workbook through a child process, which holds the file and the memory that reading it takes (xlsx_child.py)."""

import json
import subprocess
import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from shutil import copyfileobj
from typing import Any, BinaryIO

import orjson
from django.conf import settings

from .problems import Refused, Row

#: How an encrypted workbook names itself inside the old container.
_PROTECTED = "EncryptedPackage".encode("utf-16-le")
_LOOKED_AT = 1 << 20


@dataclass(frozen=True)
class Book:
    """What a workbook holds: the names of its sheets, and the one that is read."""

    sheets: tuple[str, ...]
    sheet: str


def is_protected(opener: Callable[[], BinaryIO]) -> bool:
    """Whether a file in the old container is a workbook closed by a password, rather than an old workbook."""
    with closing(opener()) as stream:
        return _PROTECTED in stream.read(_LOOKED_AT)


def glance(opener: Callable[[], BinaryIO], sheet: str | None, most: int) -> tuple[Book, list[Row]]:
    """The sheets and the first rows. Raises Refused."""
    with closing(_messages(opener, sheet, most)) as messages:
        said = next(messages)
        book = Book(tuple(said["sheets"]), said["sheet"])
        return book, list(islice(_rows(messages), most))


def rows(opener: Callable[[], BinaryIO], sheet: str) -> Generator[Row, None, None]:
    """Every row of a sheet that is not empty. Raises Refused."""
    with closing(_messages(opener, sheet, None)) as messages:
        next(messages)
        yield from _rows(messages)


def _rows(messages: Iterator[Any]) -> Iterator[Row]:
    for batch in messages:
        for number, cells, faults in batch:
            yield _row(number, cells, faults)


def _row(number: int, cells: list[str] | dict[str, str], faults: dict[str, str] | None) -> Row:
    if isinstance(cells, dict):
        by_column = {int(column): text for column, text in cells.items()}
        cells = [by_column.get(column, "") for column in range(max(by_column, default=-1) + 1)]
    return Row(number, cells, {int(column): code for column, code in faults.items()} if faults else {})


def _messages(opener: Callable[[], BinaryIO], sheet: str | None, most: int | None) -> Generator[Any, None, None]:
    """What the child says, up to its end; a child that dies without a word is a refusal."""
    command = [sys.executable, "-m", "contacts.imports.xlsx_child", json.dumps({"sheet": sheet, "limit": most})]
    child = subprocess.Popen(  # noqa: S603 - our own module, started by our own interpreter
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=settings.BASE_DIR,
        # Nothing of ours: no key, no address, no password is in there to be read.
        env={"PYTHONPATH": str(settings.BASE_DIR), "PYTHONDONTWRITEBYTECODE": "1"},
    )
    try:
        _send(opener, child)
        assert child.stdout is not None
        for line in child.stdout:
            message = orjson.loads(line)
            if isinstance(message, dict) and "refused" in message:
                raise Refused(message["refused"], **message["detail"])
            if isinstance(message, dict) and "end" in message:
                return
            yield message
        raise Refused("workbook_broken")
    finally:
        child.kill()
        if child.stdout is not None:
            child.stdout.close()
        child.wait()


def _send(opener: Callable[[], BinaryIO], child: "subprocess.Popen[bytes]") -> None:
    assert child.stdin is not None
    try:
        with closing(opener()) as stream, child.stdin:
            copyfileobj(stream, child.stdin, 1 << 20)
    except BrokenPipeError:
        return
