"""Which encoding a text file is in: the same answer for the same bytes, argued for French and English lists.

Order of evidence: a byte order mark; the zero bytes of UTF-16; valid UTF-8 all through (a text in a single-byte
encoding that is also valid UTF-8 practically does not exist in French: every accent would have to be followed by just the
right second byte). What is left is scored: each non-ASCII byte is read in Windows-1252, Mac Roman and the old DOS page
(Excel offers "CSV (MS-DOS)" beside "CSV"), letters that French uses count for, signs that no name holds and a letter
whose case does not fit its neighbours count against. Statistical guessers know ninety languages and take short French
lists for Polish or Turkish, so none is used.

The whole file is scanned, since the first accent may stand on its last line. Memory is flat.
"""

import codecs
import re
from dataclasses import dataclass
from typing import BinaryIO

CHUNK = 1 << 18
#: Bytes around non-ASCII characters that are kept for the score.
_EVIDENCE = 1 << 16
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
#: Single-byte candidates, the likeliest first: it wins a tie.
SINGLE_BYTE = ("cp1252", "mac_roman", "cp850")
#: What a person may choose when the detection was wrong.
CHOICES = ("utf-8", "cp1252", "mac_roman", "cp850", "utf-16-le", "utf-16-be")
_WEIGHTS = {
    **dict.fromkeys("éèàêçôîûâùëïœñüöäÉÈÀÊÇÔÎÛÂÙËÏŒÑÜÖÄ", 4),
    **dict.fromkeys("áíóúæ", 1),
    "’": 4,
    **dict.fromkeys("«»°–—…“”‘\xa0€•®©²½", 1),
}
#: What a sign costs that no name holds, or a letter where it cannot stand.
_WRONG = -6
_WORDS = re.compile(rb"[\x20-\xff]{0,24}[\x80-\xff][\x20-\xff]{0,24}")
#: How `surrogateescape` keeps a byte that does not fit.
ESCAPED = re.compile("[\udc80-\udcff]")
#: "’é" of Mac Roman is also valid UTF-8, for an Armenian letter that no list holds alone.
_MAC_APOSTROPHE = re.compile(rb"\xd5[\x80-\x9f]")
_RUN = re.compile(rb"[\x80-\xff]+")
_MULTI = re.compile(rb"[\xc3\xc2\xc5][\x80-\xbf]|\xe2[\x80\x82][\x80-\xbf]")


@dataclass(frozen=True)
class Encoding:
    """`name` is a Python codec; `skip` bytes of mark come first; `sure` = no guess; `mixed` = some bytes do not fit."""

    name: str
    skip: int = 0
    sure: bool = True
    mixed: bool = False

    @property
    def errors(self) -> str:
        """How to decode so that a byte that does not fit stays visible in its own cell."""
        return "replace" if self.name.startswith(("utf-16", "utf-32")) else "surrogateescape"


def detect(stream: BinaryIO) -> Encoding:
    """The encoding of everything in `stream`, from its start."""
    head = stream.read(CHUNK)
    for mark, name in _MARKS:
        if head.startswith(mark):
            return Encoding(name, skip=len(mark), mixed=name == "utf-8" and _scan(head, stream).broken)
    wide = _wide(head)
    if wide:
        return Encoding(wide)
    scan = _scan(head, stream)
    evidence = b"\n".join(scan.evidence)
    if not scan.broken:
        only_mac = evidence and _MAC_APOSTROPHE.sub(b"", evidence).isascii()
        return Encoding("mac_roman", sure=False) if only_mac else Encoding("utf-8")
    pairs = len(_MULTI.findall(evidence))
    lone = len(_RUN.findall(_MULTI.sub(b"", evidence)))
    if pairs and pairs >= lone:
        return Encoding("utf-8", sure=False, mixed=True)
    return Encoding(_best(evidence), sure=False, mixed=pairs > 0)


def named(name: str, stream: BinaryIO) -> Encoding:
    """The encoding a person chose, with the length of the mark that may stand in front."""
    head = stream.read(4)
    for mark, marked in _MARKS:
        if head.startswith(mark) and marked in (name, "utf-8"):
            return Encoding(name, skip=len(mark))
    return Encoding(name)


def repaired(text: str) -> str:
    """Text with bytes that did not fit, as it can be shown: they are read as Windows-1252."""
    return ESCAPED.sub(lambda found: bytes([ord(found.group()) - 0xDC00]).decode("cp1252", "replace"), text)


def _wide(head: bytes) -> str:
    """UTF-16 without a mark: in western text every other byte is zero, all on the same side."""
    even, odd = head[0::2].count(0), head[1::2].count(0)
    half = len(head) // 2
    if half >= 4 and max(even, odd) > half * 0.4 and min(even, odd) < half * 0.05:
        return "utf-16-be" if even > odd else "utf-16-le"
    return ""


@dataclass
class _Scan:
    broken: bool
    evidence: list[bytes]


def _scan(head: bytes, stream: BinaryIO) -> _Scan:
    decoder = codecs.getincrementaldecoder("utf-8")()
    scan, kept, block = _Scan(False, []), 0, head
    while block:
        if kept < _EVIDENCE and not block.isascii():
            for found in _WORDS.findall(block):
                scan.evidence.append(found)
                kept += len(found)
                if kept >= _EVIDENCE:
                    break
        if not scan.broken:
            try:
                decoder.decode(block)
            except UnicodeDecodeError:
                scan.broken = True
        elif kept >= _EVIDENCE:
            break
        block = stream.read(CHUNK)
    if not scan.broken:
        try:
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            scan.broken = True
    return scan


def _best(evidence: bytes) -> str:
    scores = [_score(evidence.decode(name, "surrogateescape")) for name in SINGLE_BYTE]
    return SINGLE_BYTE[scores.index(max(scores))]


def _score(text: str) -> int:
    score = 0
    for position, character in enumerate(text):
        if character.isascii():
            continue
        score += _WEIGHTS.get(character, _WRONG)
        if character.isalpha():
            score += _fits(character, text[position - 1 : position], text[position + 1 : position + 2])
    return score


def _fits(letter: str, before: str, after: str) -> int:
    """`_WRONG` for a letter that cannot stand there: by its case between its neighbours, alone, or at a beginning."""
    inside = before.isalpha()
    if letter.isupper():
        lone = not inside and not after.isalpha() and letter not in "ÀÔ"
        return _WRONG if lone or inside and (before.islower() or after.islower()) else 0
    between = before.isupper() and after.isupper() or inside and after.isupper()
    return _WRONG if between or not inside and letter in "ëïûùü" and after.isalpha() else 0
