"""Pages outside every client that show all the clients whom a person works on, and no other."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponseBase
from django.views import View

from . import policy
from .models import Account
from .scoping import AgencyPage, account_of


class MyClientsPage(AgencyPage):
    """Open to all staff: what it shows comes from `accounts` alone."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if account_of(request) is not None:
            raise Http404
        return View.dispatch(self, request, *args, **kwargs)

    def accounts(self) -> list[Account]:
        """The connected clients that the policy gives to this person, now."""
        return list(policy.accounts_for(self.request.user).filter(state=Account.State.CONNECTED))

    def editable(self) -> set[int]:
        """Primary keys of the clients whose contacts this person may change."""
        return set(policy.accounts_for(self.request.user, "edit").values_list("pk", flat=True))

    def crumbs(self) -> list[tuple[Any, str]]:
        return []
