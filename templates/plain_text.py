"""The text version of an HTML mail, as a person would type it: for mail programs that show no HTML, and for people who prefer text."""

import re
from html.parser import HTMLParser

#: Elements that begin and end a paragraph, and those that only begin a line.
_PARAGRAPHS = frozenset(
    "address article aside blockquote center dl fieldset figure footer form h1 h2 h3 h4 h5 h6 header hr main nav ol p pre section table ul".split()
)
_LINES = frozenset("br dd div dt figcaption li tr caption".split())
_CELLS = frozenset(("td", "th"))
_UNSHOWN = frozenset("head script style template title noscript".split())
#: Elements without an end tag.
_VOID = frozenset("area base br col embed hr img input link meta source track wbr".split())
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all", re.IGNORECASE)
_SAFE = re.compile(r"(?:https?|mailto|tel):|\[", re.IGNORECASE)


def from_html(html: str) -> str:
    """The text of `html`: paragraphs apart, links followed by their address, pictures by their alternative text.

    Never raises, whatever the HTML.
    """
    reader = _Reader()
    reader.feed(parseable(html))
    reader.close()
    lines = [re.sub(r"[^\S\n]+", " ", line).strip() for line in "".join(reader.parts).split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def parseable(html: str) -> str:
    """`html` without comments and without what the parser would look for the end of again and again, in vain: its time would grow with the square."""
    first, *others = html.split("<!--")
    kept = first + "".join(other.partition("-->")[2] for other in others)
    kept = kept.replace("<![", "<!")
    closed, bracket, rest = kept.rpartition(">")
    return closed + bracket + rest.replace("<", "&lt;")


class _Reader(HTMLParser):
    """Collects the text of a document in `parts`."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        #: Tags opened inside something that is not shown; empty while text counts.
        self._hidden: list[str] = []
        #: Links that are open: (address, where its text starts in `parts`).
        self._links: list[tuple[str, int]] = []
        self._lists: list[int] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if self._hidden or tag in _UNSHOWN or _HIDDEN.search(values.get("style", "")):
            if tag not in _VOID:
                self._hidden.append(tag)
            return
        self._break(tag)
        if tag == "li":
            self.parts.append(self._bullet())
        elif tag in ("ol", "ul"):
            self._lists.append(0 if tag == "ol" else -1)
        elif tag == "hr":
            self.parts.append("-----\n\n")
        elif tag == "img":
            self.parts.append(values.get("alt", ""))
        elif tag == "a":
            self._links.append((values.get("href", "").strip(), len(self.parts)))

    def handle_endtag(self, tag: str) -> None:
        if self._hidden:
            if tag in self._hidden:
                while self._hidden.pop() != tag:
                    pass
            return
        if tag == "a" and self._links:
            self._end_link()
        elif tag in ("ol", "ul") and self._lists:
            self._lists.pop()
        self._break(tag)

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.parts.append(re.sub(r"\s+", " ", data))

    def _break(self, tag: str) -> None:
        if tag in _PARAGRAPHS:
            self.parts.append("\n\n")
        elif tag == "br" or (tag in _LINES and not self._at_line_start()):
            self.parts.append("\n")
        elif tag in _CELLS:
            self.parts.append(" ")

    def _at_line_start(self) -> bool:
        for part in reversed(self.parts):
            if text := part.rstrip(" "):
                return text.endswith("\n")
        return True

    def _bullet(self) -> str:
        if not self._lists or self._lists[-1] < 0:
            return "- "
        self._lists[-1] += 1
        return f"{self._lists[-1]}. "

    def _end_link(self) -> None:
        address, start = self._links.pop()
        text = "".join(self.parts[start:]).strip()
        plain = address.removeprefix("mailto:").removeprefix("tel:")
        if _SAFE.match(address) and plain not in text:
            self.parts.append(f" ({plain})" if text else plain)
