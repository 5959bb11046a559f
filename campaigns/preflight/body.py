"""What a body holds, as far as the checks care: links, pictures, active parts, words."""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

_WORD = re.compile(r"[a-zà-ÿœ’']+")
#: Small words that one of the two languages uses all the time and the other never.
FRENCH = frozenset("le les des une du et est dans pour que qui vous nous votre notre avec sur au aux ce cette".split())
ENGLISH = frozenset("the and of to is in for that you your our with on at this it are we be from by".split())
#: So many small words, and so many times more of one language, before a language is named.
FEWEST, TIMES = 5, 2
ACTIVE = frozenset("script form input button iframe object embed video audio".split())


@dataclass
class Body:
    """The parts of one HTML body."""

    links: list[str] = field(default_factory=list)
    #: (address, whether it has an alternative text, be it empty)
    images: list[tuple[str, bool]] = field(default_factory=list)
    active: set[str] = field(default_factory=set)
    words: list[str] = field(default_factory=list)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.body = Body()
        self.hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag in ("style", "script"):
            self.hidden += 1
        if tag in ACTIVE or any(name.startswith("on") for name in values):
            self.body.active.add(tag)
        if tag in ("a", "area") and "href" in values:
            self.body.links.append((values["href"] or "").strip())
        if tag == "img":
            self.body.images.append(((values.get("src") or "").strip(), "alt" in values))

    def handle_endtag(self, tag: str) -> None:
        if tag in ("style", "script"):
            self.hidden = max(self.hidden - 1, 0)

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.body.words.append(data)


def read(html: str) -> Body:
    """The parts of a body. Never raises, whatever the HTML."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.body


def language_of(text: str) -> str:
    """ "fr_ca", "en_ca", or "" when the text is too short or too mixed to tell."""
    words = _WORD.findall(text.casefold())
    french = sum(word in FRENCH for word in words)
    english = sum(word in ENGLISH for word in words)
    if max(french, english) < FEWEST:
        return ""
    if french >= TIMES * max(english, 1):
        return "fr_ca"
    return "en_ca" if english >= TIMES * max(french, 1) else ""


def plain(text: str) -> str:
    """Text to search in: white space folded, letter case ignored."""
    return " ".join(text.replace("\xa0", " ").split()).casefold()
