"""Nobody sees or touches another client's data, through any door (docs/engine.md P9 and section 4, lines 1-10).

The doors are found, not listed: every pattern of the URLconf is walked with every kind of person, with the rows of both
clients. A page added tomorrow is in the matrix tomorrow.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client

from campaigns.models import Approval, Campaign, Confirmation, Edition, Mailing, RecipientList
from contacts.models import ConsentRecord, Contact, GroupMembership, ProofFile
from cyberadmin.accounts import checks
from cyberadmin.accounts.models import Account, AccountAccess, Credential
from cyberadmin.accounts.scoping import ScopedAdmin, ScopedPage
from cyberadmin.people.models import OneTimeLink
from cyberadmin.people.pages.base import DoorPage
from cyberadmin.sync.models import Change, HeldSweep, PullRun
from groups.models import Group
from templates.models import EmailTemplate, TemplateVersion
from tests.accounts.doors import SITE_VIEWS, doors, scoped_doors
from tests.accounts.isolation_world import Agency, Planted, build

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]

#: Requests that each walk makes at least, so that it cannot shrink unnoticed: the matrix promises 2,000.
LEAST = {
    "test_pages_of_a_client_never_show_another_ones": 900,
    "test_rows_of_another_client_are_like_missing_ones": 600,
    "test_a_client_one_does_not_work_on_is_like_a_missing_one": 600,
    "test_strangers_are_sent_to_the_log_in": 150,
    "test_outside_a_client_there_is_nothing_of_any_client": 400,
}
#: Different places, of one client, in which its marker stands in the database.
MARKED = 40


@pytest.fixture
def agency() -> Agency:
    return build()


class Counted(Client):
    """A browser whose requests are counted."""

    requests = 0

    def request(self, **request: Any) -> Any:
        Counted.requests += 1
        return super().request(**request)


@pytest.fixture(autouse=True)
def _enough(request: pytest.FixtureRequest) -> Iterator[None]:
    """A walk of the matrix that grew smaller is no proof any more."""
    before = Counted.requests
    yield
    assert Counted.requests - before >= LEAST.get(request.function.__name__, 0)


def browser(user: User | None) -> Client:
    client = Counted()
    if user is not None:
        client.force_login(user)
    return client


def body(response: HttpResponse) -> str:
    """What a person would see, without what differs on every page."""
    text = response.getvalue().decode(errors="replace")
    return re.sub(r'name="(csrfmiddlewaretoken|next)" value="[^"]*"|href="[^"]*"|data-live="[^"]*"', "", text)


def rows() -> tuple[int, ...]:
    """How many rows there are of everything that a page could write."""
    models = (
        Change,
        Contact,
        Group,
        GroupMembership,
        ConsentRecord,
        ProofFile,
        PullRun,
        Account,
        AccountAccess,
        Credential,
        EmailTemplate,
        TemplateVersion,
        Campaign,
        Edition,
        Approval,
        Confirmation,
        Mailing,
        RecipientList,
        OneTimeLink,
    )
    held = HeldSweep.objects.filter(state="held").count()
    return (*(model.objects.count() for model in models), held, Change.objects.filter(state="conflict").count())


def test_every_door_hangs_from_the_scoping_base() -> None:
    for door in doors():
        if door.name in SITE_VIEWS:
            continue
        model_admin = getattr(door.callback, "__self__", None) or getattr(door.callback, "__wrapped__", None)
        is_list = isinstance(getattr(model_admin, "__self__", None), ScopedAdmin)
        assert is_list or (door.page is not None and issubclass(door.page, ScopedPage | DoorPage)), door.route


def test_the_start_up_check_refuses_an_unscoped_admin() -> None:
    assert checks.unscoped(admin.site) == []
    site = admin.AdminSite(name="careless")
    site.register(Change, admin.ModelAdmin)
    site.register(
        User,
        type(
            "Careless",
            (admin.ModelAdmin,),
            {"inlines": [type("Rows", (admin.TabularInline,), {"model": AccountAccess})]},
        ),
    )
    assert checks.unscoped(site) == ["ModelAdmin", "Rows"]


def look_at_every_page(role: str, client: Client, planted: Planted, other: Planted) -> set[str | None]:
    """Every page of one client shows nothing of the other one; the names of those that opened."""
    opened = set()
    for door in scoped_doors():
        for path in door.paths(planted):
            response = client.get(f"/c/{planted.account.slug}/{path}")
            assert response.status_code in (200, 302, 403, 405), (role, path, response.status_code)
            text = response.getvalue().decode(errors="replace")
            if role == "administrator":
                # Where a person's own other clients are named: the switcher, and where a template is copied to.
                text = re.sub(r'(?s)<(details|fieldset) class="(ca-switcher|et-clients)".*?</\1>', "", text)
            assert other.marker.lower() not in text.lower(), (role, path)
            if response.status_code == 200:
                opened.add(door.name)
    return opened


def marked(planted: Planted) -> set[str]:
    """Columns that hold the marker of this client somewhere, from a look at every row there is."""
    found = set()
    for model in apps.get_models():
        columns = [column.attname for column in model._meta.concrete_fields]
        for row in model._base_manager.values_list():
            texts = zip(columns, (json.dumps(value, default=str).lower() for value in row), strict=True)
            found |= {f"{model.__name__}.{column}" for column, text in texts if planted.marker.lower() in text}
    return found


def test_the_matrix_is_as_large_as_promised(agency: Agency) -> None:
    assert sum(LEAST.values()) >= 2_000
    assert len({**agency.insiders, "administrator": agency.administrator}) == 5
    assert marked(agency.ours) == marked(agency.theirs)
    assert len(marked(agency.ours)) >= MARKED


def test_pages_of_a_client_never_show_another_ones(agency: Agency) -> None:
    people = {**agency.insiders, "administrator": agency.administrator}
    opened: set[str | None] = set()
    for role, user in people.items():
        opened |= look_at_every_page(role, browser(user), agency.ours, agency.theirs)
    # The other client too: for whoever works on one alone it is not there.
    for role, user in people.items():
        if role == "administrator":
            look_at_every_page(role, browser(user), agency.theirs, agency.ours)
            continue
        client = browser(user)
        for door in scoped_doors():
            for path in door.paths(agency.theirs):
                response = client.get(f"/c/{agency.theirs.account.slug}/{path}")
                assert response.status_code == 404, (role, path)
                assert agency.theirs.marker not in response.getvalue().decode(errors="replace"), (role, path)
    # Every page was really looked at, but for those that only take a form or lead on.
    assert {door.name for door in scoped_doors()} - opened == {
        "account_proving", "account_confirm", "leaving_begin", "sync_change_act", "sync_changeset_act"
    }  # fmt: skip


def test_rows_of_another_client_are_like_missing_ones(agency: Agency) -> None:
    people = {**agency.insiders, "administrator": agency.administrator}
    for role, user in people.items():
        client = browser(user)
        for door in scoped_doors():
            if "<int:object_id>" not in door.route:
                continue
            for theirs, missing in zip(door.paths(agency.theirs), door.paths(None), strict=True):
                for method in (client.get, client.post):
                    before = rows()
                    foreign = method(f"/c/{agency.ours.account.slug}/{theirs}")
                    nothing = method(f"/c/{agency.ours.account.slug}/{missing}")
                    assert foreign.status_code == nothing.status_code, (role, theirs)
                    assert foreign.status_code in (403, 404), (role, theirs, foreign.status_code)
                    assert body(foreign) == body(nothing), (role, theirs)
                    assert rows() == before, (role, theirs)


def test_a_client_one_does_not_work_on_is_like_a_missing_one(agency: Agency) -> None:
    for user in agency.outsiders.values():
        client = browser(user)
        for door in scoped_doors():
            for path in door.paths(agency.ours):
                for method in (client.get, client.post):
                    before = rows()
                    foreign = method(f"/c/{agency.ours.account.slug}/{path}")
                    missing = method(f"/c/no-such-client/{path}")
                    assert foreign.status_code == missing.status_code == 404, path
                    assert body(foreign) == body(missing), path
                    assert agency.ours.marker not in foreign.getvalue().decode(), path
                    assert rows() == before, path


def test_strangers_are_sent_to_the_log_in(agency: Agency) -> None:
    client = browser(None)
    for door in scoped_doors():
        for path in door.paths(agency.ours):
            for method in (client.get, client.post):
                response = method(f"/c/{agency.ours.account.slug}/{path}")
                assert response.status_code == 302, path
                assert response.headers["Location"].startswith("/login/"), path


def test_outside_a_client_there_is_nothing_of_any_client(agency: Agency) -> None:
    for user in (agency.administrator, *agency.insiders.values()):
        client = browser(user)
        for door in scoped_doors():
            for path in door.paths(agency.ours):
                response = client.get(f"/{path}")
                assert response.status_code == 302, path
                assert response.headers["Location"] == "/", path


def test_who_may_only_read_changes_nothing(agency: Agency) -> None:
    client = browser(agency.insiders["read"])
    for door in scoped_doors():
        # Reading from the vendor once more needs no more than the right to look.
        if door.name in ("account_pull", "campaigns_mailing_recipients"):
            continue
        for path in door.paths(agency.ours):
            before = rows()
            data = {
                "form_token": str(uuid.uuid4()),
                "why": "x",
                "title": "new",
                "email": "new@example.com",
                "remote_id": 1,
            }
            response = client.post(f"/c/{agency.ours.account.slug}/{path}", data)
            assert response.status_code in (200, 302, 403, 405), path
            assert rows() == before, path


def test_getting_a_page_changes_nothing(agency: Agency) -> None:
    client = browser(agency.insiders["manage"])
    before = rows()
    for door in scoped_doors():
        for path in door.paths(agency.ours):
            client.get(f"/c/{agency.ours.account.slug}/{path}")
            assert rows() == before, path


@pytest.mark.parametrize("page", ["groups/add/", "groups/remove/"])
def test_a_contact_is_not_put_into_another_clients_group(agency: Agency, page: str) -> None:
    client = browser(agency.insiders["manage"])
    base = f"/c/{agency.ours.account.slug}/contacts/contact/{agency.ours.pks['contact']}/{page}"
    before = rows()
    preview = client.get(base, {"groups": agency.theirs.pks["group"]})
    assert agency.theirs.marker not in preview.content.decode()
    response = client.post(base, {"form_token": str(uuid.uuid4()), "groups": [agency.theirs.pks["group"]]})
    assert response.status_code == 200
    assert rows() == before


def test_a_new_contact_is_not_put_into_another_clients_group(agency: Agency) -> None:
    client = browser(agency.insiders["manage"])
    base = f"/c/{agency.ours.account.slug}/contacts/contact/add/"
    before = rows()
    data = {"form_token": str(uuid.uuid4()), "email": "new@example.com", "groups": [agency.theirs.pks["group"]]}
    response = client.post(base, data)
    assert response.status_code == 200
    assert rows() == before
    assert agency.theirs.marker not in response.content.decode()


def test_filters_and_pickers_know_only_this_client(agency: Agency) -> None:
    client = browser(agency.insiders["read"])
    base = f"/c/{agency.ours.account.slug}"
    narrowed = client.get(f"{base}/contacts/contact/", {"group": agency.theirs.pks["group"]})
    assert narrowed.context["cl"].result_count == 0
    assert agency.theirs.marker not in narrowed.content.decode()
    picker = {"app_label": "contacts", "model_name": "groupmembership", "field_name": "group", "term": "mark"}
    offered = client.get(f"{base}/autocomplete/", picker).json()["results"]
    assert [item["text"] for item in offered] == [f"{agency.ours.marker} group"]
    badges = client.get(f"{base}/status/", {"changes": f"{agency.ours.pks['change']},{agency.theirs.pks['change']}"})
    assert list(badges.json()["changes"]) == [str(agency.ours.pks["change"])]


@pytest.mark.parametrize(
    "query",
    [
        "account__name__startswith=M",
        "account__credentials__secret__startswith=k",
        "account__id=1",
        "first_name__regex=.",
        "memberships__group__title=x",
        "_to_field=email",
    ],
)
def test_lookups_from_the_query_string_are_refused(agency: Agency, query: str) -> None:
    for user in (agency.administrator, agency.insiders["manage"]):
        response = browser(user).get(f"/c/{agency.ours.account.slug}/contacts/contact/?{query}")
        assert response.status_code == 400, query


def test_staff_log_ins_are_for_administrators(agency: Agency) -> None:
    for user in (*agency.insiders.values(), *agency.outsiders.values()):
        client = browser(user)
        for path in (
            "",
            "invite/",
            "second-factor/",
            f"{agency.administrator.pk}/",
            f"{agency.administrator.pk}/roles/",
        ):
            for prefix in ("", f"/c/{agency.ours.account.slug}"):
                assert client.get(f"{prefix}/people/{path}").status_code in (403, 404), path
        assert client.get("/connect/").status_code == 403
    assert browser(agency.administrator).get("/people/").status_code == 200


def test_a_lost_role_counts_at_once(agency: Agency) -> None:
    user = agency.insiders["edit"]
    client = browser(user)
    path = f"/c/{agency.ours.account.slug}/contacts/contact/"
    assert client.get(path).status_code == 200
    AccountAccess.objects.filter(user=user).delete()
    assert client.get(path).status_code == 404
