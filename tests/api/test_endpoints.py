"""One method, one endpoint: what each method puts on the wire and makes of the sample answer."""

from datetime import date

import orjson
import pytest

from cyberadmin.api import types
from cyberadmin.api.types import MemberWrite
from tests.api.conftest import sample, sample_bytes
from tests.api.loopback import answers

EMAIL = "maude.lavoie@example.com"
KEY = "maude.lavoie%40example.com"
DAYS = {
    "joined_from": date(2025, 1, 1),
    "joined_to": date(2025, 1, 31),
    "updated_from": date(2025, 2, 1),
    "updated_to": date(2025, 2, 28),
}
FIRST = "dateReturnFormat=ATOM&page=1&limit=10000"
THIRD = "dateReturnFormat=ATOM&page=3&limit=50&sort=email_asc"
JOINED = "joinedOnFrom=2025-01-01&joinedOnTo=2025-01-31"
UPDATED = "updatedOnFrom=2025-02-01&updatedOnTo=2025-02-28"
THIRD_PAGE = {"page": 3, "limit": 50, "sort": "email_asc"}
UPDATED_DAYS = {name: day for name, day in DAYS.items() if name.startswith("updated")}


def member(name: str = "member") -> types.Member:
    return types.Member.from_json(sample(name))


GROUP = types.Group.from_json(sample("group"))
MEMBER_GROUPS = [types.MemberGroup.from_json(row) for row in sample("member_groups")["groups"]]
NEW = MemberWrite(
    email="ethan.brooks@example.com",
    first_name="Ethan",
    last_name="Brooks",
    language="en_ca",
    custom_values={1: "Ottawa", 3: 4},
)
OPTIN = MemberWrite(email="lea.roy@example.com", first_name="Léa", language="fr_ca")
REPLACEMENT = MemberWrite(email=EMAIL, first_name="Maude", last_name="Lavoie", gender="f", language="fr_ca")
EDIT = MemberWrite(company="Érablière du Ruisseau", custom_values={3: 12})
CONSENT = types.ConsentWrite(
    relation_type="active-clients", consent_date=date(2025, 9, 1), consent_proof="Facturation 2025"
)
ATOM = "?dateReturnFormat=ATOM"

# call, answered sample, request line, sample of the body (or the body), value
WRITES_AND_DETAILS = [
    (lambda c: c.account.ping(), "ping", "GET /ping", None, types.Ping.from_json(sample("ping"))),
    (lambda c: c.account.create_token(), "token", "POST /tokens", None, types.NewToken.from_json(sample("token"))),
    (lambda c: c.members.get(EMAIL), "member", f"GET /members/{KEY}", None, member()),
    (lambda c: c.members.get(4182230), "member", "GET /members/4182230", None, member()),
    (
        lambda c: c.members.get_unsubscribed("gone@example.com"),
        "member_unsubscribed",
        "GET /members/unsubscribed/gone%40example.com",
        None,
        types.UnsubscribedMember.from_json(sample("member_unsubscribed")),
    ),
    (lambda c: c.members.create(NEW, [20418, 20431]), "member", "POST /members", "member_create_request", member()),
    (
        lambda c: c.members.create(MemberWrite(email="a@example.com")),
        "member",
        "POST /members",
        {"email": "a@example.com"},
        member(),
    ),
    (lambda c: c.members.replace(7, REPLACEMENT), "member", "PUT /members/7", "member_replace_request", member()),
    (lambda c: c.members.edit(7, EDIT), "member", "PATCH /members/7", "member_edit_request", member()),
    (lambda c: c.members.delete(EMAIL), "member_deleted", f"DELETE /members/{KEY}", None, None),
    (
        lambda c: c.members.unsubscribe(7),
        "member_unsubscription",
        "POST /members/unsubscribed/7",
        None,
        types.Unsubscription.from_json(sample("member_unsubscription")),
    ),
    (
        lambda c: c.members.optin(OPTIN, [20418], "https://www.example.com/merci"),
        "optin",
        "POST /members/optins",
        "optin_request",
        "5550",
    ),
    (
        lambda c: c.members.add_groups(7, [20431]),
        "member_groups",
        "POST /members/7/groups",
        {"groups": "20431"},
        MEMBER_GROUPS,
    ),
    (
        lambda c: c.members.replace_groups(7, [1, 2]),
        "member_groups_set",
        "PUT /members/7/groups",
        {"groups": "1,2"},
        MEMBER_GROUPS[1:],
    ),
    (
        lambda c: c.members.replace_groups(7, []),
        "member_groups_set",
        "PUT /members/7/groups",
        {"groups": ""},
        MEMBER_GROUPS[1:],
    ),
    (
        lambda c: c.members.remove_group(EMAIL, 20431),
        "member_group_removed",
        f"DELETE /members/{KEY}/groups/20431",
        None,
        None,
    ),
    (
        lambda c: c.members.get_consent(7),
        "consent",
        "GET /members/7/consent",
        None,
        types.Consent.from_json(sample("consent")),
    ),
    (
        lambda c: c.members.set_consent(7, CONSENT),
        "consent",
        "PUT /members/7/consent",
        "consent_request",
        types.Consent.from_json(sample("consent")),
    ),
    (
        lambda c: c.custom_fields.list(),
        "custom_fields",
        "GET /customfields",
        None,
        [types.CustomField.from_json(row) for row in sample("custom_fields")["customFields"]],
    ),
    (lambda c: c.groups.create("Salon", False), "group", "POST /groups", {"title": "Salon", "isPublic": False}, GROUP),
    (lambda c: c.groups.get(7), "group", "GET /groups/7", None, GROUP),
    (
        lambda c: c.groups.replace(7, "Salon", True),
        "group",
        "PUT /groups/7",
        {"title": "Salon", "isPublic": True},
        GROUP,
    ),
    (lambda c: c.groups.edit(7, title="Salon"), "group", "PATCH /groups/7", {"title": "Salon"}, GROUP),
    (lambda c: c.groups.edit(7, is_public=False), "group", "PATCH /groups/7", {"isPublic": False}, GROUP),
    (lambda c: c.groups.delete(20802), "group_deleted", "DELETE /groups/20802", None, None),
    (lambda c: c.groups.empty(7), "group_emptied", "DELETE /groups/7/members", None, None),
    (
        lambda c: c.batches.create(types.DeleteMembers([4182301, "noah.tremblay@example.com"])),
        "batch_queued",
        "POST /batches",
        "batch_delete_members_request",
        types.Batch.from_json(sample("batch_queued")),
    ),
    (
        lambda c: c.batches.get(9),
        "batch_completed",
        "GET /batches/9",
        None,
        types.Batch.from_json(sample("batch_completed")),
    ),
]


