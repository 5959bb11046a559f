"""The store of uploaded files: sealed on disk or not there at all.

A file lies in `DATA_DIR/uploads/<area>/<account>/<random name>`, readable by this user only. It begins with a block that
holds its own key, sealed by the newest of CYBERADMIN_KEYS for this very area, account and name: a file moved to another
client's folder does not open. The rest is sealed in chunks (sealing.py). Changing CYBERADMIN_KEYS rewrites only the block.
"""

import base64
import errno
import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from secrets import token_hex
from typing import Any, BinaryIO

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as lazy

from cyberadmin.accounts import secrets

from .clock import now
from .sealing import SealBroken, SealingWriter, new_key, opened

_MAGIC = b"CAU1"
#: One sector of a disk, which is written whole or not at all: the keys can be changed in place.
_BLOCK = 512
_NAME = re.compile(r"[0-9a-f]{32}")
_PART = ".part"
_STALE = timedelta(hours=6)
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_PIECE = 1 << 18

SENTENCES: dict[str, str | Promise] = {
    "too_large": lazy(
        "This file is too large: %(most)s MB at most. Split it and upload the parts one after the other."
    ),
    "no_room": lazy(
        "The disk of this server is full, so nothing was kept. Tell your administrator, then upload again."
    ),
    "empty": lazy("This file is empty. Choose the file that holds your list or your proof."),
    "missing": lazy("This file is no longer kept here. Upload it again."),
    "unreadable": lazy("This file cannot be opened any more: its key is missing or it was damaged. Upload it again."),
}


class UploadError(Exception):
    """Why a file was not kept or cannot be opened; `code` is a key of SENTENCES."""

    def __init__(self, code: str, **detail: Any) -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail

    @property
    def sentence(self) -> str:
        """What to tell the person, in their language."""
        return str(SENTENCES[self.code]) % self.detail


@dataclass(frozen=True)
class Stored:
    """A kept file: its random name, its plain size in bytes, and the SHA-256 of its plain bytes."""

    name: str
    size: int
    sha256: str


def root() -> Path:
    """Where all files lie."""
    return Path(settings.DATA_DIR) / "uploads"


def most_bytes() -> int:
    """The largest file that is taken."""
    return int(settings.UPLOAD_MAX_MB) << 20


class Store:
    """The files of one purpose ("imports", "proofs"), apart from each other because they are kept for different times."""

    def __init__(self, area: str, *, unlimited: bool = False) -> None:
        """`unlimited`: takes files of any size, for what this product makes itself."""
        self.area = area
        self.unlimited = unlimited

    def keep(self, account_id: int, source: BinaryIO) -> Stored:
        """Seal a stream from where it stands. Raises UploadError (too_large, no_room, empty); nothing is left behind then."""
        problem = getattr(source, "problem", None)
        if isinstance(problem, UploadError):
            raise problem
        name = token_hex(16)
        path = self._path(account_id, name)
        part = path.with_suffix(_PART)
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            stored = self._write(part, self._context(account_id, name), name, source)
            part.rename(path)
            _sync_folder(path.parent)
        except OSError as error:
            part.unlink(missing_ok=True)
            if error.errno in _FULL:
                raise UploadError("no_room") from error
            raise
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        return stored

    def open_plain(self, account_id: int, name: str) -> BinaryIO:
        """The plain bytes as a seekable stream; they are opened chunk by chunk in memory and never written anywhere.

        Raises UploadError (missing, unreadable); reading raises sealing.SealBroken when the file was damaged further down.
        """
        path = self._path(account_id, name)
        try:
            file = path.open("rb")
        except FileNotFoundError:
            raise UploadError("missing") from None
        try:
            key = _opened_key(file.read(_BLOCK), self._context(account_id, name))
            return opened(file, key, _BLOCK)
        except (secrets.SecretUnreadable, SealBroken, ValueError):
            file.close()
            raise UploadError("unreadable") from None

    def delete(self, account_id: int, name: str) -> None:
        """Remove a file; one that is gone already is fine."""
        self._path(account_id, name).unlink(missing_ok=True)

    def purge(self, older_than: timedelta) -> int:
        """Remove files kept for longer, and what a stopped upload left; how many files went."""
        limit = now().timestamp() - older_than.total_seconds()
        stale = now().timestamp() - _STALE.total_seconds()
        gone = 0
        for path in _files(root() / self.area):
            with suppress(FileNotFoundError):
                kept = path.suffix != _PART
                if path.stat().st_mtime < (limit if kept else stale):
                    path.unlink()
                    gone += kept
        return gone

    def purge_account(self, account_id: int) -> int:
        """Remove every file of a client that leaves; how many went."""
        paths = list(_files(root() / self.area / str(int(account_id))))
        for path in paths:
            path.unlink(missing_ok=True)
        return len(paths)

    def _path(self, account_id: int, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise UploadError("missing")
        return root() / self.area / str(int(account_id)) / name

    def _context(self, account_id: int, name: str) -> str:
        return f"upload:{self.area}:{int(account_id)}:{name}"

    def _write(self, part: Path, context: str, name: str, source: BinaryIO) -> Stored:
        digest, size, key = hashlib.sha256(), 0, new_key()
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(_block(key, context))
            writer = SealingWriter(file, key)
            while piece := source.read(_PIECE):
                size += len(piece)
                if size > most_bytes() and not self.unlimited:
                    raise UploadError("too_large", most=settings.UPLOAD_MAX_MB)
                digest.update(piece)
                writer.write(piece)
            if not size:
                raise UploadError("empty")
            writer.finish()
            os.fsync(file.fileno())
        return Stored(name, size, digest.hexdigest())


def purge_client(account_id: int) -> int:
    """Remove every file of a client who has left, whatever it was kept for; how many went."""
    areas = [path.name for path in root().iterdir() if path.is_dir()] if root().is_dir() else []
    return sum(Store(area).purge_account(account_id) for area in areas)


def rotate() -> int:
    """Seal the key of every kept file with the newest of CYBERADMIN_KEYS; how many were changed.

    Raises SecretUnreadable at the first file that no key opens. Safe while files are read, written and purged.
    """
    changed = 0
    for path in _files(root()):
        if path.suffix == _PART:
            continue
        with suppress(FileNotFoundError), path.open("r+b") as file:
            block = file.read(_BLOCK)
            if secrets.is_current(_sealed_key(block)):
                continue
            context = f"upload:{path.parent.parent.name}:{path.parent.name}:{path.name}"
            renewed = _block(_opened_key(block, context), context)
            times = os.fstat(file.fileno())
            os.pwrite(file.fileno(), renewed, 0)
            os.fsync(file.fileno())
            # Its age counts from the upload.
            os.utime(file.fileno(), ns=(times.st_atime_ns, times.st_mtime_ns))
            changed += 1
    return changed


def _block(key: bytes, context: str) -> bytes:
    sealed = secrets.encrypt(base64.b64encode(key).decode(), context).encode()
    return (_MAGIC + len(sealed).to_bytes(2, "big") + sealed).ljust(_BLOCK, b"\0")


def _sealed_key(block: bytes) -> str:
    if not block.startswith(_MAGIC):
        raise secrets.SecretUnreadable("A file in the store of uploads was not written by cyberadmin.")
    return block[6 : 6 + int.from_bytes(block[4:6], "big")].decode()


def _opened_key(block: bytes, context: str) -> bytes:
    return base64.b64decode(secrets.decrypt(_sealed_key(block), context))


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
