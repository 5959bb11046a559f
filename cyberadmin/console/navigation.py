"""The sidebar: where each page is found, under headings, for one client and for the whole agency."""

from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from cyberadmin.accounts import policy
from cyberadmin.accounts.scoping import account_of, address, rights


@dataclass
class Entry:
    """One link. `badge` is a number that wants attention, told by `badge_label`; `exact`: pages below it are not its own."""

    label: str
    icon: str
    url: str
    badge: int = 0
    badge_label: str = ""
    exact: bool = False
    active: bool = False


@dataclass
class Section:
    """Entries under a heading; the first section needs none."""

    title: str
    entries: list[Entry] = field(default_factory=list)


def sections(request: HttpRequest, *, problems: int, may_manage: bool) -> list[Section]:
    """What this person finds in the sidebar of this page; the entry of the page is marked."""
    found = _client(problems, may_manage, rights(request).edit) if account_of(request) else _agency(request)
    for entry in (entry for section in found for entry in section.entries):
        entry.active = request.path == entry.url if entry.exact else request.path.startswith(entry.url)
    return found


def _client(problems: int, may_manage: bool, may_edit: bool) -> list[Section]:
    outbox = Entry(_("Outbox"), "outbox", reverse("admin:sync_change_changelist"), problems, _("need attention"))
    found = [
        Section(
            "",
            [
                Entry(_("Overview"), "monitoring", reverse("admin:index"), exact=True),
                Entry(_("Figures"), "show_chart", reverse("admin:account_figures")),
            ],
        ),
        Section(
            _("People"),
            [
                Entry(_("Contacts"), "person", reverse("admin:contacts_contact_changelist")),
                Entry(_("Groups"), "group", reverse("admin:groups_group_changelist")),
                Entry(_("Consents"), "verified_user", reverse("admin:contacts_consentrecord_radar")),
                Entry(_("Custom fields"), "tune", reverse("admin:contacts_customfield_changelist")),
            ],
        ),
        Section(
            _("Mail"),
            [
                Entry(_("Campaigns"), "campaign", reverse("admin:campaigns_campaign_changelist")),
                Entry(_("Mailings"), "forward_to_inbox", reverse("admin:campaigns_mailing_changelist")),
                Entry(_("Templates"), "web", reverse("admin:emailtemplates_emailtemplate_changelist")),
            ],
        ),
        Section(
            _("Exchange with Cyberimpact"),
            [
                outbox,
                Entry(_("Bulk changes"), "rule", reverse("admin:sync_changeset_changelist")),
                Entry(_("Pulls"), "cloud_download", reverse("admin:sync_pullrun_changelist")),
                Entry(_("Calls to Cyberimpact"), "swap_vert", reverse("admin:sync_apicall_changelist")),
            ],
        ),
    ]
    this = [Entry(_("History"), "history", reverse("admin:history"))]
    if may_edit:
        this.append(Entry(_("Exports"), "download", reverse("admin:exports_exportjob_changelist")))
    if may_manage:
        this += [
            Entry(_("Staff"), "badge", reverse("admin:account_access")),
            Entry(_("Tokens"), "key", reverse("admin:account_tokens")),
            Entry(_("Settings"), "settings", reverse("admin:account_settings")),
        ]
    return [*found, Section(_("This client"), this)]


def _agency(request: HttpRequest) -> list[Section]:
    user: Any = request.user
    found = [
        Section(
            "",
            [
                Entry(_("What needs you"), "checklist", address(request, "admin:index"), exact=True),
                Entry(_("Clients"), "apps", address(request, "admin:clients")),
                Entry(_("Calendar"), "calendar_month", reverse("admin:calendar")),
                Entry(_("Figures"), "show_chart", reverse("admin:figures")),
            ],
        ),
        Section(
            _("People"),
            [
                Entry(_("Find a person"), "person_search", reverse("admin:find_person")),
                Entry(_("Cases"), "gavel", reverse("admin:cases")),
                Entry(_("Consents"), "verified_user", reverse("admin:contacts_consentrecord_clients")),
            ],
        ),
    ]
    agency = []
    if user.is_superuser and user.is_active:
        agency += [
            Entry(_("Connect a client"), "add_link", reverse("admin:account_connect")),
            Entry(_("Staff"), "badge", reverse("admin:people")),
            Entry(_("Clients who have left"), "inventory_2", reverse("admin:ended_clients")),
        ]
    if user.is_superuser or policy.accounts_for(user, "manage").exists():
        agency.append(Entry(_("Tokens"), "key", reverse("admin:account_register")))
    agency.append(Entry(_("History"), "history", reverse("admin:history_clients")))
    return [*found, Section(_("Agency"), agency)]
