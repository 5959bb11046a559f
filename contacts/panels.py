"""Cards on a contact's page that apps above this one bring: this app knows none of them."""

from collections.abc import Callable
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.http import HttpRequest
from django.utils.safestring import SafeString

from .models import Contact


@dataclass(frozen=True)
class Panel:
    """One card: its inside as safe HTML, and where to ask for a newer one while it waits ("" = it does not)."""

    html: SafeString
    waits: str = ""


Source = Callable[[HttpRequest, User, Contact], Panel]
_sources: list[Source] = []


def register(source: Source) -> None:
    """Have `source` bring a card to every contact's page; call it in `AppConfig.ready()`."""
    if source not in _sources:
        _sources.append(source)


def of(request: HttpRequest, user: User, contact: Contact) -> list[Panel]:
    """The cards of one contact."""
    return [source(request, user, contact) for source in _sources]
