"""Lists and pages whose cost does not grow with their rows (docs/engine.md section 4, line 34; stack.md 2)."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from contacts.models import Contact, GroupMembership
from cyberadmin.sync.listing import COUNT_LIMIT
from cyberadmin.sync.mirror import writing
from cyberadmin.sync.models import Change, PullRun
from groups.models import Group
from tests.accounts.isolation_world import Agency
from tests.console.conftest import Visitor
from tests.world import give, make_account, make_user


def queries(client: Client, path: str) -> int:
    """How many queries a page takes."""
    with CaptureQueriesContext(connection) as captured:
        assert client.get(path).status_code == 200
    return len(captured)


def add_contacts(agency: Agency, number: int) -> None:
    """More contacts, each with a change and in a group."""
    account = agency.ours.account
    group = Group.objects.get(pk=agency.ours.pks["group"])
    with writing():
        rows = Contact.objects.bulk_create(
            Contact(account=account, email=f"p{n}@example.com", email_key=f"p{n}@example.com") for n in range(number)
        )
        GroupMembership.objects.bulk_create(GroupMembership(contact=row, group=group) for row in rows)
    Change.objects.bulk_create(
        Change(
            account=account,
            kind="contact",
            object_id=row.pk,
            object_label=row.email,
            verb="update",
            state="queued",
            not_before=timezone.now(),
        )
        for row in rows
    )


@pytest.mark.parametrize(
    "path", ["/contacts/contact/", "/groups/group/", "/sync/change/", "/contacts/contact/?state=subscribed"]
)
def test_a_list_takes_no_query_per_row(agency: Agency, manager: Visitor, path: str) -> None:
    few = queries(manager, manager.base + path)
    add_contacts(agency, 60)
    assert queries(manager, manager.base + path) == few
    assert few <= 17


def test_the_list_of_clients_takes_no_query_per_client(agency: Agency) -> None:
    user = make_user()
    give(user, agency.ours.account, "read")
    client = Client()
    client.force_login(user)
    few = queries(client, "/clients/")
    for number in range(30):
        account = give_all(user, number)
        PullRun.objects.create(account=account, scope="full", state="complete", started_at=timezone.now())
    assert queries(client, "/clients/") == few


def give_all(user: Any, number: int) -> Any:
    """One more client of this person."""
    account = make_account(name=f"More {number}")
    give(user, account, "read")
    return account


def test_rows_show_their_changes(agency: Agency, manager: Visitor) -> None:
    add_contacts(agency, 3)
    text = manager.at("/contacts/contact/").content.decode()
    assert text.count('data-open="1"') == 4
    assert ">waiting</a>" in text


def test_a_long_list_says_so_and_stops_counting(agency: Agency, manager: Visitor) -> None:
    account = agency.ours.account
    with writing():
        Contact.objects.bulk_create(
            Contact(account=account, email=f"p{n}@example.com", email_key=f"p{n}@example.com")
            for n in range(COUNT_LIMIT)
        )
    response = manager.at("/contacts/contact/")
    assert f"{COUNT_LIMIT:,}+ contacts" in " ".join(response.content.decode().split())
    assert response.context["cl"].paginator.num_pages == COUNT_LIMIT // 50
    assert manager.at("/contacts/contact/?p=99999").status_code == 302


def test_filters_narrow_the_list(agency: Agency, manager: Visitor) -> None:
    add_contacts(agency, 5)
    with writing():
        Contact.objects.filter(email="p1@example.com").update(state="bounced", language="fr_ca", consent_type="express")

    def count(query: str) -> int:
        return int(manager.at(f"/contacts/contact/?{query}").context["cl"].result_count)

    assert count("state=bounced") == 1
    assert count("language=fr_ca") == 1
    assert count("language=none") == 5
    assert count("consent=express") == 1
    assert count("push=waiting") == 5
    assert count("push=attention") == 1
    assert count(f"group={agency.ours.pks['group']}") == 6
    assert count("group=999999") == 0
    assert count("state=nonsense") == 0


def test_only_indexed_columns_sort(agency: Agency, manager: Visitor) -> None:
    text = manager.at("/contacts/contact/").content.decode()
    sortable = text.count("?o=")
    assert sortable >= 3
    add_contacts(agency, 2)
    addresses = [row.email for row in manager.at("/contacts/contact/?o=-1").context["cl"].result_list]
    assert addresses == sorted(addresses, key=str.casefold, reverse=True)


def test_deleted_rows_leave_the_list(agency: Agency, manager: Visitor) -> None:
    add_contacts(agency, 1)
    with writing():
        Contact.objects.filter(email="p0@example.com").update(gone_at=timezone.now())
    assert "p0@example.com" not in manager.at("/contacts/contact/").content.decode()
