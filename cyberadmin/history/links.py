"""The way from an entry to what it is about, as far as this person may go there."""

from typing import Any

from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as lazy

from cyberadmin.accounts.models import Account, AuditEvent
from cyberadmin.accounts.scoping import address
from cyberadmin.sync.models import Edit

#: What an entry may name: (name of its value, page inside the client, words).
_OBJECTS: tuple[tuple[str, str, str | Promise], ...] = (
    ("change", "admin:sync_change_detail", lazy("the change")),
    ("change_set", "admin:sync_changeset_change", lazy("the bulk change")),
    ("export", "admin:exports_exportjob_change", lazy("the export")),
    ("call", "admin:sync_apicall_change", lazy("the call")),
    ("campaign", "admin:campaigns_campaign_change", lazy("the campaign")),
    ("mailing", "admin:campaigns_mailing_change", lazy("the mailing")),
)
#: Pages of mirrored objects, by kind of change (not from the admin of changes, which the site itself imports).
_PAGES = {
    "contact": "admin:contacts_contact_change",
    "group": "admin:groups_group_change",
    "template": "admin:emailtemplates_emailtemplate_change",
    "mailing": "admin:campaigns_mailing_change",
}
#: Pages that only who may edit the client opens.
_OF_EDITORS = ("export",)
#: Campaigns that are no more have no page.
_GONE = ("campaign.deleted",)

Link = tuple[str, Any]


def of_event(request: HttpRequest, event: AuditEvent, edited: set[int], managed: set[int]) -> list[Link]:
    """(address, words) of what an entry names and this person may open.

    `edited`, `managed`: the clients whose exports and whose tokens they may see.
    """
    account = event.account
    if account is None or event.action in _GONE:
        return []
    found: list[Link] = [
        (address(request, page, event.detail[name], account=account), words)
        for name, page, words in _OBJECTS
        if isinstance(event.detail.get(name), int) and (name not in _OF_EDITORS or account.pk in edited)
    ]
    if event.action.startswith("token.") and account.pk in managed:
        found.append((address(request, "admin:account_tokens", account=account), lazy("the tokens")))
    return found


def of_edit(request: HttpRequest, edit: Edit) -> list[Link]:
    """The change of an edit, and the object that it is about."""
    change = edit.change
    account: Account = change.account
    found: list[Link] = [(address(request, "admin:sync_change_detail", change.pk, account=account), lazy("the change"))]
    if page := _PAGES.get(change.kind):
        found.append((address(request, page, change.object_id, account=account), lazy("the object")))
    return found
