"""Pages that somebody was refused, in the history: what, whose, when; so many an hour and no more."""

from collections.abc import Callable
from datetime import timedelta

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse

from cyberadmin.accounts import audit
from cyberadmin.accounts.models import AuditEvent
from cyberadmin.accounts.scoping import account_of
from cyberadmin.sync.clock import now

WITHIN = timedelta(hours=1)
#: Refusals of one person that are written down within an hour; a script cannot fill the history.
MOST = 20
PAGE, OFTEN = "page.refused", "page.refused_often"


class RefusalMiddleware:
    """Writes down each page that answered 403, once an hour for one person, client and page. Innermost of all."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        # A form without its protection token is refused before any page, and may be anybody's doing.
        if response.status_code == 403 and getattr(request, "csrf_processing_done", False):
            note(request)
        return response


def note(request: HttpRequest) -> None:
    """Write a refusal down, unless the same one, or too many, were within the hour."""
    user = getattr(request, "user", None)
    if not isinstance(user, User) or not user.is_active:
        return
    account = account_of(request)
    # Its pattern, not its address: an address may hold a one-time link.
    match = getattr(request, "resolver_match", None)
    page = match.route if match else "–"
    recent = AuditEvent.objects.filter(actor=user, action__in=(PAGE, OFTEN), at__gte=now() - WITHIN)
    seen = list(recent.values_list("account", "detail__page", "detail__method")[: MOST + 1])
    if len(seen) > MOST or (account.pk if account else None, page, request.method) in seen:
        return
    if len(seen) == MOST:
        audit.record(OFTEN, actor=user)
        return
    audit.record(PAGE, actor=user, account=account, page=page, method=request.method)
