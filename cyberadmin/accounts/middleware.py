"""The client a request is about stands in its address: `/c/<slug>/…`.

The prefix is taken off before routing and put in front of every address that the page reverses, the way a WSGI script
name works. So two tabs can hold two clients, a bookmark keeps its client, and no session default can send an edit to
the wrong one (product.md 3d-2; docs/adr/0002-client-in-the-address.md).
"""

from collections.abc import Callable

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import get_script_prefix, reverse, set_script_prefix

from . import policy
from .models import Account

PREFIX = "/c/"


class AccountRequest(HttpRequest):
    """A request that has passed CurrentAccountMiddleware."""

    account: Account | None


class CurrentAccountMiddleware:
    """Sets `request.account`; an account that does not exist and one the user may not see give the same 404.

    A client that was off-boarded is such a one too; its old addresses lead administrators to what is left of it.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.account = None  # type: ignore[attr-defined]
        if not request.path_info.startswith(PREFIX):
            return self.get_response(request)
        slug, _, rest = request.path_info.removeprefix(PREFIX).partition("/")
        before = get_script_prefix()
        if request.user.is_authenticated:
            account = policy.accounts_for(request.user).filter(slug=slug).first()
            if account is None and policy.ended_for(request.user).filter(slug=slug).exists():
                return HttpResponseRedirect(reverse("admin:ended_client", args=[slug]))
            if account is None:
                raise Http404
            request.account = account  # type: ignore[attr-defined]
            set_script_prefix(f"{before}{PREFIX.strip('/')}/{slug}/")
        request.path_info = f"/{rest}"
        try:
            return self.get_response(request)
        finally:
            set_script_prefix(before)
