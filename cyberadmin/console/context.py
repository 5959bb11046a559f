"""What the shell of every page shows: the client, how fresh its mirror is, what waits, what is wrong.

Each fact is read when the page asks for it, once; a page without a client asks for none of them.
"""

from functools import cached_property
from typing import Any

from django.http import HttpRequest

from cyberadmin.accounts import policy
from cyberadmin.accounts.models import Account
from cyberadmin.accounts.scoping import Rights, account_of, address, rights
from cyberadmin.sync import holding, reasons, services
from cyberadmin.sync.models import Change, HeldSweep

from . import colour, navigation

#: Keys of the numbers in the client's bar, most urgent first.
WAITING = (Change.State.QUEUED, Change.State.SENDING, Change.State.UNKNOWN)
PROBLEMS = (Change.State.CONFLICT, Change.State.FAILED, Change.State.PARKED)


class Shell:
    """The facts around a page, for the templates."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request

    @property
    def account(self) -> Account | None:
        """The client in the address."""
        return account_of(self.request)

    @property
    def rights(self) -> Rights:
        """What this person may do here."""
        return rights(self.request)

    @cached_property
    def ink(self) -> str:
        """A readable text colour on the client's colour."""
        return colour.ink(self.account.colour) if self.account else colour.LIGHT

    @cached_property
    def freshness(self) -> Any:
        """How complete and how old the mirror of this client is."""
        return services.freshness(self.account) if self.account else None

    @cached_property
    def counts(self) -> dict[str, int]:
        """Open changes of this client by state."""
        return services.waiting_counts(self.account) if self.account else {}

    @property
    def waiting(self) -> int:
        """Changes on their way that need nobody."""
        return sum(self.counts.get(state, 0) for state in WAITING)

    @property
    def problems(self) -> int:
        """Changes that need a person."""
        return sum(self.counts.get(state, 0) for state in PROBLEMS)

    @cached_property
    def pause(self) -> Any:
        """Why this client is paused and what to do, or None."""
        return reasons.explain_pause(self.account) if self.account and self.account.paused_reason else None

    @cached_property
    def workers_alive(self) -> bool:
        """Whether anything is being sent at all."""
        return services.workers_alive()

    @cached_property
    def restored(self) -> bool:
        """Whether nothing is sent at all because the database is a restored backup."""
        return holding.holds()

    @property
    def restored_url(self) -> str:
        """Where an administrator lets sending go on."""
        return address(self.request, "admin:restored")

    @cached_property
    def held(self) -> list[HeldSweep]:
        """Removals that wait for a decision."""
        if self.account is None:
            return []
        return list(HeldSweep.objects.filter(account=self.account, state=HeldSweep.State.HELD)[:5])

    @cached_property
    def switcher(self) -> list[dict[str, Any]]:
        """Every client this person may open."""
        accounts = policy.accounts_for(self.request.user).only("name", "slug", "colour", "state", "paused_reason")
        return [
            {"account": account, "url": address(self.request, "admin:index", account=account)} for account in accounts
        ]

    @property
    def home_url(self) -> str:
        """What needs this person over all clients: the first page."""
        return address(self.request, "admin:index")

    @property
    def clients_url(self) -> str:
        """The list of clients."""
        return address(self.request, "admin:clients")

    @property
    def me_url(self) -> str:
        """Where people look after their own log-in."""
        return address(self.request, "admin:me")

    @property
    def logout_url(self) -> str:
        """Where the log-out form posts."""
        return address(self.request, "admin:logout")

    @cached_property
    def saved_token(self) -> str:
        """The one-time id of the form that was just saved: its draft in the browser can go."""
        session = getattr(self.request, "session", None)
        return session.pop("form_saved", "") if session is not None else ""

    @cached_property
    def navigation(self) -> list[navigation.Section]:
        """The sidebar's entries under their headings."""
        return navigation.sections(self.request, problems=self.problems, may_manage=self.rights.manage)


def console(request: HttpRequest) -> dict[str, Shell]:
    """Context processor: `shell`, for every template."""
    return {"shell": Shell(request)}
