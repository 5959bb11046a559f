"""Writing a campaign through its pages: both languages, refused values, two people at once, hostile bodies."""

from __future__ import annotations

import re
from typing import Any

import pytest

from campaigns import services
from campaigns.models import Campaign, Edition
from cyberadmin.sync.mirror import writing
from groups.models import Group, title_key
from templates import uses
from templates.models import EmailTemplate
from tests.campaigns.pages_desk import HTML
from tests.campaigns.pages_desk import PagesDesk as Desk
from tests.world import give, make_account, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture(params=["fr", "en"])
def desk(request: Any) -> Desk:
    account = make_account()
    return Desk(account, give(make_user(), account, "edit"), request.param)


def make_group(desk: Desk, title: str, **fields: Any) -> Group:
    with writing():
        return Group.objects.create(account=desk.account, title=title, title_key=title_key(title), **fields)


def make_campaign(desk: Desk, *languages: str) -> Campaign:
    author = give(make_user(), desk.account, "manage")
    return services.create_campaign(author, desk.account, "Saison 2027", languages or ("fr_ca", "en_ca"))


def edition(campaign: Campaign, language: str = "fr_ca") -> Edition:
    return campaign.editions.get(language=language)


def test_a_campaign_begins_with_a_name_and_its_languages(desk: Desk) -> None:
    refused = desk.post("campaign/add/", name=" ", languages=["fr_ca"])
    assert refused.status_code == 200
    assert refused.context["form"].errors
    response = desk.post("campaign/add/", name="Saison 2027", languages=["fr_ca", "en_ca"])
    campaign = Campaign.objects.get()
    assert response.headers["Location"].endswith(f"/campaigns/campaign/{campaign.pk}/write/")
    assert sorted(one.language for one in campaign.editions.all()) == ["en_ca", "fr_ca"]
    assert "Saison 2027" in desk.text("campaign/")


def test_the_same_form_twice_makes_one_campaign(desk: Desk) -> None:
    values = {"name": "Once", "languages": ["fr_ca"], "form_token": "7b3f37c2-5a8b-4f0c-9f5e-2a4f1c9d0e11"}
    for _ in range(2):
        assert desk.client.post(desk.url("campaign/add/"), values).status_code == 302
    assert Campaign.objects.count() == 1


def test_both_languages_are_written_on_one_page(desk: Desk) -> None:
    group = make_group(desk, "Abonnés")
    campaign = make_campaign(desk)
    page = f"campaign/{campaign.pk}/write/"
    values = {
        "fr_ca:subject": "Nouvelle saison",
        "fr_ca:mail_from": "info@example.com",
        "fr_ca:body_html": HTML,
        "fr_ca:groups": [str(group.pk)],
        "en_ca:subject": "New season",
    }
    assert desk.submit(page, **values).status_code == 302
    french, english = edition(campaign), edition(campaign, "en_ca")
    assert (french.subject, french.body_html, english.subject) == ("Nouvelle saison", HTML, "New season")
    assert [chosen.group for chosen in french.groups.all()] == [group]
    assert (french.version, english.version) == (1, 1)
    desk.submit(page, **{"en_ca:subject": "The new season"})
    assert (edition(campaign).version, edition(campaign, "en_ca").version) == (1, 2)


def test_refused_values_come_back_beside_their_field(desk: Desk) -> None:
    campaign = make_campaign(desk)
    response = desk.submit(
        f"campaign/{campaign.pk}/write/", **{"fr_ca:subject": "Kept", "en_ca:mail_from": "not an address"}
    )
    assert response.status_code == 200
    assert list(response.context["form"].errors) == ["en_ca:mail_from"]
    assert "Kept" in response.content.decode()
    assert edition(campaign).subject == ""


def test_two_people_at_once_choose_field_by_field(desk: Desk) -> None:
    campaign = make_campaign(desk)
    page = f"campaign/{campaign.pk}/write/"
    form = desk.form(page)
    colleague = give(make_user("colleague"), desk.account, "edit")
    services.edit_edition(colleague, edition(campaign), {"subject": "Theirs", "from_name": "Theirs"}, 0)
    stale = desk.client.post(desk.url(page), {**form, "fr_ca:subject": "Mine", "fr_ca:body_html": HTML})
    assert stale.status_code == 409
    assert [row["name"] for row in stale.context["rows"]] == ["fr_ca:subject"]
    assert edition(campaign).subject == "Theirs"
    again: dict[str, Any] = {}
    for name, value in stale.context["hidden"]:
        again.setdefault(name, []).append(value)
    settled = desk.client.post(desk.url(page), {**again, "keep-fr_ca:subject": "mine"})
    assert settled.status_code == 302
    now = edition(campaign)
    assert (now.subject, now.from_name, now.body_html) == ("Mine", "Theirs", HTML)


