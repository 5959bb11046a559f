"""Every method over real HTTP against the sandbox, which shares no code with the client."""

from datetime import UTC, date, datetime

import pytest

from cyberadmin.api import errors, types
from cyberadmin.api.client import ApiClient
from cyberadmin.api.credentials import LegacyLogin
from cyberadmin.api.types import MemberWrite
from tests.api.conftest import NOW, speak
from tests.sandbox_server import SandboxServer


@pytest.fixture
def lea(client: ApiClient) -> types.Member:
    return client.members.create(MemberWrite(email="lea.roy+test@example.com", first_name="Léa"))


def test_the_account_of_a_token(client, account):
    assert client.account.ping() == types.Ping(account["username"], account["email"], account["name"])


def test_a_new_token_works(sandbox, client, account):
    new = client.account.create_token()
    assert new.expires_at > datetime(2035, 9, 1, tzinfo=UTC)
    with speak(sandbox, new.token) as other:
        assert other.account.ping().account == account["name"]


def test_a_legacy_login_works(sandbox, account):
    with ApiClient(sandbox.base_url, LegacyLogin(account["username"], account["password"])) as client:
        assert client.account.ping().account == account["name"]


def test_a_wrong_token_is_told(sandbox):
    with speak(sandbox, "wrong") as client, pytest.raises(errors.InvalidToken):
        client.account.ping()


def test_a_member_from_birth_to_deletion(sandbox, client, account):
    for number, kind in enumerate(["text", "date", "integer", "decimal number"], start=1):
        sandbox.control("POST", "customfields", account=account["id"], id=number, name=kind, type=kind)
    values = {1: "Longueuil", 2: "2025-01-15", 3: 12, 4: 149.95}
    made = client.members.create(
        MemberWrite(
            email="maude@example.com",
            first_name="Maude",
            company="Érable",
            birth_date=date(1988, 6, 17),
            custom_values=values,
        )
    )
    assert made.joined_at == datetime(2025, 10, 1, 13, 0, 0, tzinfo=UTC)
    assert (made.consent_type, made.updated_at, made.birth_date) == ("implied", None, date(1988, 6, 17))
    assert made.custom_values == values
    assert client.members.get(made.id) == client.members.get("maude@example.com") == made

    edited = client.members.edit(made.id, MemberWrite(company=None, birth_date=None, custom_values={3: None}))
    assert (edited.first_name, edited.company, edited.birth_date) == ("Maude", "", None)
    assert edited.custom_values.get(3) is None
    assert edited.custom_values[1] == "Longueuil"

    replaced = client.members.replace(made.id, MemberWrite(email="maude@example.com", last_name="Lavoie"))
    assert (replaced.first_name, replaced.last_name) == ("", "Lavoie")

    client.members.delete("maude@example.com")
    with pytest.raises(errors.NotFound):
        client.members.get(made.id)


def test_an_existing_address_is_a_conflict(client, lea):
    with pytest.raises(errors.Conflict):
        client.members.create(MemberWrite(email=lea.email))


def test_a_refused_value_comes_with_the_vendors_words(client):
    with pytest.raises(errors.Rejected) as caught:
        client.members.create(MemberWrite(email="not an address"))
    assert caught.value.vendor_message
    assert caught.value.status == 422


def test_lists_pages_and_filters(client, lea):
    for number in range(4):
        client.members.create(MemberWrite(email=f"person{number}@example.com"))
    page = client.members.list(page=2, limit=2, sort="email_asc")
    assert (page.total_count, page.page, page.limit, page.sort) == (5, 2, 2, "email_asc")
    assert [member.email for member in page.items] == ["person1@example.com", "person2@example.com"]
    assert page.server_date == datetime(2025, 10, 1, 13, 0, 0, tzinfo=UTC)
    assert client.members.list(status="active").rows == []
    assert len(client.members.list(status="orphans").rows) == 5
    assert client.members.list(joined_from=date(2025, 10, 2)).total_count == 0
    assert client.members.list(joined_from=date(2025, 10, 1), joined_to=date(2025, 10, 1)).total_count == 5
    assert client.members.list(updated_from=date(2025, 10, 1), updated_to=date(2025, 10, 1)).total_count == 0
    assert client.members.list(page=9).rows == []


def test_who_leaves_is_in_another_list(sandbox, client, account, lea):
    client.members.create(MemberWrite(email="bounce@example.com"))
    sandbox.control("POST", "bounce", account=account["id"], email="bounce@example.com")
    first, again = client.members.unsubscribe(lea.id), client.members.unsubscribe(lea.email)
    assert (first.is_new, again.is_new) == (True, False)
    assert first.member.email == lea.email
    assert client.members.get_unsubscribed(lea.email) == again.member
    assert [gone.email for gone in client.members.list_unsubscribed().items] == [lea.email]
    assert [gone.email for gone in client.members.list_bounced().items] == ["bounce@example.com"]
    assert client.members.list_unsubscribed(unsubscribed_from=date(2025, 10, 2)).total_count == 0
    assert client.members.list_bounced(bounced_to=date(2025, 9, 30)).total_count == 0
    assert client.members.list().total_count == 0
    with pytest.raises(errors.NotFound):
        client.members.get(lea.email)


