"""Error pages that say what happened and what to do, in the reader's language, and nothing about the inside."""

import sys
from typing import Any

from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from cyberadmin.logs import reference

#: PostgreSQL's code of a statement that was stopped.
QUERY_CANCELED = "57014"


def _page(request: HttpRequest, status: int, title: str, text: str, *, back: bool = False) -> HttpResponse:
    context = {"title": title, "text": text, "status": status, "back": request.get_full_path() if back else ""}
    return render(request, "console/error.html", context, status=status)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """400: an address or a form that this console did not make."""
    return _page(
        request,
        400,
        _("This request cannot be answered"),
        _(
            "The address or the form holds something that this console does not accept. Go back and try again from the page itself."
        ),
    )


def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403: a right is missing."""
    return _page(
        request,
        403,
        _("You may not do this"),
        _("Your role on this client does not allow it. Ask an administrator of your agency if you need it."),
    )


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404: it does not exist, or it is not yours to see; the same page for both."""
    return _page(
        request,
        404,
        _("Nothing is here"),
        _("This page does not exist, or it belongs to a client that you do not work on."),
    )


def server_error(request: HttpRequest) -> HttpResponse:
    """500: our fault; 503 when the database is busy or away, which passes.

    The page asks for nothing that may be what failed: no client, no count, no session.
    """
    failure = sys.exc_info()[1]
    if _was_cut_short(failure):
        status, title = 503, _("This took too long")
        text = _(
            "The database was asked for more than it could find in time, and nothing was saved. Go back and ask for "
            "less: a narrower search, or fewer rows at a time. If it lasts, tell your administrator."
        )
    elif isinstance(failure, OperationalError):
        status, title = 503, _("The database is busy")
        text = _(
            "Nothing was saved, and what you typed is still in this tab: go back and save again in a moment. "
            "If it lasts, tell your administrator."
        )
    else:
        status, title = 500, _("Something went wrong on our side")
        text = _(
            "Nothing was half saved: a change is recorded whole or not at all. Go back and try again; "
            "if it lasts, tell your administrator the reference below."
        )
    home = (request.META.get("SCRIPT_NAME") or "").rstrip("/") + "/"
    context = {"title": title, "text": text, "home": home, "reference": reference()}
    return HttpResponse(render_to_string("console/failure.html", context), status=status)


def _was_cut_short(failure: BaseException | None) -> bool:
    """Whether PostgreSQL stopped a statement that took longer than a page may (PAGE_STATEMENT_SECONDS)."""
    return isinstance(failure, OperationalError) and getattr(failure.__cause__, "sqlstate", "") == QUERY_CANCELED


def csrf_failure(request: HttpRequest, reason: str = "", **kwargs: Any) -> HttpResponse:
    """A form whose protection token no longer fits: usually another log-in since the page was opened."""
    return _page(
        request,
        403,
        _("This page was open for too long"),
        _(
            "Your session ended, or you logged in again, since you opened this form: it was not accepted and nothing was saved. "
            "Open the form again: what you typed in this tab is offered back to you there."
        ),
        back=True,
    )
