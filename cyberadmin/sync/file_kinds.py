"""What a file is, by its first bytes; neither its name nor what the browser says about it counts (engine.md 4, line 23)."""

#: So many first bytes are enough for `kind_of`.
HEAD = 4096
_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"%PDF-", "pdf"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"GIF8", "picture"),
    (b"BM", "bitmap"),
    (b"II*\x00", "picture"),
    (b"MM\x00*", "picture"),
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "ole"),
    (b"{\\rtf", "rtf"),
    (b"\x1f\x8b", "archive"),
    (b"7z\xbc\xaf\x27\x1c", "archive"),
    (b"Rar!", "archive"),
    (b"BZh", "archive"),
    (b"\xfd7zXZ\x00", "archive"),
    (b"SQLite format 3\x00", "binary"),
    (b"\x7fELF", "binary"),
    (b"MZ", "program"),
    (b"bplist00", "binary"),
)
_MARKS = (b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf")
_HTML = (b"<!doctype html", b"<html", b"<head", b"<body", b"<table", b"<script", b"<meta")
#: Letters that begin a signature but may as well begin a text.
_MAY_BE_TEXT = {"bitmap", "program"}
_CONTROLS = bytes(set(range(32)) - {9, 10, 11, 12, 13, 26, 27})


def kind_of(head: bytes) -> str:
    """pdf, jpeg, png, picture, zip, ole (old Office), rtf, archive, html, xml, text, empty or binary."""
    if not head:
        return "empty"
    for signature, kind in _SIGNATURES:
        if head.startswith(signature):
            if kind not in _MAY_BE_TEXT:
                return kind
            if b"\x00" in head:
                return "picture" if kind == "bitmap" else "binary"
    if head[4:8] == b"ftyp" or head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "picture"
    return _text_kind(head)


def _text_kind(head: bytes) -> str:
    plain = head.replace(b"\x00", b"") if _wide(head) else head
    start = plain[:512].lstrip(b"\xff\xfe\xef\xbb\xbf \t\r\n").lower()
    if start.startswith(_HTML):
        return "html"
    if start.startswith(b"<?xml"):
        return "html" if b"<html" in plain.lower() else "xml"
    controls = len(plain) - len(plain.translate(None, _CONTROLS))
    return "binary" if controls > len(plain) // 20 else "text"


def _wide(head: bytes) -> bool:
    """Whether it looks like UTF-16: a mark, or zeroes on one side only."""
    if head.startswith(_MARKS[:2]):
        return True
    if len(head) < 4:
        return False
    even, odd = head[0::2].count(0), head[1::2].count(0)
    return max(even, odd) > len(head) // 5 and min(even, odd) <= len(head) // 40
