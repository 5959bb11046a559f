"""On which line of a file an address stood first, for a million addresses in 24 MB.

A set of a million texts takes four times as much. So the addresses are kept as 64-bit fingerprints in a table of numbers
with open addressing: two different addresses of one file share a fingerprint less than once in ten million such files.
"""

from array import array
from hashlib import blake2b

_SMALLEST = 1 << 12


class Firsts:
    """The first line of each key that was shown to it."""

    def __init__(self) -> None:
        self._count = 0
        self._clear(_SMALLEST)

    def line(self, key: str, line: int) -> int:
        """The line on which `key` stood first: `line` itself when it is new."""
        print_of = int.from_bytes(blake2b(key.encode("utf-8", "replace"), digest_size=8).digest(), "big") or 1
        slot = self._slot(print_of)
        if self._prints[slot]:
            return self._lines[slot]
        self._prints[slot], self._lines[slot] = print_of, line
        self._count += 1
        if self._count * 3 > len(self._prints) * 2:
            self._grow()
        return line

    def _slot(self, print_of: int) -> int:
        """Where the fingerprint stands, or the free place where it belongs."""
        prints, mask = self._prints, self._mask
        slot = print_of & mask
        while prints[slot] and prints[slot] != print_of:
            slot = (slot + 1) & mask
        return slot

    def _clear(self, size: int) -> None:
        self._mask = size - 1
        self._prints = array("Q", bytes(8 * size))
        self._lines = array("I", bytes(array("I").itemsize * size))

    def _grow(self) -> None:
        prints, lines = self._prints, self._lines
        self._clear(2 * len(prints))
        for print_of, line in zip(prints, lines, strict=True):
            if print_of:
                slot = self._slot(print_of)
                self._prints[slot], self._lines[slot] = print_of, line
