"""What the shell of every page shows: the client, how fresh its mirror is, what waits, what is wrong.

Each fact is read when the page asks for it, once; a page without a client asks for none of them.
"""

from functools import cached_property
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from cyberadmin.accounts import policy
from cyberadmin.accounts.models import Account
from cyberadmin.accounts.scoping import Rights, account_of, address, rights
from cyberadmin.sync import holding, reasons, services
from cyberadmin.sync.models import Change, HeldSweep

from . import colour

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
    def navigation(self) -> list[dict[str, Any]]:
        """The sidebar's entries."""
        entries = self._client_entries() if self.account else self._agency_entries()
        here = self.request.path
        for entry in entries:
            exact = entry["url"] in (self.home_url, self._client_home())
            entry["active"] = here == entry["url"] if exact else here.startswith(entry["url"])
        return entries

    def _client_home(self) -> str:
        return address(self.request, "admin:index", account=self.account) if self.account else self.home_url

    def _client_entries(self) -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = [
            {"label": _("Overview"), "icon": "monitoring", "url": reverse("admin:index")},
            {"label": _("Figures"), "icon": "show_chart", "url": reverse("admin:account_figures")},
            {"label": _("Contacts"), "icon": "person", "url": reverse("admin:contacts_contact_changelist")},
            {"label": _("Consents"), "icon": "verified_user", "url": reverse("admin:contacts_consentrecord_radar")},
            {"label": _("Groups"), "icon": "group", "url": reverse("admin:groups_group_changelist")},
            {"label": _("Campaigns"), "icon": "campaign", "url": reverse("admin:campaigns_campaign_changelist")},
            {"label": _("Mailings"), "icon": "forward_to_inbox", "url": reverse("admin:campaigns_mailing_changelist")},
            {"label": _("Templates"), "icon": "web", "url": reverse("admin:emailtemplates_emailtemplate_changelist")},
            {"label": _("Custom fields"), "icon": "tune", "url": reverse("admin:contacts_customfield_changelist")},
            {"label": _("Bulk changes"), "icon": "rule", "url": reverse("admin:sync_changeset_changelist")},
            {
                "label": _("Outbox"),
                "icon": "outbox",
                "url": reverse("admin:sync_change_changelist"),
                "badge": self.problems,
                "badge_label": _("need attention"),
            },
            {"label": _("Pulls"), "icon": "cloud_download", "url": reverse("admin:sync_pullrun_changelist")},
            {"label": _("Calls to Cyberimpact"), "icon": "swap_vert", "url": reverse("admin:sync_apicall_changelist")},
            {"label": _("History"), "icon": "history", "url": reverse("admin:history")},
        ]
        if self.rights.manage:
            entries.append({"label": _("Settings"), "icon": "settings", "url": reverse("admin:account_settings")})
        return entries

    def _agency_entries(self) -> list[dict[str, Any]]:
        entries = [
            {"label": _("What needs you"), "icon": "checklist", "url": self.home_url},
            {"label": _("Clients"), "icon": "apps", "url": self.clients_url},
            {"label": _("Calendar"), "icon": "calendar_month", "url": reverse("admin:calendar")},
            {"label": _("Figures"), "icon": "show_chart", "url": reverse("admin:figures")},
            {"label": _("Consents"), "icon": "verified_user", "url": reverse("admin:contacts_consentrecord_clients")},
            {"label": _("Find a person"), "icon": "person_search", "url": reverse("admin:find_person")},
            {"label": _("Cases"), "icon": "gavel", "url": reverse("admin:cases")},
        ]
        user: Any = self.request.user
        if user.is_superuser and user.is_active:
            entries += [
                {"label": _("Connect a client"), "icon": "add_link", "url": reverse("admin:account_connect")},
                {"label": _("Staff"), "icon": "badge", "url": reverse("admin:people")},
            ]
        if user.is_superuser or policy.accounts_for(user, "manage").exists():
            entries += [
                {"label": _("Tokens"), "icon": "key", "url": reverse("admin:account_register")},
                {"label": _("History"), "icon": "history", "url": reverse("admin:history_clients")},
            ]
        return entries


def console(request: HttpRequest) -> dict[str, Shell]:
    """Context processor: `shell`, for every template."""
    return {"shell": Shell(request)}
