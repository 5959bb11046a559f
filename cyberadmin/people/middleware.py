"""The door of the console. It fails closed: a request is nobody's until its session has been looked up here.

`request.staff_session` is the session's row; `request.half_user` is who has shown the password but not yet the second
factor. For such a request `request.user` is nobody, for every page and every error page alike, so that a page that
forgets to ask can show nothing. The admin site, too, lets nobody in whom this class has not seen.
"""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.cache import add_never_cache_headers

from cyberadmin.accounts.scoping import address

from . import sessions


class SessionGuard:
    """Looks the session up before anything else asks who is there, and keeps answers out of caches."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        standing = sessions.check(request)
        request.staff_session = standing.session  # type: ignore[attr-defined]
        request.half_user = standing.half  # type: ignore[attr-defined]
        request.session_ended = standing.ended  # type: ignore[attr-defined]
        response = self.get_response(request)
        if not response.has_header("Cache-Control"):
            add_never_cache_headers(response)
        return response


class DoorRequired(LoginRequiredMiddleware):
    """Django's middleware, which sends strangers to the log-in; half a log-in goes on to its second half."""

    def handle_no_permission(self, request: HttpRequest, view_func: Callable[..., Any]) -> HttpResponseRedirect:
        if getattr(request, "half_user", None) is not None:
            query = {"next": request.get_full_path()}
            return HttpResponseRedirect(f"{address(request, 'admin:second_factor')}?{urlencode(query)}")
        response = super().handle_no_permission(request, view_func)
        ended = getattr(request, "session_ended", "")
        if ended:
            response.headers["Location"] += f"&{urlencode({'ended': ended})}"
        return response
