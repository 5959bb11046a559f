"""Preflight: every check says nothing about a clean campaign and finds its own planted fault, and only then."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils import translation

from campaigns import preflight, services
from campaigns.preflight import EditionFacts, Facts, GroupFacts, gather
from campaigns.preflight.body import language_of, read
from campaigns.preflight.holidays import easter, holiday, holidays, is_bridge
from contacts import services as contacts
from contacts.consent import terms
from contacts.models import Contact
from cyberadmin.sync import clock
from cyberadmin.sync.mirror import writing
from tests.campaigns.desk import HTML, TEXT, CampaignDesk

ZONE = ZoneInfo("America/Toronto")
NOW = datetime(2026, 10, 1, 14, 0, tzinfo=UTC)
#: A Wednesday at ten in Belle-Rive.
THEN = datetime(2026, 10, 7, 14, 0, tzinfo=UTC)

FRENCH = EditionFacts(
    language="fr_ca",
    language_name="français",
    subject="Nouvelles d’octobre à Belle-Rive",
    mail_from="infolettre@mrc-belle-rive.qc.ca",
    from_name="MRC de Belle-Rive",
    html=HTML,
    text=TEXT,
    send_at=THEN,
    groups=(GroupFacts("Abonnés", count=120, known_count=118),),
    languages={"fr_ca": 119, "en_ca": 1},
)
CLEAN = Facts(
    now=NOW,
    zone=ZONE,
    editions=(FRENCH,),
    identity_name="MRC de Belle-Rive",
    identity_address="12, rue Principale",
    token_expires_at=NOW + timedelta(days=900),
)
EASTERN_FOLD = datetime(2026, 11, 1, 5, 30, tzinfo=UTC)

#: (check, level, what is planted): fields of the edition, or of the campaign's facts.
PLANTED: list[tuple[str, str, dict[str, Any]]] = [
    ("subject_given", "block", {"subject": " "}),
    ("subject_length", "warn", {"subject": "Nouvelles " * 9}),
    ("subject_calm", "warn", {"subject": "GRANDE VENTE DE GARAGE"}),
    ("subject_calm", "warn", {"subject": "Venez vite!!"}),
    ("body_given", "block", {"html": "", "text": ""}),
    ("body_language", "warn", {"html": "<p>This is the news of the month for you and your family in the town.</p>" + HTML[HTML.index("<p><a"):]}),
    ("text_part", "warn", {"text": ""}),
    ("body_size", "warn", {"html": HTML + "<!--" + "x" * 110_000 + "-->"}),
    ("inactive", "warn", {"html": HTML + "<script>alert(1)</script>"}),
    ("inactive", "warn", {"html": HTML + '<form action="https://mrc.qc.ca"><input></form>'}),
    ("unsubscribe_link", "warn", {"html": HTML.replace("desabonnement", "x").replace("Se désabonner", "x")}),
    ("identification", "warn", {"html": HTML.replace("rue Principale", "rue")}),
    ("identification", "block", {"html": HTML.replace("MRC de Belle-Rive, 12, rue Principale", "")}),
    ("identification", "warn", {"identity_address": ""}),
    ("links_lead_somewhere", "block", {"html": HTML + '<a href="">x</a>'}),
    ("links_lead_somewhere", "block", {"html": HTML + '<a href="javascript:void(0)">x</a>'}),
    ("links_lead_somewhere", "block", {"html": HTML + '<a href="page.html">x</a>'}),
    ("links_real", "block", {"html": HTML + '<a href="https://www.example.com/a">x</a>'}),
    ("links_real", "block", {"html": HTML + '<a href="https://localhost/">x</a>'}),
    ("links_real", "block", {"html": HTML + '<a href="https://192.168.0.4/">x</a>'}),
    ("links_secure", "warn", {"html": HTML + '<a href="http://mrc.qc.ca/">x</a>'}),
    ("pictures_described", "warn", {"html": HTML + '<img src="https://i.mrc.qc.ca/b.png">'}),
    ("merge_fields", "warn", {"unknown_fields": ("[PRENON]",)}),
    ("merge_fields", "warn", {"unproven_fields": ("[Ville]",)}),
    ("merge_fields", "warn", {"foreign_fields": ("{{ city }}",)}),
    ("sender", "warn", {"sender_known": False}),
    ("sender", "warn", {"mail_from": ""}),
    ("groups_chosen", "block", {"groups": (), "languages": {}}),
    ("groups_there", "block", {"groups": (*FRENCH.groups, GroupFacts("Partis", found=False, count=0))}),
    ("groups_filled", "block", {"groups": (GroupFacts("Vide", count=0),)}),
    ("groups_filled", "warn", {"groups": (*FRENCH.groups, GroupFacts("Vide", count=0))}),
    ("groups_steady", "warn", {"groups": (GroupFacts("Automatique", count=300, known_count=120, is_dynamic=True),)}),
    ("outbox", "warn", {"waiting": 2}),
    ("contact_languages", "warn", {"languages": {"fr_ca": 90, "en_ca": 30}}),
    ("contact_languages", "block", {"languages": {"en_ca": 30}}),
    ("in_both", "warn", {"in_both": 2}),
    ("departed", "warn", {"unsubscribed": 1}),
    ("departed", "warn", {"bounced": 1}),
    ("consent", "block", {"lapsed": 3}),
    ("not_twice_a_day", "warn", {"near": (("Rappel", THEN - timedelta(hours=3)),)}),
    ("time_given", "block", {"send_at": None}),
    ("time_ahead", "block", {"send_at": NOW - timedelta(days=1)}),
    ("time_ahead", "block", {"send_at": NOW + timedelta(minutes=29)}),
    ("time_sayable", "block", {"send_at": EASTERN_FOLD}),
    ("time_of_day", "warn", {"send_at": datetime(2026, 10, 7, 10, 0, tzinfo=UTC)}),
    ("working_day", "warn", {"send_at": datetime(2026, 10, 12, 14, 0, tzinfo=UTC)}),
    ("account", "block", {"account_works": False, "account_problem": "paused"}),
    ("token", "block", {"token_expires_at": THEN - timedelta(hours=1)}),
    ("token", "warn", {"token_expires_at": THEN + timedelta(days=2)}),
]  # fmt: skip
#: Checks that an obvious fault also sets off: no body is neither identified nor left, and so on.
ALONGSIDE = {
    "body_given": {"identification", "unsubscribe_link"},
    "time_sayable": {"time_of_day", "working_day"},
    "groups_steady": set[str](),
    "body_language": set[str](),
    "time_ahead": {"time_of_day"},
}


def test_a_clean_campaign_passes_every_check() -> None:
    report = preflight.run(CLEAN)
    assert [finding for finding in report.findings if finding.level != "pass"] == []
    assert report.may_be_sent
    assert len(report.findings) == len(preflight.OF_EDITION) + len(preflight.OF_CAMPAIGN) >= 15


@pytest.mark.parametrize(("check", "level", "planted"), PLANTED)
@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_planted_fault_is_found_by_its_own_check(
    check: str, level: str, planted: dict[str, Any], language: str
) -> None:
    of_campaign = {name: value for name, value in planted.items() if hasattr(CLEAN, name)}
    of_edition = {name: value for name, value in planted.items() if name not in of_campaign}
    facts = replace(CLEAN, **of_campaign, editions=(replace(FRENCH, **of_edition),))
    with translation.override(language):
        report = preflight.run(facts)

    found = [one for one in report.findings if one.level != "pass"]
    assert {one.check for one in found} - ALONGSIDE.get(check, set()) == {check}
    (finding,) = [one for one in found if one.check == check]
    assert (finding.level, finding.language) == (level, "" if check in preflight.OF_CAMPAIGN else "fr_ca")
    assert finding.repair
    assert finding.sentence.endswith(".")
    assert report.may_be_sent is not any(one.level == "block" for one in found)


def test_every_check_has_a_planted_fault() -> None:
    assert {check for check, _level, _planted in PLANTED} == {*preflight.OF_EDITION, *preflight.OF_CAMPAIGN}


@pytest.mark.parametrize(
    "html",
    [
        "<a href='[LIEN_DESABONNEMENT]'>x</a>",
        "<a href='#haut'>x</a>",
        "<a href='mailto:a@mrc.qc.ca'>x</a>",
        "<a href='tel:+14185550100'>x</a>",
    ],
)
def test_merge_fields_anchors_and_addresses_are_good_links(html: str) -> None:
    report = preflight.run(replace(CLEAN, editions=(replace(FRENCH, html=HTML + html),)))
    assert report.blocks == []


@pytest.mark.parametrize(
    "html",
    [
        "<",
        "<a href",
        "<img alt",
        "\x00<p>\ud800</p>".encode("utf-8", "ignore").decode(),
        "<!--",
        "]]>" * 1000,
        "<a href='https://[bad'>",
    ],
)
def test_no_html_breaks_the_checks(html: str) -> None:
    assert preflight.run(replace(CLEAN, editions=(replace(FRENCH, html=html),))).findings


def test_the_language_of_a_text_is_told_when_it_is_clear() -> None:
    assert language_of("Voici les nouvelles du mois pour vous et les vôtres dans la région") == "fr_ca"
    assert language_of("This is the news of the month for you and your family") == "en_ca"
    assert language_of("Ok") == language_of("the le of de and et for pour you vous") == ""


def test_words_in_styles_and_scripts_are_not_read() -> None:
    assert "".join(read("<style>p {color: red}</style><p>Bon</p><script>x</script>").words) == "Bon"


@pytest.mark.parametrize(
    ("day", "is_one"),
    [
        (date(2026, 1, 1), True),
        (date(2026, 4, 3), True),
        (date(2026, 4, 6), True),
        (date(2026, 5, 18), True),
        (date(2026, 6, 24), True),
        (date(2026, 7, 1), True),
        (date(2026, 9, 7), True),
        (date(2026, 10, 12), True),
        (date(2026, 12, 25), True),
        (date(2027, 5, 24), True),
        (date(2029, 7, 1), False),
        (date(2029, 7, 2), True),
        (date(2026, 12, 26), False),
        (date(2026, 11, 11), False),
    ],
)
def test_quebec_holidays(day: date, is_one: bool) -> None:
    assert (holiday(day) is not None) is is_one


def test_easter_and_bridges() -> None:
    assert [easter(year) for year in (2024, 2025, 2026, 2027, 2038)] == [
        date(2024, 3, 31),
        date(2025, 4, 20),
        date(2026, 4, 5),
        date(2027, 3, 28),
        date(2038, 4, 25),
    ]
    assert len(holidays(2026)) == 9
    # A Friday after Thursday's holiday, and a Monday before Tuesday's.
    assert is_bridge(date(2027, 7, 2))
    assert is_bridge(date(2025, 6, 23))
    assert not is_bridge(date(2026, 6, 25))


# --- the facts themselves ---
@pytest.mark.django_db(transaction=True)
def test_the_facts_of_a_real_campaign(desk: CampaignDesk) -> None:
    campaign = desk.written("fr_ca", "en_ca")
    assert gather.check(campaign).blocks == []
    confirmation = desk.confirmed(campaign)
    assert confirmation.groups["fr_ca"][0]["count"] == 3
    assert confirmation.recipients == 4

    desk.world.sandbox.control("DELETE", "groups", account=desk.world.remote, id=desk.english.remote_id)
    report = gather.check(campaign, desk.confirmed(campaign))
    assert [(one.check, one.language) for one in report.blocks] == [("groups_there", "en_ca")]


@pytest.mark.django_db(transaction=True)
def test_the_people_in_the_groups_are_looked_at_one_by_one(desk: CampaignDesk) -> None:
    campaign = desk.written("fr_ca", "en_ca")
    first, second, _third = (desk.world.contact(f"personne{number}@example.com") for number in range(3))
    contacts.change_groups(desk.writer, first, [desk.english], [])
    with writing():
        Contact.objects.filter(pk=second.pk).update(consent_expires_on=date(2020, 1, 1))
        Contact.objects.filter(pk=first.pk).update(state="bounced")
    facts = gather.gather(campaign)
    french, english = sorted(facts.editions, key=lambda one: one.language, reverse=True)

    assert (facts.in_both, facts.identity_name) == (1, "MRC de Belle-Rive")
    assert (french.lapsed, french.bounced, french.unsubscribed) == (1, 1, 0)
    assert english.languages == {"en_ca": 1, "fr_ca": 1}
    assert english.waiting == 1
    assert not french.sender_known


@pytest.mark.django_db(transaction=True)
def test_a_consent_must_still_hold_on_the_day_the_mailing_leaves(desk: CampaignDesk) -> None:
    campaign, account = desk.written(), desk.world.account
    # At nine in the evening of the client it is the next day in UTC already.
    services.set_time(desk.writer, campaign, desk.wall(timedelta(days=30)).replace(hour=21))
    leaves = desk.wall(timedelta(days=30)).date()

    def lapsed(expires_on: date) -> int:
        with writing():
            Contact.objects.filter(email_key="personne1@example.com").update(consent_expires_on=expires_on)
        return gather.gather(campaign).editions[0].lapsed

    days = (leaves - timedelta(days=5), leaves, leaves + timedelta(days=1))
    assert [lapsed(day) for day in days] == [1, 1, 0]
    # A time that has passed is no excuse, and where none is chosen it is about today.
    clock.advance(timedelta(days=35).total_seconds())
    assert lapsed(leaves + timedelta(days=1)) == 1
    services.clear_time(desk.writer, campaign)
    today = terms.today(account)
    assert [lapsed(day) for day in (today, today + timedelta(days=1))] == [1, 0]


@pytest.mark.django_db(transaction=True)
def test_another_mailing_to_the_same_group_on_that_day_is_named(desk: CampaignDesk) -> None:
    desk.scheduled(subject="Rappel")
    desk.world.settle()
    campaign = desk.written()
    (near,) = gather.gather(campaign).editions[0].near
    assert near[0] == "Rappel"
    other_group = desk.written(groups=[desk.english])
    assert gather.gather(other_group).editions[0].near == ()
