"""A failed call: in plain words on the page, masked; whole and sealed in the store; as a bundle for who accepts it."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
import yaml
from django.test import Client

from contacts import services as contacts
from cyberadmin.accounts.models import AuditEvent
from cyberadmin.api import errors
from cyberadmin.sync import clock, endpoints, exchanges, housekeeping
from cyberadmin.sync.models import ApiCall, KeptExchange
from tests.infra.console import ROOT
from tests.world import World, give, make_user

pytestmark = pytest.mark.django_db(transaction=True)

MARIE = "marie.tremblay@example.com"
SPEC = ROOT / "docs" / "vendor" / "openapi.yaml"


@pytest.fixture
def refused(world: World) -> ApiCall:
    """An edit that the vendor refused with words that name the person."""
    marie = world.mirrored(MARIE, firstname="Marie")
    words = {"message": f"{MARIE} cannot be edited with {world.token}"}
    rule = {"action": "status", "method": "PATCH", "path": "/members/{key}", "times": 1, "code": 422, "body": words}
    world.sandbox.faults(rule)
    contacts.edit_contact(world.editor, marie, {"first_name": "Marie-Ève"}, marie.edit_version)
    world.push()
    return ApiCall.objects.get(method="PATCH")


def page(user: object, world: World, path: str) -> tuple[Client, str]:
    client = Client()
    client.force_login(user)
    return client, f"/c/{world.account.slug}/sync/apicall/{path}"


def test_only_failed_calls_are_kept_whole_and_sealed(world: World, refused: ApiCall) -> None:
    assert KeptExchange.objects.count() == 1
    kept = KeptExchange.objects.get(call=refused)
    assert MARIE not in kept.sealed
    exchange = exchanges.read(refused)
    assert exchange is not None
    assert (exchange.method, exchange.status, exchange.error) == ("PATCH", 422, "Rejected")
    assert "Marie-Ève" in exchange.request_body
    assert MARIE in exchange.response_body
    assert world.token not in str(exchange)
    assert exchange.request_headers["Authorization"] == "[not shown]"
    worked = ApiCall.objects.filter(method="GET").first()
    assert worked is not None
    assert exchanges.read(worked) is None


def test_the_page_says_what_happened_and_masks_people(world: World, refused: ApiCall) -> None:
    client, path = page(world.editor, world, f"{refused.pk}/")
    text = client.get(path, headers={"Accept-Language": "en"}).content.decode()
    assert "Change some fields of one contact." in text
    assert "Cyberimpact refused the values" in text
    body = text.split('class="ca-pre"', 1)[1]
    assert MARIE not in body
    assert "m…@example.com" in body
    assert world.token not in text


def test_the_bundle_leaves_only_when_accepted(world: World, refused: ApiCall) -> None:
    client, path = page(world.editor, world, f"{refused.pk}/support/")
    shown = client.get(path).content.decode()
    assert MARIE in shown
    refusal = client.post(path, {"form_token": str(uuid.uuid4()), "note": ""})
    assert refusal.headers["Content-Type"].startswith("text/html")
    assert not AuditEvent.objects.filter(action="call.bundle").exists()

    sent = client.post(path, {"form_token": str(uuid.uuid4()), "note": "Since Monday.", "accepted": "on"})
    text = sent.content.decode()
    assert sent.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert sent.headers["Content-Disposition"].startswith('attachment; filename="cyberimpact-')
    assert world.account.vendor_name in text
    for part in ("Since Monday.", "PATCH /members/", '"firstname": "Marie-Ève"', "HTTP 422", MARIE):
        assert part in text, part
    assert world.token not in text
    event = AuditEvent.objects.get(action="call.bundle")
    assert (event.actor, event.detail["call"]) == (world.editor, refused.pk)


@pytest.mark.parametrize(("language", "words"), [("fr", "Bonjour"), ("en", "Hello")])
def test_the_letter_names_the_account_and_nobody_else(
    world: World, refused: ApiCall, language: str, words: str
) -> None:
    client, path = page(world.editor, world, f"{refused.pk}/support/")
    text = client.get(path).content.decode()
    letter = text.split(f'lang="{language}">')[-1].split("</pre>")[0]
    assert words in letter
    assert world.account.vendor_name in letter
    assert MARIE not in letter


def test_who_may_only_read_gets_no_bundle(world: World, refused: ApiCall) -> None:
    client, path = page(give(make_user(), world.account, "read"), world, f"{refused.pk}/support/")
    assert client.get(path).status_code == 403
    assert client.post(path, {"form_token": str(uuid.uuid4()), "accepted": "on"}).status_code == 403


def test_after_its_time_only_the_short_form_is_left(world: World, refused: ApiCall) -> None:
    clock.advance(timedelta(days=31).total_seconds())
    housekeeping.run()
    assert not KeptExchange.objects.exists()
    client, path = page(world.editor, world, f"{refused.pk}/support/")
    text = client.get(path, headers={"Accept-Language": "en"}).content.decode()
    assert "not kept: only failed calls are, for 30 days" in text
    post = client.post(path, {"form_token": str(uuid.uuid4()), "note": "", "accepted": "on"})
    assert (post.status_code, post.headers["Location"]) == (302, path)
    assert client.get(path.replace("support/", "")).status_code == 200


def test_calls_are_found_by_person_answer_and_object(world: World, refused: ApiCall) -> None:
    client, path = page(world.editor, world, "")
    other = world.mirrored("luc@example.com")
    contacts.edit_contact(world.editor, other, {"first_name": "Luc"}, other.edit_version)
    world.push()

    def found(**query: str) -> list[tuple[str, int]]:
        rows = client.get(path, query).context["cl"].result_list
        return [(call.method, call.status) for call in rows]

    assert found(q=MARIE.upper()) == [("PATCH", 422), ("GET", 200)]
    assert found(q="422") == [("PATCH", 422)]
    assert found(object=f"contact-{other.pk}") == [("PATCH", 200), ("GET", 200)]
    assert found(object="contact-") == []
    assert found(q="nobody@example.com") == []


def test_sealed_calls_follow_a_change_of_keys(world: World, refused: ApiCall, settings) -> None:
    new = "k9:YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXoxMjM0NTY="
    settings.CYBERADMIN_KEYS = [new, *settings.CYBERADMIN_KEYS]
    assert exchanges.rotate() == 1
    assert exchanges.rotate() == 0
    settings.CYBERADMIN_KEYS = [new]
    exchange = exchanges.read(refused)
    assert exchange is not None
    assert exchange.status == 422


def test_every_operation_and_every_failure_has_words() -> None:
    spec = yaml.safe_load(SPEC.read_text(encoding="utf-8"))
    operations = {
        (method.upper(), path)
        for path, methods in spec["paths"].items()
        for method in methods
        if method in ("get", "post", "put", "patch", "delete")
    }
    assert set(endpoints.MEANINGS) == operations
    assert set(endpoints.FAILURES) == {cls.__name__ for cls in errors.ApiError.__subclasses__()}
