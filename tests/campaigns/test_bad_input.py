"""Bad input on the pages of campaigns: a clear sentence in the person's language, nothing sent, nothing typed lost.

What belongs to one service is tested beside it: a time that does not exist (test_times.py), a move of what has just
started (test_sending.py), a template that was changed there meanwhile (tests/templates/test_flows.py).
"""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import translation

from campaigns.models import Approval, Campaign, Edition
from contacts.models import CustomField
from cyberadmin.sync.models import Change
from tests.campaigns.desk import HTML, CampaignDesk
from tests.campaigns.pages_desk import PagesDesk, words
from tests.campaigns.test_pages_send import page, read_groups, schedule, sender, staff, writer

__all__ = ["sender", "staff", "writer"]
pytestmark = pytest.mark.django_db


@pytest.fixture(params=["en", "fr"])
def author(request: Any, staff: CampaignDesk) -> PagesDesk:  # noqa: F811
    return PagesDesk(staff.world.account, staff.writer, request.param)


def said(answer: Any, english: str, french: str) -> None:
    """The page says it, in exactly one of the languages."""
    assert answer.status_code == 200
    text = words(answer).replace("\xa0", " ")
    assert (english in text) != (french in text)


def nothing_sent(staff: CampaignDesk) -> None:  # noqa: F811
    staff.world.push()
    assert staff.there() == []
    assert not Change.objects.filter(kind="mailing").exists()


def findings(author: PagesDesk, campaign: Campaign) -> str:
    return words(author.get(page(campaign))).replace("\xa0", " ")


def write(author: PagesDesk, campaign: Campaign, **values: Any) -> Any:
    return author.submit(page(campaign, "write/"), **{f"fr_ca:{name}": value for name, value in values.items()})


def test_an_empty_body_blocks_the_sending(staff: CampaignDesk, author: PagesDesk) -> None:  # noqa: F811
    campaign = staff.written()
    assert write(author, campaign, body_html=" ", body_text="").status_code == 302
    text = findings(author, campaign)
    assert ("There is no body." in text) != ("Il n’y a pas de corps." in text)
    read_groups(author, campaign)
    boss = PagesDesk(staff.world.account, staff.sender)
    refused = boss.post(page(campaign, "send/"), do="approve", confirmation=campaign.confirmations.latest("pk").pk)
    said(refused, "There is no body.", "Il n’y a pas de corps.")
    nothing_sent(staff)


def test_five_megabytes_are_refused_and_stay_in_the_form(staff: CampaignDesk, author: PagesDesk) -> None:  # noqa: F811
    campaign = staff.written()
    body = "<p>" + "x" * 5_000_000 + "</p>"
    answer = write(author, campaign, body_html=body, subject="Gardé")
    said(answer, "over two million characters", "dépasse deux millions de caractères")
    assert "x" * 1_000_000 in answer.content.decode()
    assert 'value="Gardé"' in answer.content.decode()
    assert Edition.objects.get().body_html == HTML
    nothing_sent(staff)