@pytest.mark.parametrize(
    ("call", "answer", "line", "body", "value"),
    [pytest.param(*row, id=f"{number} {row[2]}") for number, row in enumerate(WRITES_AND_DETAILS)],
)
def test_a_method_makes_its_one_request(serve, connect, call, answer, line, body, value):
    server = serve(answers(200, sample_bytes(answer)))
    assert call(connect(server)) == value
    (request,) = server.received
    assert f"{request.method} {request.target}" == line + ATOM
    expected = sample(body) if isinstance(body, str) else body
    assert (orjson.loads(request.body) if request.body else None) == expected


LISTS = [
    (lambda c, **k: c.members.list(**k), "members", "/members", "members", types.Member),
    (
        lambda c, **k: c.members.list_unsubscribed(**k),
        "members_unsubscribed",
        "/members/unsubscribed",
        "members",
        types.UnsubscribedMember,
    ),
    (lambda c, **k: c.members.list_bounced(**k), "members_bounced", "/members/bounced", "members", types.BouncedMember),
    (lambda c, **k: c.members.list_groups(7, **k), "member_groups", "/members/7/groups", "groups", types.MemberGroup),
    (
        lambda c, **k: c.members.list_mailings(7, **k),
        "member_mailings",
        "/members/7/mailings",
        "mailings",
        types.MemberMailing,
    ),
    (lambda c, **k: c.groups.list(**k), "groups", "/groups", "groups", types.Group),
    (lambda c, **k: c.groups.list_members(7, **k), "group_members", "/groups/7/members", "members", types.Member),
]


@pytest.mark.parametrize(("call", "answer", "path", "key", "kind"), LISTS)
def test_a_list_gives_raw_rows_and_typed_items(serve, connect, call, answer, path, key, kind):
    server = serve(answers(200, sample_bytes(answer)))
    client = connect(server)
    page = call(client)
    call(client, **THIRD_PAGE)
    status = "&status=all" if path == "/members" else ""
    assert [request.target for request in server.received] == [f"{path}?{FIRST}{status}", f"{path}?{THIRD}{status}"]
    whole = sample(answer)
    assert page.rows == whole[key]
    assert page.items == [kind.from_json(row) for row in whole[key]]
    assert page.items is page.items
    assert (page.total_count, page.page, page.limit, page.sort) == (whole["totalCount"], 1, 20, "")
    assert page.server_date is None


@pytest.mark.parametrize(
    ("call", "answer", "filters"),
    [
        (lambda c: c.members.list(status="orphans", **DAYS), "members", f"status=orphans&{JOINED}&{UPDATED}"),
        (lambda c: c.groups.list_members(7, **DAYS), "group_members", f"{JOINED}&{UPDATED}"),
        (
            lambda c: c.members.list_unsubscribed(
                **UPDATED_DAYS, unsubscribed_from=date(2025, 3, 1), unsubscribed_to=date(2025, 3, 2)
            ),
            "members_unsubscribed",
            f"{UPDATED}&unsubscribedOnFrom=2025-03-01&unsubscribedOnTo=2025-03-02",
        ),
        (
            lambda c: c.members.list_bounced(
                **UPDATED_DAYS, bounced_from=date(2025, 3, 1), bounced_to=date(2025, 3, 2)
            ),
            "members_bounced",
            f"{UPDATED}&bouncedOnFrom=2025-03-01&bouncedOnTo=2025-03-02",
        ),
    ],
)
def test_a_list_sends_its_filters(serve, connect, call, answer, filters):
    server = serve(answers(200, sample_bytes(answer)))
    call(connect(server))
    assert server.received[0].target.partition("?")[2] == f"{FIRST}&{filters}"


@pytest.mark.parametrize("options", [{"page": 0}, {"limit": 0}, {"limit": 10_001}])
def test_a_page_that_cannot_exist_is_not_asked_for(serve, connect, options):
    server = serve(answers(200, sample_bytes("members")))
    with pytest.raises(ValueError, match="limit goes from 1"):
        connect(server).members.list(**options)
    assert server.received == []


@pytest.mark.parametrize(
    "call",
    [
        lambda c: c.members.create(MemberWrite(first_name="Léa")),
        lambda c: c.members.replace(7, MemberWrite(first_name="Léa")),
        lambda c: c.members.optin(MemberWrite(first_name="Léa")),
    ],
)
def test_a_whole_member_without_address_is_not_sent(serve, connect, call):
    server = serve(answers(200, sample_bytes("member")))
    with pytest.raises(ValueError, match="e-mail address is needed"):
        call(connect(server))
    assert server.received == []
