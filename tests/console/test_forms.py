"""Nothing typed is lost and nothing is saved twice: double clicks, older versions, refusals, sessions that end."""

from __future__ import annotations

import json
import re
import uuid
from typing import Any

from django.test import Client
from django.utils.translation import gettext

from contacts.models import Contact
from cyberadmin.sync.models import Change
from groups.models import Group
from tests.accounts.isolation_world import Agency
from tests.console.conftest import Visitor


def filled(visitor: Visitor, path: str, **typed: Any) -> dict[str, Any]:
    """The form of a page as the browser would send it, with what was typed."""
    form = visitor.at(path).context["form"]
    values = {name: form[name].value() for name in form.fields}
    return {name: "" if value is None else value for name, value in (values | typed).items()}


def contact_path(agency: Agency) -> str:
    return f"/contacts/contact/{agency.ours.pks['contact']}/"


def settled(agency: Agency) -> Contact:
    """Our contact, with the planted conflict out of the way."""
    Change.objects.filter(account=agency.ours.account).update(state=Change.State.CANCELLED)
    return Contact.objects.get(pk=agency.ours.pks["contact"])


def test_a_double_click_is_one_change(agency: Agency, manager: Visitor) -> None:
    settled(agency)
    data = filled(manager, contact_path(agency), first_name="Once")
    for _ in range(2):
        assert manager.send(contact_path(agency), data).status_code == 302
    assert Change.objects.filter(account=agency.ours.account, verb="update", state="queued").count() == 1
    page = manager.at(contact_path(agency)).content.decode()
    assert gettext("This form was already saved; it was not sent a second time.") in page


def test_adding_twice_with_one_form_adds_once(agency: Agency, manager: Visitor) -> None:
    data = filled(manager, "/groups/group/add/", title="Only one")
    for _ in range(2):
        assert manager.send("/groups/group/add/", data).status_code == 302
    assert Group.objects.filter(account=agency.ours.account, title="Only one").count() == 1


def test_only_what_was_changed_is_recorded(agency: Agency, manager: Visitor) -> None:
    contact = settled(agency)
    manager.send(contact_path(agency), filled(manager, contact_path(agency), last_name="New", **{"custom:1": "Ville"}))
    change = Change.objects.get(account=agency.ours.account, state="queued")
    assert set(change.fields) == {"last_name", "custom:1"}
    contact.refresh_from_db()
    assert (contact.last_name, contact.custom_values) == ("New", {"1": "Ville"})


def test_an_unchanged_form_sends_nothing(agency: Agency, manager: Visitor) -> None:
    settled(agency)
    manager.send(contact_path(agency), filled(manager, contact_path(agency)))
    assert not Change.objects.filter(account=agency.ours.account, state="queued").exists()
    assert gettext("Nothing had changed, so nothing was sent.") in manager.at(contact_path(agency)).content.decode()


def test_a_refusal_keeps_everything_that_was_typed(agency: Agency, language: str) -> None:
    settled(agency)
    visitor = Visitor(agency.insiders["edit"], f"/c/{agency.ours.account.slug}", language)
    typed = {"email": "not an address", "birth_date": "1850-01-01", "country": "ZZ", "company": "Kept & shown"}
    response = visitor.send(contact_path(agency), filled(visitor, contact_path(agency), **typed))
    assert response.status_code == 200
    form = response.context["form"]
    assert set(form.errors) == {"email", "birth_date", "country"}
    assert {name: form[name].value() for name in typed} == typed
    assert gettext("A birth date lies between 1900 and today.") in form.errors["birth_date"]
    assert not Change.objects.filter(account=agency.ours.account, state="queued").exists()


def stale_page(agency: Agency, visitor: Visitor) -> Any:
    """A colleague saves first; then our older form comes in."""
    settled(agency)
    mine = filled(visitor, contact_path(agency), first_name="Mine", company="My company")
    colleague = Visitor(agency.insiders["edit"], visitor.base)
    colleague.send(
        contact_path(agency), filled(colleague, contact_path(agency), first_name="Theirs", last_name="Other")
    )
    return visitor.send(contact_path(agency), mine)


