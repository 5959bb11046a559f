"""The pages of templates, as a browser asks for them."""

from __future__ import annotations

import html
import json
import re
import uuid
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from contacts.models import CustomField
from cyberadmin.sync.models import Change
from templates import preview, services, uses
from templates.models import EmailTemplate
from tests.templates.world import HTML, TEXT, values
from tests.world import give, make_account, make_user

pytestmark = pytest.mark.django_db


class Person:
    """Somebody with a role on one client, and their browser."""

    def __init__(self, role: str = "edit") -> None:
        self.account = make_account()
        self.user = give(make_user(), self.account, role)
        self.client = Client()
        self.client.force_login(self.user)

    def template(self, title: str = "Infolettre", **fields: str) -> EmailTemplate:
        """A template of this client."""
        editor = give(make_user(), self.account, "edit")
        return services.create_template(editor, self.account, values(title, **fields))

    def address(self, path: str = "") -> str:
        return f"/c/{self.account.slug}/emailtemplates/emailtemplate/{path}"

    def get(self, path: str = "", **query: str) -> HttpResponse:
        return self.client.get(self.address(path), query)

    def post(self, path: str, **data: Any) -> HttpResponse:
        return self.client.post(self.address(path), {"form_token": str(uuid.uuid4()), **data})


@pytest.fixture
def person() -> Person:
    return Person()


def text_of(response: HttpResponse) -> str:
    return html.unescape(response.content.decode())


def hidden(response: HttpResponse) -> dict[str, str]:
    """The hidden inputs of a page's forms."""
    found = re.findall(r'<input type="hidden" name="([^"]+)"[^>]* value="([^"]*)"', response.content.decode())
    return {name: html.unescape(value) for name, value in found if name != "csrfmiddlewaretoken"}


def test_the_body_is_answered_behind_three_walls(person: Person) -> None:
    template = person.template(
        body_html="<script>alert(1)</script><link rel=preconnect href=//evil.example><p>Allô</p>"
    )
    response = person.get(f"{template.pk}/body/")
    policy = response.headers["Content-Security-Policy"]
    assert policy == preview.PREVIEW_POLICY
    assert policy.startswith("sandbox; default-src 'none'")
    assert "script-src" not in policy
    assert response.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert "no-store" in response.headers["Cache-Control"]
    assert b"<link" not in response.content
    page = text_of(person.get(f"{template.pk}/"))
    assert f'<iframe sandbox="" src="/c/{person.account.slug}/emailtemplates/emailtemplate/{template.pk}/body/"' in page
    assert "<script>alert" not in person.get(f"{template.pk}/").content.decode()


def test_pictures_elsewhere_are_asked_for_only_after_a_click(person: Person) -> None:
    template = person.template(body_html='<img src="https://pictures.example/a.png">')
    page = text_of(person.get(f"{template.pk}/"))
    assert "Show the pictures" in page
    assert "pictures=1" not in re.findall(r'<iframe[^>]+src="([^"]+)"', page)[0]
    asked = text_of(person.get(f"{template.pk}/", pictures="1"))
    assert re.findall(r'<iframe[^>]+src="([^"]+)"', asked)[0].endswith("/body/?pictures=1")
    assert person.get(f"{template.pk}/body/").headers["Content-Security-Policy"].endswith("img-src data:")
    shown = person.get(f"{template.pk}/body/", pictures="1").headers["Content-Security-Policy"]
    assert shown == preview.PICTURES_POLICY


def test_the_console_frames_only_itself(person: Person) -> None:
    policy = person.get().headers["Content-Security-Policy"]
    assert "frame-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy


def test_the_list_shows_a_picture_and_a_size_of_each(person: Person) -> None:
    person.template("Courte")
    person.template("Longue", body_html="<p>" + "é" * 60_000 + "</p>")
    person.template("Texte seul", body_html="")
    page = text_of(person.get())
    assert page.count('loading="lazy"') == 2
    assert "text only" in page
    assert "Gmail cuts off after 102 KB." in page
    assert "Longue" in text_of(person.get(q="LONG"))
    assert "Courte" not in text_of(person.get(q="LONG"))


def test_a_template_is_made_once_however_often_the_form_comes(person: Person) -> None:
    token = str(uuid.uuid4())
    for _ in range(2):
        response = person.post("add/", form_token=token, **values())
        assert response.status_code == 302
    assert EmailTemplate.objects.count() == Change.objects.count() == 1


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"title": " "}, "A template needs a title."),
        ({"title": "x" * 251}, "This title is too long"),
        ({"body_html": "", "body_text": " \r\n"}, "A template needs an HTML version, a text version or both."),
        ({"body_html": "<p>caf\ufffd</p>"}, "not saved as UTF-8"),
        ({"body_html": "<p>" + "x" * 5_000_000 + "</p>"}, "This is too long: 4,88"),
    ],
)
def test_what_cannot_be_a_template_is_refused_in_words_and_nothing_typed_is_lost(
    person: Person, fields: dict[str, str], said: str
) -> None:
    typed = values(**fields) if "title" in fields else values("Infolettre", **fields)
    response = person.post("add/", **typed)
    page = text_of(response)
    assert response.status_code == 200
    assert said in page
    assert typed["title"].strip() in page
    assert typed["body_html"][:200] in page
    assert EmailTemplate.objects.count() == 0


