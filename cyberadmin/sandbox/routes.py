"""The API's paths. The order matters: a literal segment comes before a placeholder (openapi.yaml, info)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from cyberadmin.sandbox import (
    account,
    batches,
    consent,
    departed,
    groups,
    mailings,
    member_groups,
    members,
    optins,
    recipients,
    templates,
)
from cyberadmin.sandbox.call import Call
from cyberadmin.sandbox.wire import Reply

Handler = Callable[[Call], Reply]


@dataclass(frozen=True, slots=True)
class Route:
    """One operation: its template, its operationId and what answers it."""

    template: str
    method: str
    operation: str
    handler: Handler

    @property
    def writes(self) -> bool:
        return self.method != "GET" or self.operation == "createTokenLegacy"


_TABLE: dict[str, dict[str, tuple[str, Handler]]] = {
    "/ping": {"GET": ("ping", account.ping)},
    "/tokens": {"POST": ("createToken", account.create_token)},
    "/tokens/new": {"GET": ("createTokenLegacy", account.create_token)},
    "/customfields": {"GET": ("listCustomFields", account.list_custom_fields)},
    "/members": {
        "GET": ("listMembers", members.list_members),
        "POST": ("createMember", members.create_member),
    },
    "/members/bounced": {"GET": ("listBouncedMembers", departed.list_bounced)},
    "/members/unsubscribed": {"GET": ("listUnsubscribedMembers", departed.list_unsubscribed)},
    "/members/unsubscribed/{key}": {
        "GET": ("getUnsubscribedMember", departed.get_unsubscribed),
        "POST": ("unsubscribeMember", departed.unsubscribe_member),
    },
    "/members/optins": {"POST": ("optinMember", optins.create_optin)},
    "/members/{key}": {
        "GET": ("getMember", members.get_member),
        "PUT": ("replaceMember", members.replace_member),
        "PATCH": ("editMember", members.edit_member),
        "DELETE": ("deleteMember", members.delete_member),
    },
    "/members/{key}/groups": {
        "GET": ("listMemberGroups", member_groups.list_groups),
        "POST": ("addMemberGroups", member_groups.add_groups),
        "PUT": ("replaceMemberGroups", member_groups.replace_groups),
    },
    "/members/{key}/groups/{groupId}": {"DELETE": ("removeMemberFromGroup", member_groups.remove_group)},
    "/members/{key}/mailings": {"GET": ("listMemberMailings", member_groups.list_mailings)},
    "/members/{key}/consent": {
        "GET": ("getMemberConsent", consent.get_consent),
        "PUT": ("setMemberConsent", consent.put_consent),
    },
    "/groups": {"GET": ("listGroups", groups.list_groups), "POST": ("createGroup", groups.create_group)},
    "/groups/{id}": {
        "GET": ("getGroup", groups.get_group),
        "PUT": ("replaceGroup", groups.replace_group),
        "PATCH": ("editGroup", groups.edit_group),
        "DELETE": ("deleteGroup", groups.delete_group),
    },
    "/groups/{id}/members": {
        "GET": ("listGroupMembers", groups.list_group_members),
        "DELETE": ("emptyGroup", groups.empty_group),
    },
    "/mailings": {"POST": ("createMailing", mailings.create_mailing)},
    "/mailings/sent": {"GET": ("listSentMailings", mailings.list_sent)},
    "/mailings/scheduled": {"GET": ("listScheduledMailings", mailings.list_scheduled)},
    "/mailings/archived": {"GET": ("listArchivedMailings", mailings.list_archived)},
    "/mailings/{id}": {
        "GET": ("getMailing", mailings.get_mailing),
        "DELETE": ("deleteMailing", mailings.delete_mailing),
    },
    "/mailings/{id}/recipients": {"GET": ("listMailingRecipients", recipients.lister(""))},
    **{
        f"/mailings/{{id}}/recipients/{part}": {"GET": (f"listMailingRecipients{name}", recipients.lister(part))}
        for part, name in (
            ("delivered", "Delivered"),
            ("stopped", "Stopped"),
            ("hard-bounced", "HardBounced"),
            ("soft-bounced", "SoftBounced"),
            ("unsubscribed", "Unsubscribed"),
            ("opened", "Opened"),
            ("clicked", "Clicked"),
        )
    },
    "/mailings/{id}/hard-bounces": {"GET": ("listMailingHardBouncesLegacy", recipients.list_hard_bounces)},
    "/templates": {
        "GET": ("listTemplates", templates.list_templates),
        "POST": ("createTemplate", templates.create_template),
    },
    "/templates/{id}": {
        "GET": ("getTemplate", templates.get_template),
        "PUT": ("replaceTemplate", templates.replace_template),
        "DELETE": ("deleteTemplate", templates.delete_template),
    },
    "/batches": {"POST": ("createBatch", batches.create_batch)},
    "/batches/{id}": {"GET": ("getBatch", batches.get_batch)},
}

TEMPLATES = tuple(_TABLE)
_ROUTES = {
    template: {method: Route(template, method, *entry) for method, entry in methods.items()}
    for template, methods in _TABLE.items()
}
_PATTERNS = tuple((template, tuple(template.strip("/").split("/"))) for template in TEMPLATES)


def match(segments: tuple[str, ...]) -> tuple[str, dict[str, str]] | None:
    """The template of a path and the values of its placeholders."""
    for template, pattern in _PATTERNS:
        if len(pattern) != len(segments):
            continue
        params: dict[str, str] = {}
        for part, segment in zip(pattern, segments, strict=True):
            if part.startswith("{") and segment:
                params[part[1:-1]] = segment
            elif part != segment:
                break
        else:
            return template, params
    return None


def methods_of(template: str) -> dict[str, Route]:
    return _ROUTES[template]
