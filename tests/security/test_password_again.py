"""The password typed again before what is risky (docs/security.md, line 11): the pages are found, not listed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from campaigns.models import Approval
from cyberadmin.accounts.models import AuditEvent, Credential
from cyberadmin.accounts.recent import RecentPassword
from cyberadmin.exports.models import ExportJob
from cyberadmin.sync import clock
from tests.accounts.doors import doors, scoped_doors
from tests.accounts.isolation_world import Agency
from tests.people.desk import PASSWORD, Visitor

pytestmark = pytest.mark.django_db

#: Names of addresses that ask for it at least, by what is risky about them.
AREAS = {
    "tokens": {"account_connect", "account_confirm", "account_token", "account_token_ask", "account_token_again",
               "account_token_forget"},
    "hosts": {"account_host"},
    "sending": {"campaigns_campaign_send"},
    "plans": {"sync_changeset_decide"},
    "exports": {"exports_exportjob_add", "exports_exportjob_clients_add", "contacts_consentrecord_export"},
    "calls": {"sync_apicall_support"},
    "cases": {"case_decide", "case_json", "case_csv"},
    "leaving": {"leaving_file", "leaving_download", "leaving_cancel", "leaving_discard", "leaving_revoke", "leaving_purge"},
    "people": {"people_invite", "person_roles", "person_leave", "account_access", "account_invite", "people_policy"},
}  # fmt: skip


@pytest.fixture(autouse=True)
def _clock() -> Iterator[None]:
    yield
    clock.reset()


def guarded(agency: Agency) -> dict[str, str]:
    """An address of every page that asks for the password again, by the page's name."""
    inside, found = scoped_doors(), {}
    for door in doors():
        if door.page is None or not issubclass(door.page, RecentPassword):
            continue
        if any(door.route == one.route for one in inside):
            found[str(door.name)] = f"/c/{agency.ours.account.slug}/{next(door.paths(agency.ours))}"
        else:
            found[str(door.name)] = "/" + door.route.replace("<int:object_id>", str(agency.administrator.pk))
    return found


def written() -> tuple[int, ...]:
    """What these pages would leave."""
    return tuple(model.objects.count() for model in (AuditEvent, Approval, Credential, ExportJob))


@pytest.mark.parametrize("area", AREAS)
def test_pages_ask_for_the_password_again_after_ten_minutes(agency: Agency, area: str) -> None:
    paths, visitor = guarded(agency), Visitor().enter(agency.administrator)
    assert AREAS[area] <= set(paths)
    clock.advance(10 * 60)
    before = written()
    for name in AREAS[area]:
        for response in (visitor.get(paths[name]), visitor.send(paths[name], why="x", form="csv")):
            assert response.status_code == 302, name
            assert response.headers["Location"].startswith("/me/confirm-password/?next=%2F"), name
    assert written() == before
    asked = visitor.get(paths[name]).headers["Location"]
    assert visitor.post(asked, {"password": PASSWORD, "next": paths[name]}).headers["Location"] == paths[name]
    assert "confirm-password" not in visitor.get(paths[name]).headers.get("Location", "")


def test_every_page_that_asks_is_walked(agency: Agency) -> None:
    visitor = Visitor().enter(agency.administrator)
    clock.advance(10 * 60)
    for name, path in guarded(agency).items():
        # Without a restored backup there is nothing to confirm, and this page leads home.
        expected = "/" if name == "restored" else "/me/confirm-password/?next=%2F"
        assert visitor.get(path).headers["Location"].startswith(expected), name


def test_the_rows_of_a_bulk_change_leave_with_the_password(agency: Agency) -> None:
    visitor = Visitor().enter(agency.administrator)
    path = f"/c/{agency.ours.account.slug}/sync/changeset/{agency.ours.pks['changeset']}/"
    assert visitor.get(f"{path}?download=csv").status_code == 200
    clock.advance(10 * 60)
    assert visitor.get(path).status_code == 200
    assert "confirm-password" in visitor.get(f"{path}?download=csv").headers["Location"]
    assert AuditEvent.objects.filter(action="bulk.exported").count() == 1
