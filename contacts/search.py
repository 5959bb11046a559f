"""Finding contacts by the beginnings of words, in one account, on either database.

A contact's name, company and address are kept as one text of plain words: lower case, without accents, punctuation as
spaces. Every word carries the account's mark (`a12xbelanger`), so that the index itself is divided by account: "be" in
a small client never walks through the words of a large one, and no other client's rows are touched at all.

SQLite keeps an FTS5 index by triggers and PostgreSQL a GIN index (migration 0002), so no writer can forget the index.
"""

import re
import unicodedata
from typing import Any

from django.db import connection
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL

from cyberadmin.accounts.models import Account

#: Longer texts are cut, further words are ignored: a search box is not a place for 10 kB.
MOST_CHARACTERS, MOST_WORDS, LONGEST_WORD = 1_000, 8, 60
_ACCENTS = re.compile("[\u0300-\u036f]+")
# A longer run of letters counts as several words, in the document as in the question.
_WORDS = re.compile(rf"[^\W_]{{1,{LONGEST_WORD}}}")

_SQLITE = "SELECT rowid FROM contacts_search WHERE contacts_search MATCH %s"
_POSTGRESQL = (
    "SELECT id FROM contacts_contact WHERE array_to_tsvector(string_to_array(search_text, ' ')) @@ CAST(%s AS tsquery)"
)


def words(text: str) -> list[str]:
    """The distinct words of a text as search compares them, in order of appearance."""
    text = text.casefold()
    if not text.isascii():
        plain = text.replace("œ", "oe").replace("æ", "ae")
        text = _ACCENTS.sub("", unicodedata.normalize("NFKD", plain))
    return list(dict.fromkeys(_WORDS.findall(text)))


def document(account_id: int, email: str, first_name: str, last_name: str, company: str) -> str:
    """What search looks in for one contact (`Contact.search_text`)."""
    mark = f"a{account_id}x"
    return mark + f" {mark}".join(words(f"{first_name} {last_name} {company} {email}"))


def search(queryset: QuerySet[Any], account: Account, text: str) -> QuerySet[Any]:
    """The contacts of `account` in which every word of `text` begins some word; `queryset` keeps its own order.

    Any text is safe. Without a single letter or digit in it, nothing is found; an empty text filters nothing.
    """
    if not text.strip():
        return queryset
    asked = words(text[:MOST_CHARACTERS])[:MOST_WORDS]
    if not asked:
        return queryset.none()
    mark = f"a{account.pk}x"
    if connection.vendor == "postgresql":
        matching = RawSQL(_POSTGRESQL, [" & ".join(f"'{mark}{word}':*" for word in asked)])  # noqa: S611 - a parameter
    else:
        matching = RawSQL(_SQLITE, [" ".join(f'"{mark}{word}"*' for word in asked)])  # noqa: S611 - a parameter
    return queryset.filter(account=account, pk__in=matching)
