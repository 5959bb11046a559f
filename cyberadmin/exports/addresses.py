"""Where an export of a screen is asked for, and what of the screen's address says which rows it shows."""

from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict
from django.urls import reverse

#: What an address of a list may carry that narrows nothing.
_NOISE = ("p", "e", "from", "source", "after", "before", "download")
_LONGEST = 2_000


def narrowing(query: QueryDict) -> str:
    """The part of a screen's query string that says which rows it shows, bounded."""
    kept = query.copy()
    for name in _NOISE:
        kept.pop(name, None)
    for name, found in list(kept.lists()):
        if not any(found):
            kept.pop(name)
    return kept.urlencode()[:_LONGEST]


def ask_url(source: str, query: QueryDict, **of_row: Any) -> str:
    """The page that asks for an export of a screen, as that screen's address narrows it and of the row that it is about."""
    kept = QueryDict(narrowing(query), mutable=True)
    for name, value in of_row.items():
        kept[name] = str(value)
    text = kept.urlencode()
    return f"{reverse('admin:exports_exportjob_add')}?{urlencode({'source': source})}{'&' + text if text else ''}"