@pytest.mark.parametrize("kept", ["mine", "now"])
def test_two_people_choosing_groups_at_once_are_asked_whose_they_are(desk: Desk, kept: str) -> None:
    mine, theirs = make_group(desk, "Mine"), make_group(desk, "Theirs")
    campaign = make_campaign(desk)
    page = f"campaign/{campaign.pk}/write/"
    form = {**desk.form(page), "fr_ca:groups": [str(mine.pk)], "fr_ca:subject": "Kept"}
    services.edit_edition(give(make_user(), desk.account, "edit"), edition(campaign), {"groups": [theirs]}, 0)
    stale = desk.client.post(desk.url(page), form)
    assert stale.status_code == 409
    (row,) = stale.context["rows"]
    assert (row["name"], row["before"], row["mine"], row["now"]) == ("fr_ca:groups", "", "Mine", "Theirs")
    assert {"Mine", "Theirs"} <= set(re.findall(r"<strong>(\w+)</strong>", stale.content.decode()))
    again: dict[str, Any] = {"keep-fr_ca:groups": kept, "now-fr_ca:groups": row["now"]}
    for name, value in stale.context["hidden"]:
        again.setdefault(name, []).append(value)
    assert desk.client.post(desk.url(page), again).status_code == 302
    chosen = [one.group for one in edition(campaign).groups.all()]
    assert (chosen, edition(campaign).subject) == ([mine if kept == "mine" else theirs], "Kept")


def test_a_template_and_a_text_version_fill_the_form_and_save_nothing(desk: Desk) -> None:
    campaign = make_campaign(desk)
    with writing():
        template = EmailTemplate.objects.create(account=desk.account, title="Base", body_html=HTML, body_text="Base")
    page = f"campaign/{campaign.pk}/write/"
    form = {**desk.form(page), "fr_ca:template": str(template.pk)}
    filled = desk.client.post(desk.url(page), {**form, "use_template": "fr_ca"})
    assert filled.context["form"]["fr_ca:body_html"].value() == HTML
    form |= {"fr_ca:body_html": "<p>Un <b>mot</b></p>"}
    made = desk.client.post(desk.url(page), {**form, "make_text": "fr_ca"})
    assert made.context["form"]["fr_ca:body_text"].value() == "Un mot"
    assert edition(campaign).version == 0
    desk.client.post(desk.url(page), form)
    assert (edition(campaign).template_title, edition(campaign).template_pk) == ("Base", template.pk)
    assert [use.label.split(" (")[0] for use in uses.of(template)] == [campaign.name]


def test_another_clients_group_or_template_is_refused(desk: Desk) -> None:
    elsewhere = make_account()
    with writing():
        group = Group.objects.create(account=elsewhere, title="SECRET group", title_key="secret group")
        template = EmailTemplate.objects.create(account=elsewhere, title="SECRET title", body_html="SECRET body")
    campaign = make_campaign(desk)
    page = f"campaign/{campaign.pk}/write/"
    assert "SECRET" not in desk.text(page)
    assert desk.submit(page, **{"fr_ca:groups": [str(group.pk)]}).status_code == 200
    filled = desk.submit(page, **{"fr_ca:template": str(template.pk), "use_template": "fr_ca"})
    assert "SECRET" not in filled.content.decode()
    assert not edition(campaign).groups.exists()


def test_the_preview_of_a_hostile_body_has_its_own_walls(desk: Desk) -> None:
    campaign = make_campaign(desk)
    services.edit_edition(
        give(make_user(), desk.account, "edit"),
        edition(campaign),
        {"subject": "<script>alert(1)</script>", "body_html": "<script>alert(2)</script>"},
        0,
    )
    page = desk.text(f"campaign/{campaign.pk}/")
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page
    body = desk.get(f"campaign/{campaign.pk}/body/", language="fr_ca")
    assert body.headers["Content-Security-Policy"].startswith("sandbox;")


def test_languages_come_and_go_and_a_campaign_is_copied_renamed_and_deleted(desk: Desk) -> None:
    campaign = make_campaign(desk, "fr_ca")
    base = f"campaign/{campaign.pk}/"
    desk.post(f"{base}languages/", add="en_ca")
    assert campaign.editions.count() == 2
    desk.post(f"{base}languages/", remove="fr_ca")
    assert [one.language for one in campaign.editions.all()] == ["en_ca"]
    refused = desk.post(f"{base}languages/", remove="en_ca")
    assert refused.status_code == 200
    assert campaign.editions.count() == 1
    desk.post(f"{base}rename/", name="Autre nom")
    copied = desk.post(f"{base}copy/", name="Copie")
    assert copied.status_code == 302
    assert set(Campaign.objects.values_list("name", flat=True)) == {"Autre nom", "Copie"}
    assert desk.post(f"{base}delete/").status_code == 302
    assert set(Campaign.objects.values_list("name", flat=True)) == {"Copie"}