def test_groups_of_a_member(client, lea):
    one, two = client.groups.create("Un", is_public=True), client.groups.create("Deux", is_public=False)
    assert [group.id for group in client.members.add_groups(lea.id, [one.id])] == [one.id]
    assert {group.id for group in client.members.add_groups(lea.email, [two.id])} == {one.id, two.id}
    assert {group.title for group in client.members.list_groups(lea.id).items} == {"Un", "Deux"}
    client.members.remove_group(lea.id, one.id)
    assert [group.id for group in client.members.replace_groups(lea.id, [one.id])] == [one.id]
    assert client.members.replace_groups(lea.id, []) == []
    with pytest.raises(errors.Rejected):
        client.members.add_groups(lea.id, [999_999])


def test_a_group_from_birth_to_deletion(client):
    made = client.groups.create("Salon", is_public=True)
    assert (made.is_public, made.is_dynamic, made.members_count, made.mailings_count) == (True, False, 0, 0)
    assert client.groups.edit(made.id, title="Salon 2026").is_public
    assert not client.groups.edit(made.id, is_public=False).is_public
    assert client.groups.replace(made.id, "Foire", is_public=True).title == "Foire"
    member = client.members.create(MemberWrite(email="a@example.com"), [made.id])
    assert [row.id for row in client.groups.list_members(made.id, joined_from=date(2025, 10, 1)).items] == [member.id]
    assert client.groups.get(made.id).members_count == 1
    client.groups.empty(made.id)
    assert client.groups.list_members(made.id).total_count == 0
    assert [group.id for group in client.groups.list(sort="group_asc").items] == [made.id]
    client.groups.delete(made.id)
    with pytest.raises(errors.NotFound):
        client.groups.get(made.id)
    assert client.members.get(member.id).email == "a@example.com"


def test_consent(client, lea):
    # What a member made by POST has (api/README.md 6, 27).
    assert client.members.get_consent(lea.id).relation_type is None
    written = types.ConsentWrite(relation_type="active-clients", consent_date=date(2025, 9, 1), consent_proof="Facture")
    consent = client.members.set_consent(lea.id, written)
    assert consent == client.members.get_consent(lea.email)
    assert (consent.consent_type, consent.consent_date, consent.consent_expiration, consent.consent_proof) == (
        "implied",
        date(2025, 9, 1),
        date(2027, 9, 1),
        "Facture",
    )
    client.members.set_consent(lea.id, types.ConsentWrite(relation_type="express-consent"))
    with pytest.raises(errors.Rejected):
        client.members.set_consent(lea.id, written)


def test_custom_fields(sandbox, client, account):
    assert client.custom_fields.list() == []
    sandbox.control("POST", "customfields", account=account["id"], id=3, name="Employés", type="integer")
    assert client.custom_fields.list() == [types.CustomField(id=3, name="Employés", type="integer")]


def test_an_optin_makes_no_member_yet(client):
    group = client.groups.create("Un", is_public=True)
    request_id = client.members.optin(MemberWrite(email="a@example.com"), [group.id], "https://www.example.com/merci")
    assert request_id.isdigit()
    assert client.members.list().total_count == 0


def test_a_member_never_mailed_has_no_mailings(client, lea):
    page = client.members.list_mailings(lea.id, sort="date_sent_desc")
    assert (page.items, page.total_count) == ([], 0)


def test_batches(sandbox, client, lea):
    group = client.groups.create("Un", is_public=True)
    queued = client.batches.create(
        types.AddMembers(
            members=[
                types.BatchMember(email=lea.email, first_name=None, last_name="Roy"),
                types.BatchMember(email="new@example.com", consent_date=date(2025, 8, 21), consent_proof="Facture 1"),
            ],
            relation_type="active-clients",
            groups=[group.id],
            default_consent_date=date(2025, 9, 1),
        )
    )
    assert (queued.batch_type, queued.is_finished, queued.result) == ("addMembers", False, None)
    done = finish(sandbox, client, queued)
    assert set(done.result.successes) == {lea.email, "new@example.com"}
    assert done.result.errors == ()
    changed = client.members.get(lea.id)
    assert (changed.first_name, changed.last_name) == ("", "Roy")
    assert client.members.get_consent("new@example.com").consent_date == date(2025, 8, 21)
    assert client.groups.get(group.id).members_count == 2

    gone = finish(sandbox, client, client.batches.create(types.UnsubscribeMembers([lea.id, "999999"])))
    assert [error.id for error in gone.result.errors] == ["999999"]
    assert client.members.get_unsubscribed(lea.email).email == lea.email

    deleted = finish(sandbox, client, client.batches.create(types.DeleteMembers(["new@example.com"])))
    assert deleted.result.errors == ()
    assert client.members.list().total_count == 0


def finish(sandbox: SandboxServer, client: ApiClient, batch: types.Batch) -> types.Batch:
    sandbox.advance(60)
    try:
        done = client.batches.get(batch.id)
    finally:
        sandbox.control("POST", "clock", set=NOW)
    assert done.is_finished
    return done