def test_the_text_version_is_made_from_the_html_and_nothing_is_saved(person: Person) -> None:
    typed = values(body_html="<h1>Allô</h1><p>Voir <a href='https://a.example/x'>ceci</a></p>", body_text="")
    page = text_of(person.post("add/", make_text="1", **typed))
    assert "Voir ceci (https://a.example/x)" in page
    assert EmailTemplate.objects.count() == 0


def test_merge_fields_of_the_client_are_offered(person: Person) -> None:
    person.template(body_html="<p>[PRENOM] [Lien de désabonnement] a[0] [x]</p>")
    page = text_of(person.get("add/"))
    assert 'data-insert="[PRENOM]"' in page
    assert 'data-insert="[Lien de désabonnement]"' in page
    assert 'data-insert="[0]"' not in page


def test_a_custom_field_is_offered_by_name_once_a_body_shows_how_it_is_written(person: Person) -> None:
    CustomField.objects.create(account=person.account, remote_id=1, name="Numéro de membre", type="text")
    CustomField.objects.create(account=person.account, remote_id=2, name="Ville", type="text")
    CustomField.objects.create(account=make_account(), remote_id=3, name="STRANGER", type="text")
    person.template(body_html="<p>[NUMERO_DE_MEMBRE]</p>")
    page = text_of(person.get("add/"))
    assert re.search(r'data-insert="\[NUMERO_DE_MEMBRE\]">Numéro de membre <code>', page)
    assert "[Ville]" not in page, "nothing is invented"
    assert re.search(r"1 (custom field cannot be offered yet|champ personnalisé ne peut pas encore)", page)
    assert "<p>Ville</p>" in page
    assert "STRANGER" not in page


def test_a_replacement_shows_the_whole_difference_before_anything_happens(person: Person) -> None:
    template = person.template()
    shown = hidden(person.get(f"{template.pk}/replace/"))
    typed = {**shown, **values("Infolettre", body_html=HTML.replace("nouvelles", "rabais"), body_text="")}
    review = person.post(f"{template.pk}/replace/", **typed)
    page = text_of(review)
    assert re.search(r"<del>.*?nouvelles", page)
    assert re.search(r"<ins>.*?rabais", page)
    assert re.search(r"<del>.*?Voici nos nouvelles\.</del>", page), "the text version that would be reset is shown"
    assert 'sandbox="" srcdoc="' in review.content.decode()
    template.refresh_from_db()
    assert template.body_html == HTML
    done = person.post(f"{template.pk}/replace/", **hidden(review), confirmed="1")
    assert done.status_code == 302
    template.refresh_from_db()
    assert (template.body_text, "rabais" in template.body_html) == ("", True)
    assert template.versions.first().actor == person.user


def test_a_colleagues_version_in_between_is_shown_and_not_overwritten(person: Person) -> None:
    template = person.template()
    shown = hidden(person.get(f"{template.pk}/replace/"))
    colleague = give(make_user("zoe"), person.account, "edit")
    services.replace_template(colleague, template, {"body_html": "<p>Celle de Zoé</p>"}, template.edit_version)
    typed = {**shown, **values(body_html="<p>La mienne</p>"), "confirmed": "1"}
    response = person.post(f"{template.pk}/replace/", **typed)
    assert response.status_code == 409
    page = text_of(response)
    assert "<p>Celle de Zoé</p>" in page
    assert "<p>La mienne</p>" in page
    template.refresh_from_db()
    assert template.body_html == "<p>Celle de Zoé</p>"
    settled = person.post(f"{template.pk}/replace/", **{**hidden(response), "keep-body_html": "mine"})
    assert settled.status_code == 302
    template.refresh_from_db()
    assert template.body_html == "<p>La mienne</p>"


def test_versions_say_who_and_what_changed_and_come_back(person: Person) -> None:
    template = person.template()
    services.replace_template(person.user, template, {"body_html": "<p>Deux</p>"}, template.edit_version)
    page = text_of(person.get(f"{template.pk}/versions/"))
    assert person.user.username in page
    assert re.search(r"<ins>.*?<p>Deux</p></ins>", page)
    first = template.versions.last()
    older = text_of(person.get(f"{template.pk}/versions/", version=str(first.pk)))
    assert "Bring this version back" in older
    assert HTML in text_of(person.get(f"{template.pk}/replace/", version=str(first.pk)))
    assert person.get(f"{template.pk}/body/", version=str(first.pk)).content.decode() == HTML


