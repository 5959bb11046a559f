"""Asking for express consent: on which basis, how often, and never by itself."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError

from contacts import services
from contacts.consent import asking, setting, terms
from contacts.consent.asking import Basis
from contacts.consent.ledger import Facts
from contacts.models import ConsentRecord
from cyberadmin.sync import clock
from cyberadmin.sync import services as engine
from cyberadmin.sync.models import Change
from tests.world import World

pytestmark = pytest.mark.django_db


def mails(world: World) -> int:
    """Requests for consent that the vendor sent."""
    return sum(effect["kind"] == "optin" for effect in world.effects())


def test_one_request_in_24_hours_even_when_the_contact_was_deleted_and_added_again(world: World) -> None:
    marie = world.mirrored("marie@example.com")
    services.request_optin(world.editor, marie, "Left her card")
    world.push()
    assert mails(world) == 1
    services.delete_contact(world.editor, marie, "By mistake")
    world.push()
    again = services.create_contact(world.editor, world.account, {"email": "MARIE@example.com"})
    world.push()
    with pytest.raises(ValidationError) as refused:
        services.request_optin(world.editor, again, "Left her card")
    assert refused.value.code == "asked_lately"
    clock.advance(24 * 3600 + 60)
    services.request_optin(world.editor, again, "Left her card")
    world.push()
    assert mails(world) == 2


def test_a_request_that_was_given_up_before_it_left_does_not_count(world: World) -> None:
    marie = world.mirrored("marie@example.com")
    change = services.request_optin(world.editor, marie, "Left her card")
    engine.discard(world.editor, change)
    assert services.request_optin(world.editor, marie, "Left her card").pk != change.pk
    world.push()
    assert mails(world) == 1


def test_implied_consent_is_a_basis_only_while_it_is_known_to_hold(world: World) -> None:
    marie = world.mirrored("marie@example.com")
    with pytest.raises(ValidationError) as refused:
        services.request_optin(world.editor, marie, "A client", Basis.IMPLIED)
    assert refused.value.code == "no_implied"
    setting.set_consent(
        world.editor, marie, Facts("active-clients", terms.today(world.account) - timedelta(days=30), "Invoice")
    )
    world.push()
    services.request_optin(world.editor, marie, "A client", Basis.IMPLIED)
    kept = ConsentRecord.objects.get(source="asked")
    assert (kept.how, kept.words, kept.actor) == ("implied", "A client", world.editor)


def test_who_gave_express_consent_is_not_asked(world: World) -> None:
    marie = world.mirrored("marie@example.com")
    day = terms.today(world.account)
    setting.set_consent(world.editor, marie, Facts("express-consent", day, "Box", how="Form", place="Site"))
    world.push()
    with pytest.raises(ValidationError) as refused:
        services.request_optin(world.editor, marie, "Once more")
    assert refused.value.code == "express_already"


@pytest.mark.parametrize("basis", ["", "because"])
def test_a_basis_must_be_one_that_there_is(world: World, basis: str) -> None:
    marie = world.mirrored("marie@example.com")
    with pytest.raises(ValidationError):
        services.request_optin(world.editor, marie, "Left her card", basis)
    assert Change.objects.count() == 0


def test_many_are_looked_up_at_once(world: World) -> None:
    for number in range(3):
        contact = world.mirrored(f"p{number}@example.com")
        if number:
            services.request_optin(world.editor, contact, "Asked")
    emails = [f"P{number}@example.com" for number in range(1_200)]
    assert asking.asked_lately(world.account.pk, emails) == {"p1@example.com", "p2@example.com"}
    assert asking.asked_lately(world.account.pk, []) == set()


def test_nothing_is_asked_by_itself(world: World) -> None:
    world.remote_member("marie@example.com")
    world.pull()
    clock.advance(40 * 24 * 3600)
    world.settle()
    assert mails(world) == 0