def resubmit(response: Any, choice: str) -> dict[str, Any]:
    """The form of the page that shows both values, as the browser would send it."""
    text = response.content.decode()
    hidden = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', text)
    data = {name: value.replace("&quot;", '"').replace("&amp;", "&") for name, value in hidden}
    data.pop("csrfmiddlewaretoken", None)
    return data | {"keep-first_name": choice}


def test_an_older_form_shows_both_values_and_saves_nothing(agency: Agency, manager: Visitor) -> None:
    response = stale_page(agency, manager)
    assert response.status_code == 409
    (row,) = response.context["rows"]
    assert (row["name"], row["mine"], row["now"]) == ("first_name", "Mine", "Theirs")
    contact = Contact.objects.get(pk=agency.ours.pks["contact"])
    assert (contact.first_name, contact.last_name) == ("Theirs", "Other")
    assert contact.company != "My company"


def test_keeping_mine_saves_mine_and_leaves_the_colleagues_other_fields(agency: Agency, manager: Visitor) -> None:
    response = manager.send(contact_path(agency), resubmit(stale_page(agency, manager), "mine"))
    assert response.status_code == 302
    contact = Contact.objects.get(pk=agency.ours.pks["contact"])
    assert (contact.first_name, contact.last_name, contact.company) == ("Mine", "Other", "My company")


def test_taking_theirs_keeps_the_rest_of_what_i_typed(agency: Agency, manager: Visitor) -> None:
    response = manager.send(contact_path(agency), resubmit(stale_page(agency, manager), "now"))
    assert response.status_code == 302
    contact = Contact.objects.get(pk=agency.ours.pks["contact"])
    assert (contact.first_name, contact.last_name, contact.company) == ("Theirs", "Other", "My company")


def test_a_session_that_ended_leads_back_to_the_form(agency: Agency, manager: Visitor) -> None:
    data = filled(manager, contact_path(agency), first_name="Late")
    manager.logout()
    response = manager.send(contact_path(agency), data)
    assert response.status_code == 302
    assert response.headers["Location"] == f"/login/?next={manager.base}{contact_path(agency)}"
    manager.force_login(agency.insiders["manage"])
    back = manager.at(contact_path(agency)).content.decode()
    assert "data-draft" in back
    assert gettext("You were typing here before your session ended. What you typed was not saved.") in back


def test_a_form_from_before_another_log_in_is_explained(agency: Agency, language: str) -> None:
    strict = Client(enforce_csrf_checks=True, headers={"accept-language": language})
    strict.force_login(agency.insiders["manage"])
    path = f"/c/{agency.ours.account.slug}{contact_path(agency)}"
    response = strict.post(path, {"first_name": "x"})
    assert response.status_code == 403
    text = response.content.decode()
    assert gettext("This page was open for too long") in text
    assert f'href="{path}"' in text


def test_a_damaged_form_is_refused_in_words(agency: Agency, manager: Visitor) -> None:
    settled(agency)
    data = filled(manager, contact_path(agency), first_name="x")
    for name, value in (("shown", "[]"), ("edit_version", "x"), ("form_token", "x")):
        response = manager.send(contact_path(agency), data | {name: value})
        assert response.status_code == 200, name
        assert name in response.context["form"].errors
    assert not Change.objects.filter(account=agency.ours.account, state="queued").exists()


def test_a_decision_missing_for_a_field_saves_nothing(agency: Agency, manager: Visitor) -> None:
    path = f"/sync/change/{agency.ours.pks['change']}/decide/"
    response = manager.send(path, {"form_token": str(uuid.uuid4())})
    assert response.status_code == 200
    assert Change.objects.get(pk=agency.ours.pks["change"]).state == Change.State.CONFLICT


def test_the_versions_travel_with_the_form(agency: Agency, manager: Visitor) -> None:
    data = filled(manager, contact_path(agency))
    contact = Contact.objects.get(pk=agency.ours.pks["contact"])
    assert data["edit_version"] == contact.edit_version
    assert json.loads(data["shown"])["first_name"] == contact.first_name