def test_a_version_of_another_template_is_like_a_missing_one(person: Person) -> None:
    mine, other = person.template(), Person().template("Secret", body_html="<p>Secret</p>")
    for page in ("body", "versions", "replace"):
        for number in (str(other.versions.get().pk), "987654321", "x", "9" * 40):
            response = person.get(f"{mine.pk}/{page}/", version=number)
            assert response.status_code == 404, (page, number)
            assert "Secret" not in text_of(response)


def test_deleting_lists_what_was_made_from_it(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    template = person.template()
    monkeypatch.setattr(uses, "_questions", [])
    uses.register(lambda asked: [uses.Use(f"Envoi de {asked.title}", "/c/x/")])
    page = text_of(person.get(f"{template.pk}/delete/"))
    assert '<a href="/c/x/">Envoi de Infolettre</a>' in page
    assert person.post(f"{template.pk}/delete/", why="").status_code == 302
    template.refresh_from_db()
    assert template.gone_at is not None
    assert person.get(f"{template.pk}/").status_code == 404


def test_who_may_only_read_is_offered_nothing(person: Person) -> None:
    reader = Person("read")
    template = reader.template()
    page = text_of(reader.get(f"{template.pk}/"))
    assert "/replace/" not in page
    for name in ("add/", f"{template.pk}/replace/", f"{template.pk}/copy/", f"{template.pk}/delete/"):
        assert reader.get(name).status_code == 403
        assert reader.post(name, **values(), agreed="[]").status_code == 403


def test_a_copy_gives_each_client_its_verdict_and_then_does_just_that(person: Person) -> None:
    template = person.template()
    new, same, other, readable, taken = (
        make_account(name=name) for name in ("Neuf", "Même", "Autre", "Lecture", "Pris")
    )
    hidden_one = make_account(name="Invisible")
    boss = make_user(superuser=True)
    for account in (new, same, other, taken):
        give(person.user, account, "edit")
    give(person.user, readable, "read")
    services.create_template(boss, same, values(body_html=f"\r\n{HTML}\r\n"))
    there = services.create_template(boss, other, values(body_html="<p>Ancien</p>"))
    going = services.create_template(boss, taken, values(body_html="<p>Ancien</p>"))
    Change.objects.filter(object_id=going.pk).update(claims=1)
    services.delete_template(boss, going)
    chooser = text_of(person.get(f"{template.pk}/copy/"))
    assert "Neuf" in chooser
    assert "Invisible" not in chooser
    chosen = [account.pk for account in (new, same, other, readable, taken)]
    plan = person.post(f"{template.pk}/copy/", clients=chosen)
    said = text_of(plan)
    for verdict in ("new", "the same is there", "replaces", "no right", "title taken"):
        assert f">{verdict}</span>" in said
    before = Change.objects.count()
    agreed = hidden(plan)["agreed"]
    assert [key[1] for key in json.loads(agreed)] == ["replace", "no_right", "same", "new", "taken"]
    data = {"agreed": agreed, "replace": [other.pk, readable.pk], "form_token": str(uuid.uuid4())}
    for _ in range(2):
        person.post(f"{template.pk}/copy/", **data)
    assert Change.objects.filter(account=new, kind="template", verb="create").count() == 1
    assert not Change.objects.filter(account__in=(readable, hidden_one)).exists()
    there.refresh_from_db()
    assert there.body_html == HTML
    assert Change.objects.count() == before + 1  # the replacement flows into the creation that still waits


def test_a_copy_leaves_a_client_alone_where_something_moved_since_the_plan(person: Person) -> None:
    template, other = person.template(), make_account(name="Autre")
    give(person.user, other, "edit")
    agreed = hidden(person.post(f"{template.pk}/copy/", clients=[other.pk]))["agreed"]
    services.create_template(person.user, other, values(body_html="<p>Fait entre-temps</p>"))
    page = text_of(person.post(f"{template.pk}/copy/", agreed=agreed, replace=[other.pk]))
    assert "Something moved there since the plan was shown." in page
    assert EmailTemplate.objects.get(account=other).body_html == "<p>Fait entre-temps</p>"


def test_a_forged_plan_reaches_no_client_that_is_not_mine(person: Person) -> None:
    template, foreign = person.template(), make_account(name="Pas à moi")
    page = text_of(person.post(f"{template.pk}/copy/", agreed=json.dumps([[foreign.pk, "new"]])))
    assert "Pas à moi" not in page
    assert not EmailTemplate.objects.filter(account=foreign).exists()
    for damaged in ("", "{}", "[1]", "no json"):
        assert person.post(f"{template.pk}/copy/", agreed=damaged).status_code == 302


def test_french_pages_are_french(person: Person) -> None:
    template = person.template()
    person.client.cookies["django_language"] = "fr"
    for path, words in (
        ("", "gabarit"),
        (f"{template.pk}/", "Aperçu"),
        ("add/", "Version texte"),
        (f"{template.pk}/delete/", "Supprimer"),
    ):
        assert words.lower() in text_of(person.get(path)).lower()
    assert TEXT.splitlines()[0] in text_of(person.get(f"{template.pk}/", show="text"))
