"""From the radar to a campaign: exactly these people in a new group, and the campaign begins with that group (product.md W12)."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from campaigns.models import Campaign
from contacts.models import Contact
from cyberadmin.sync.mirror import writing
from cyberadmin.sync.models import ChangeSet
from groups.models import Group
from tests.contacts.bulk.bulk_desk import approve_and_apply, planned
from tests.world import World, make_account

pytestmark = pytest.mark.django_db


def browser(world: World, language: str = "en") -> Client:
    client = Client(headers={"accept-language": language})
    client.force_login(world.editor)
    return client


def send(client: Client, url: str, **data: Any) -> Any:
    return client.post(url, {"form_token": str(uuid.uuid4()), **data})


def ending_soon(world: World, *emails: str) -> None:
    """Mirrored people whose consent ends within the month."""
    for email in emails:
        person = world.mirrored(email)
        read = {"consent_type": "implied", "consent_read_at": timezone.now()}
        with writing():
            Contact.objects.filter(pk=person.pk).update(
                consent_expires_on=timezone.localdate() + timedelta(days=20), **read
            )


def link(page: str, part: str) -> str:
    """The address of the link that holds this part."""
    found = [unescape(url) for url in re.findall(r'href="([^"]+)"', page)]
    return next(url for url in found if part in url)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_group_that_the_radar_made_is_the_one_that_the_campaign_begins_with(world: World, language: str) -> None:
    ending_soon(world, "ana@example.com", "ben@example.com")
    world.mirrored("other@example.com")
    client, base = browser(world, language), f"/c/{world.account.slug}"
    radar = f"{base}/contacts/consentrecord/radar/"
    start = link(client.get(radar).content.decode(), "f-standing=soon&new_group=")
    form = client.get(start).content.decode()
    title = unescape(re.search(r'name="new_group" value="([^"]+)"', form)[1])  # type: ignore[index]
    assert title.startswith({"en": "Consents that end soon", "fr": "Consentements qui finissent bientôt"}[language])
    assert "campaign/add/?groups" not in client.get(radar).content.decode()

    assert send(client, start, new_group=title).status_code == 302
    group = Group.objects.get(account=world.account)
    assert (group.title, group.is_public) == (title, False)
    made = planned(ChangeSet.objects.get(account=world.account))
    assert made.counts == {"rows": 2, "update": 2}
    world.settle()
    done = approve_and_apply(world, made)
    assert done.state == ChangeSet.State.DONE
    (held,) = world.held()["groups"]
    joined = {one["email"] for one in world.held()["members"] if held["id"] in one["groups"]}
    assert joined == {"ana@example.com", "ben@example.com"}

    plan = client.get(f"{base}/sync/changeset/{done.pk}/").content.decode()
    write = link(plan, "campaign/add/?groups=")
    assert link(client.get(radar).content.decode(), "campaign/add/?groups=") == write
    assert title in unescape(client.get(write).content.decode())
    assert send(client, write, name="Restez avec nous", languages=["fr_ca", "en_ca"]).status_code == 302
    editions = Campaign.objects.get(account=world.account).editions.all()
    assert [[chosen.group_id for chosen in one.groups.all()] for one in editions] == [[group.pk]] * 2


def test_a_group_of_another_client_is_not_taken_from_the_address(world: World) -> None:
    with writing():
        foreign = Group.objects.create(account=make_account(), title="Secret of others")
    client = browser(world)
    add = f"/c/{world.account.slug}/campaigns/campaign/add/?groups={foreign.pk}&groups=x&groups=999999999999999999999"
    assert "Secret of others" not in client.get(add).content.decode()
    assert send(client, add, name="Nouvelles", languages=["fr_ca"]).status_code == 302
    assert not Campaign.objects.get().editions.get().groups.exists()


def test_a_new_group_needs_a_free_name_and_nothing_is_made_without_one(world: World) -> None:
    person = world.mirrored("ana@example.com")
    world.remote_group("Amis")
    world.pull()
    client = browser(world)
    url = f"/c/{world.account.slug}/contacts/contact/bulk/?action=join&pick={person.pk}"
    for name, said in (("  ", "Choose a group, or name a new one"), (" Amis", "Amis")):
        page = send(client, url, new_group=name)
        assert page.status_code == 200
        assert said in unescape(page.content.decode())
    assert Group.objects.filter(account=world.account).count() == 1
    assert not ChangeSet.objects.filter(account=world.account).exists()