def test_a_body_that_is_no_utf8_is_refused(staff: CampaignDesk, author: PagesDesk) -> None:  # noqa: F811
    campaign = staff.written()
    form = author.form(page(campaign, "write/"))
    parts = {**form, "fr_ca:body_html": "MARK"}
    boundary = "part"
    lines = []
    for name, value in parts.items():
        for one in value if isinstance(value, list) else [value]:
            lines.append(f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{one}\r\n'.encode())
    raw = (b"".join(lines) + f"--{boundary}--\r\n".encode()).replace(b"MARK", "<p>café</p>".encode("latin-1"))
    answer = author.client.post(
        author.url(page(campaign, "write/")), raw, content_type=f"multipart/form-data; boundary={boundary}"
    )
    said(answer, "not saved as UTF-8", "n’a pas été enregistré en UTF-8")
    assert Edition.objects.get().body_html == HTML
    nothing_sent(staff)


def test_scripts_and_forms_are_pointed_out_and_run_nowhere(staff: CampaignDesk, author: PagesDesk) -> None:  # noqa: F811
    campaign = staff.written()
    body = HTML + '<script>alert(1)</script><form action="https://mrc.qc.ca"><input></form>'
    assert write(author, campaign, body_html=body).status_code == 302
    text = findings(author, campaign)
    assert "form, input, script" in text
    preview = author.get(page(campaign, "body/"))
    assert preview.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert Edition.objects.get().body_html == body, "what was pasted is kept as it is"
    nothing_sent(staff)


def test_unknown_merge_fields_are_told_apart(staff: CampaignDesk, author: PagesDesk) -> None:  # noqa: F811
    account = staff.world.account
    CustomField.objects.create(account=account, remote_id=1, name="Ville", type="text")
    staff.world.mirrored_template("Modèle", html="<p>[PRENOM]</p>")
    campaign = staff.written()
    assert write(author, campaign, body_html=HTML + "[PRENOM] [PRENON] [ville] {{ city }}").status_code == 302
    text = findings(author, campaign)
    with translation.override("en" if "misspelt" in text else "fr"):
        for field, sentence in (
            ("[PRENON]", ("may be misspelt: [PRENON].", "mal écrits : [PRENON].")),
            ("[ville]", ("custom fields are written: [ville].", "ces champs s’écrivent : [ville].")),
            ("{{ city }}", ("read them as they are: {{ city }}.", "lus tels quels : {{ city }}.")),
        ):
            assert (sentence[0] in text) != (sentence[1] in text), field
    nothing_sent(staff)


def test_a_group_deleted_meanwhile_blocks_and_is_named(staff: CampaignDesk, author: PagesDesk) -> None:  # noqa: F811
    campaign = staff.written()
    staff.world.sandbox.control("DELETE", "groups", account=staff.world.remote, id=staff.people.remote_id)
    read_groups(author, campaign)
    shown = author.get(page(campaign, "send/"))
    said(shown, "not at Cyberimpact any more", "n’est plus chez Cyberimpact")
    assert "Abonnés" in words(shown)
    boss = PagesDesk(staff.world.account, staff.sender)
    boss.post(page(campaign, "send/"), do="approve", confirmation=campaign.confirmations.latest("pk").pk)
    assert not Approval.objects.exists()
    nothing_sent(staff)
    assert [one.title for one in Edition.objects.get().groups.all()] == ["Abonnés"]


@pytest.mark.parametrize("path", ["time/", "move/"])
def test_the_skipped_hour_is_refused_on_both_pages(staff: CampaignDesk, path: str, author: PagesDesk) -> None:  # noqa: F811
    campaign = staff.written()
    desk, where = author, page(campaign, "time/")
    if path == "move/":
        mailing = schedule(staff, campaign)
        desk = PagesDesk(staff.world.account, staff.sender, "fr")
        where = f"mailing/{mailing.pk}/move/"
    before = Edition.objects.get().send_at
    answer = desk.submit(where, send_at="2027-03-14T02:30")
    said(answer, "does not exist in America/Toronto", "n’existe pas dans America/Toronto")
    assert 'value="2027-03-14T02:30"' in answer.content.decode()
    assert Edition.objects.get().send_at == before
    staff.world.push()
    assert len(staff.there()) == (path == "move/")


def test_the_same_person_does_not_approve_what_many_people_get(
    staff: CampaignDesk,  # noqa: F811
    settings: Any,
    author: PagesDesk,
) -> None:
    settings.CAMPAIGNS_SECOND_PERSON_ABOVE = 2
    campaign = staff.written()
    boss = PagesDesk(staff.world.account, staff.sender)
    fresh = read_groups(boss, campaign)
    assert boss.post(page(campaign, "send/"), do="ask", confirmation=fresh.pk).status_code == 302
    refused = boss.post(page(campaign, "send/"), do="approve", confirmation=fresh.pk)
    said(refused, "a second person must approve it", "une deuxième personne doit l’approuver")
    assert Approval.objects.get().state == Approval.State.ASKED
    nothing_sent(staff)
