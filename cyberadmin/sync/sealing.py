"""Files that are only ever readable in memory: AES-GCM in chunks, written and read as a stream.

Each file has a random key of its own. Chunks are numbered and the last one is marked in their nonces, so that chunks that
were swapped, repeated, cut off or added do not open. A sealed file can be read from any place without opening the rest.
"""

import io
import os
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

CHUNK = 1 << 16
TAG = 16
KEY_BYTES = 32


class SealBroken(Exception):
    """The bytes are not what was sealed with this key."""


def new_key() -> bytes:
    """A random key for one file."""
    return os.urandom(KEY_BYTES)


def _nonce(number: int, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])


class SealingWriter:
    """Seals what is written to it into `target`. Without `finish` the result does not open."""

    def __init__(self, target: BinaryIO, key: bytes) -> None:
        self._target = target
        self._cipher = AESGCM(key)
        self._waiting = bytearray()
        self._number = 0

    def write(self, data: bytes) -> None:
        """Seal some bytes. Raises OSError as the target does."""
        self._waiting += data
        # One chunk stays back, since the last one is marked.
        while len(self._waiting) > CHUNK:
            self._put(bytes(self._waiting[:CHUNK]), last=False)
            del self._waiting[:CHUNK]

    def finish(self) -> None:
        """Seal the last chunk. Raises OSError as the target does."""
        self._put(bytes(self._waiting), last=True)
        self._waiting.clear()
        self._target.flush()

    def _put(self, chunk: bytes, last: bool) -> None:
        self._target.write(self._cipher.encrypt(_nonce(self._number, last), chunk, None))
        self._number += 1


class _Opened(io.RawIOBase):
    """The plain bytes of a sealed file; one chunk of them is in memory at a time."""

    def __init__(self, source: BinaryIO, key: bytes, start: int) -> None:
        self._source, self._cipher, self._start = source, AESGCM(key), start
        sealed = source.seek(0, os.SEEK_END) - start
        self._chunks = -(-sealed // (CHUNK + TAG))
        self._size = sealed - TAG * self._chunks
        self._position = 0
        self._held = (-1, b"")
        if self._chunks < 1 or self._size < 0:
            raise SealBroken
        self._chunk(self._chunks - 1)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._size}[whence]
        self._position = max(0, base + offset)
        return self._position

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        if self._position >= self._size:
            return 0
        number, offset = divmod(self._position, CHUNK)
        piece = self._chunk(number)[offset : offset + len(buffer)]
        buffer[: len(piece)] = piece
        self._position += len(piece)
        return len(piece)

    def close(self) -> None:
        if not self.closed:
            self._source.close()
            self._held = (-1, b"")
        super().close()

    def _chunk(self, number: int) -> bytes:
        if self._held[0] != number:
            self._source.seek(self._start + number * (CHUNK + TAG))
            sealed = self._source.read(CHUNK + TAG)
            try:
                plain = self._cipher.decrypt(_nonce(number, number == self._chunks - 1), sealed, None)
            except InvalidTag:
                raise SealBroken from None
            self._held = (number, plain)
        return self._held[1]


def opened(source: BinaryIO, key: bytes, start: int = 0) -> BinaryIO:
    """A seekable stream of the plain bytes; closing it closes `source`.

    Raises SealBroken here when the end of the file does not open, and while reading when a chunk does not.
    """
    return io.BufferedReader(_Opened(source, key, start), CHUNK)
