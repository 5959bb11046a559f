"""Typing the password again before something risky (docs/engine.md 4, line 11).

    class TokenPage(RecentPassword, ManagePage): ...

Put it first among a page's bases. Who has not typed their password in this session for ten minutes is asked for it and
comes back to the page; nothing of the page has run before, so the question tells nothing about rights or rows. What was
typed into a form is offered back by the browser, except passwords and tokens. `cyberadmin.people` keeps the time.
"""

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect

from cyberadmin.accounts.scoping import address

RECENT = timedelta(minutes=10)


def password_is_recent(request: HttpRequest) -> bool:
    """Whether the person typed their password in this session less than ten minutes ago; no, when nothing is known."""
    age: timedelta | None = getattr(request, "password_age", None)
    return age is not None and age < RECENT


def note_age(request: HttpRequest, typed_at: datetime, moment: datetime) -> None:
    """Remember for this request how long ago the password was typed."""
    request.password_age = moment - typed_at  # type: ignore[attr-defined]


def ask_again(request: HttpRequest) -> HttpResponseRedirect:
    """The question for the password, which leads back to the address of this request."""
    query = {"next": request.get_full_path()}
    if request.method not in ("GET", "HEAD"):
        query["typed"] = "1"
    return HttpResponseRedirect(f"{address(request, 'admin:confirm_password')}?{urlencode(query)}")


class RecentPassword:
    """Mixin for any page of the console: asks for the password when it was not typed lately."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """The page, or the question."""
        if not password_is_recent(request):
            return ask_again(request)
        response: HttpResponseBase = super().dispatch(request, *args, **kwargs)  # type: ignore[misc]
        return response
