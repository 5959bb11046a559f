"""What became of mailings: funnel, curve, links, lists of recipients, files, comparison, one person's mailings."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from campaigns.models import Mailing, MailingRecipient, RecipientList
from campaigns.pages import charts
from cyberadmin.sync.mirror import writing
from tests.campaigns.pages_desk import PagesDesk, words
from tests.world import give, make_account, make_user

pytestmark = pytest.mark.django_db
EVIL = "<img src=x onerror=alert(1)>"


@pytest.fixture(params=["fr", "en"])
def desk(request: Any) -> PagesDesk:
    account = make_account()
    return PagesDesk(account, give(make_user(), account, "read"), request.param)


def sent(desk: PagesDesk, subject: str = "Printemps", **fields: Any) -> Mailing:
    values = {
        "remote_id": Mailing.objects.count() + 1,
        "language": "fr_ca",
        "stage": "sent",
        "send_at": timezone.now() - timedelta(days=2),
        "recipients_count": 1200,
        "emails_sent": 1000,
        "emails_delivered": 990,
        "views": 400,
        "clicks": 80,
        "view_rate": 0.4,
        "click_rate": 0.08,
        "links": [{"id": 1, "url": f"https://example.com/{EVIL}", "clicks_unique": 50, "clicks_total": 1234}],
    }
    with writing():
        return Mailing.objects.create(account=desk.account, subject=subject, **{**values, **fields})


def listed(mailing: Mailing, outcome: str, *people: tuple[str, str]) -> RecipientList:
    now = timezone.now()
    read = RecipientList.objects.create(
        mailing=mailing, outcome=outcome, state="ready", total=len(people), is_whole=True, requested_at=now, read_at=now
    )
    with writing():
        for number, (email, name) in enumerate(people):
            MailingRecipient.objects.create(
                list=read,
                generation=0,
                account=mailing.account,
                email=email,
                email_key=email.casefold(),
                name=name,
                happened_at=now - timedelta(hours=number),
            )
    return read


def test_a_funnel_a_curve_and_links_with_tables_behind_them(desk: PagesDesk) -> None:
    mailing = sent(desk)
    listed(mailing, "opened", ("a@example.com", "A"), ("b@example.com", "B"), ("c@example.com", "C"))
    response = desk.get(f"mailing/{mailing.pk}/")
    bars = {str(bar.size) for bar in response.context["funnel"].bars}
    assert bars == {"100.00", "99.00", "40.00", "8.00"}
    text = words(response)
    assert "40,0" in text or "40.0" in text
    opened = response.context["curves"][0][1]
    assert (opened.total, opened.chart.highest, len(opened.rows)) == (3, 1, 3)
    assert sum(column.count for column in opened.chart.columns) == 3
    assert "<svg" in response.content.decode()
    assert EVIL not in response.content.decode()
    assert "1 234" in text or "1,234" in text or "1\u202f234" in text or "1\u00a0234" in text


def test_a_mailing_without_counters_says_so_and_does_not_fail(desk: PagesDesk) -> None:
    nothing = {name: None for name in ("emails_sent", "emails_delivered", "views", "clicks", "view_rate", "click_rate")}
    mailing = sent(desk, links=[], recipients_count=None, **nothing)
    assert "–" in words(desk.get(f"mailing/{mailing.pk}/"))
    assert desk.get("mailing/compare/").status_code == 200


def test_the_list_shows_every_stage_and_narrows(desk: PagesDesk) -> None:
    sent(desk, "Vieux", stage="archived")
    sent(desk, "Parti")
    sent(desk, "Attend", stage="scheduled", send_at=timezone.now() + timedelta(days=1))
    assert all(subject in desk.text("mailing/") for subject in ("Vieux", "Parti", "Attend"))
    narrowed = desk.text("mailing/", stage="archived")
    assert "Vieux" in narrowed
    assert "Parti" not in narrowed


def test_a_list_is_read_on_demand(desk: PagesDesk) -> None:
    mailing = sent(desk)
    path = f"mailing/{mailing.pk}/recipients/?outcome=clicked"
    assert desk.client.get(desk.url(path)).status_code == 200
    assert not RecipientList.objects.exists()
    asked = desk.post(path)
    assert asked.headers["Location"].endswith("recipients/?outcome=clicked")
    read = RecipientList.objects.get()
    assert (read.outcome, read.state) == ("clicked", "waiting")
    status = desk.get(f"mailing/{mailing.pk}/recipients/status/", outcome="clicked").json()
    assert status == {"final": False, "progress": 0, "total": 0}
    assert "data-wait" in desk.text(f"mailing/{mailing.pk}/recipients/", outcome="clicked")


def test_compare_leaves_tests_and_other_clients_out(desk: PagesDesk) -> None:
    first, second = sent(desk, "Un"), sent(desk, "Deux")
    sent(desk, "ESSAI", purpose="test")
    stranger = PagesDesk(make_account(), desk.user)
    elsewhere = sent(stranger, "AILLEURS")
    text = desk.text("mailing/compare/", m=[first.pk, elsewhere.pk])
    assert "ESSAI" not in text
    assert "AILLEURS" not in text
    shown = desk.get("mailing/compare/", m=[first.pk, elsewhere.pk]).context["chosen"]
    assert shown == [first]
    assert set(desk.get("mailing/compare/").context["chosen"]) == {first, second}


def test_hostile_names_stay_text(desk: PagesDesk) -> None:
    mailing = sent(desk, EVIL, from_name=EVIL, groups=[{"id": 1, "title": EVIL}])
    listed(mailing, "all", ("x@example.com", EVIL))
    for path in (f"mailing/{mailing.pk}/", f"mailing/{mailing.pk}/recipients/", "mailing/", "mailing/compare/"):
        assert EVIL not in desk.text(path), path


def test_two_hours_with_one_name_are_two_columns() -> None:
    """Where clocks are put back, one o'clock comes twice."""
    first = datetime(2026, 11, 1, 5, tzinfo=UTC)
    made = charts.curve([(first, 2), (first + timedelta(hours=1), 3), (first + timedelta(hours=100), 1)])
    assert made is not None
    assert [column.count for column in made.chart.columns[:3]] == [2, 3, 0]
    assert (len(made.chart.columns), made.total, made.later) == (12, 6, 1)
