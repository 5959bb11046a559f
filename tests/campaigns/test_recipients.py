"""A list of recipients that is read again: what did not change is not written, what did is replaced whole."""

from __future__ import annotations

from typing import Any

import pytest

from campaigns import recipients, results
from campaigns.models import Mailing, MailingRecipient, RecipientList
from tests.campaigns.desk import CampaignDesk

pytestmark = pytest.mark.django_db(transaction=True)

PAGES_OF_ONE = {"action": "cap_limit", "limit": 1, "path": "/mailings/{id}/recipients"}


@pytest.fixture
def mailing(desk: CampaignDesk) -> Mailing:
    """A mailing that three people got."""
    fields: dict[str, Any] = {"subject": "Fait ailleurs", "groups": [desk.people.remote_id], "sent": True}
    desk.world.sandbox.control("POST", "mailings", account=desk.world.remote, bodyHtml="<p>Bonjour</p>", **fields)
    desk.world.pull()
    return Mailing.objects.get(account=desk.world.account)


def read(desk: CampaignDesk, mailing: Mailing) -> tuple[RecipientList, int]:
    """The list of everybody, read now, and how many pages were asked for."""
    wanted = results.request_recipients(desk.writer, mailing, "all")
    before = len(desk.world.sandbox.requests())
    recipients.read(wanted.pk)
    wanted.refresh_from_db()
    assert wanted.state == RecipientList.State.READY
    return wanted, len(desk.world.sandbox.requests()) - before


def shown(mailing: Mailing) -> list[tuple[int, str, str]]:
    return list(results.recipients(mailing, "all").values_list("pk", "email", "name"))


@pytest.mark.parametrize(("rules", "pages"), [([], 1), ([PAGES_OF_ONE], 3)], ids=["one page", "three pages"])
def test_an_unchanged_list_is_read_again_without_writing_its_rows(
    desk: CampaignDesk, mailing: Mailing, rules: list[dict[str, Any]], pages: int
) -> None:
    desk.world.sandbox.faults(*rules)
    first, asked = read(desk, mailing)
    rows = shown(mailing)
    assert (asked, first.total, first.is_whole, len(rows)) == (pages, 3, True, 3)
    again, asked = read(desk, mailing)
    assert (asked, again.generation, shown(mailing)) == (pages, first.generation, rows)
    assert first.read_at is not None
    assert again.read_at is not None
    assert again.read_at > first.read_at


@pytest.mark.parametrize("rules", [[], [PAGES_OF_ONE]], ids=["one page", "three pages"])
@pytest.mark.parametrize("who", ["personne0@example.com", "personne2@example.com"])
def test_a_list_that_changed_anywhere_is_replaced_whole(
    desk: CampaignDesk, mailing: Mailing, who: str, rules: list[dict[str, Any]]
) -> None:
    desk.world.sandbox.faults(*rules)
    first, _asked = read(desk, mailing)
    desk.world.remote_edit(who, lastname="Tremblay")
    again, _asked = read(desk, mailing)
    assert (again.generation, again.total, again.is_whole) == (first.generation + 1, 3, True)
    assert [email for _pk, email, name in shown(mailing) if "Tremblay" in name] == [who]
    assert MailingRecipient.objects.count() == 3


def test_a_list_that_grew_behind_its_last_page_is_replaced_whole(desk: CampaignDesk, mailing: Mailing) -> None:
    desk.world.sandbox.faults(PAGES_OF_ONE)
    first, _asked = read(desk, mailing)
    # As if the third person had come since.
    RecipientList.objects.update(page_digests=first.page_digests[:2])
    again, _asked = read(desk, mailing)
    assert (again.generation, again.page_digests) == (first.generation + 1, first.page_digests)
    assert MailingRecipient.objects.count() == 3


def test_a_row_that_does_not_fit_is_left_out_and_the_list_is_not_called_whole(
    desk: CampaignDesk, mailing: Mailing
) -> None:
    broken = {"action": "mutate", "kind": "missing_field", "field": "email", "path": "/mailings/{id}/recipients"}
    desk.world.sandbox.faults({**broken, "times": 1})
    wanted, _asked = read(desk, mailing)
    assert (wanted.is_whole, wanted.total) == (False, MailingRecipient.objects.count())
    assert wanted.total < 3
    again, _asked = read(desk, mailing)
    assert (again.is_whole, again.total, len(shown(mailing))) == (True, 3, 3)
