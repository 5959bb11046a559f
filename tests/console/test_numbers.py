"""Counts have their thousands apart, as each language writes them, wherever they are shown."""

from __future__ import annotations

import pytest
from django.template import Context, Template
from django.utils import translation

from campaigns.models import Mailing
from cyberadmin.accounts.numbers import grouped
from cyberadmin.sync.mirror import writing
from cyberadmin.sync.models import PullRun
from tests.accounts.isolation_world import Agency
from tests.console.conftest import Visitor


@pytest.mark.parametrize(("language", "expected"), [("fr", "1\u202f234\u202f567"), ("en", "1,234,567")])
def test_thousands_stand_apart(language: str, expected: str) -> None:
    with translation.override(language):
        assert grouped(1_234_567) == expected
        assert (
            Template("{% load console %}{{ n|amount }} {{ none|amount }}").render(
                Context({"n": 1_234_567, "none": None})
            )
            == f"{expected} –"
        )
        # Numbers in addresses and forms stay as machines read them.
        assert Template("{{ n }}").render(Context({"n": 1_234_567})) == "1234567"


@pytest.mark.django_db
def test_a_mailing_that_has_not_left_has_no_rates(agency: Agency) -> None:
    with writing():
        Mailing.objects.filter(account=agency.ours.account).update(
            stage="scheduled", view_rate=0.0, click_rate=0.0, recipients_count=0, emails_sent=0
        )
    visitor = Visitor(agency.insiders["read"], f"/c/{agency.ours.account.slug}")
    text = visitor.at("/campaigns/mailing/").content.decode()
    assert "0.0 %" not in text
    with writing():
        Mailing.objects.filter(account=agency.ours.account).update(stage="sent", emails_sent=1_234, view_rate=0.5)
    text = visitor.at("/campaigns/mailing/").content.decode()
    assert "50.0 %" in text
    assert "1,234" in text


@pytest.mark.django_db
def test_what_a_pull_counted_is_readable(agency: Agency, language: str) -> None:
    run = PullRun.objects.get(pk=agency.ours.pks["pullrun"])
    run.counts = {"contacts": 12_345}
    run.save()
    visitor = Visitor(agency.insiders["read"], f"/c/{agency.ours.account.slug}", language)
    expected = {"fr": "12\u202f345", "en": "12,345"}[language]
    assert expected in visitor.at(f"/sync/pullrun/{run.pk}/").content.decode()
