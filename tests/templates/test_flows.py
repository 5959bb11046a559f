"""Templates from an edit here to the vendor and back, over the sandbox (api/README.md 4.8)."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError

from cyberadmin.sync import services as sync
from cyberadmin.sync.health import differences
from cyberadmin.sync.models import Change
from templates import services
from templates.models import EmailTemplate
from tests.templates.world import HTML, TEXT, held, made, pulled, remote, remote_edit, replaced, values
from tests.world import World

pytestmark = pytest.mark.django_db(transaction=True)


def templates_made(world: World) -> int:
    """How many templates API calls made at the vendor, deleted ones included."""
    return sum(entry["operation"] == "createTemplate" for entry in world.effects())


def test_a_template_made_here_is_at_the_vendor_once_with_both_bodies(world: World) -> None:
    template = made(world)
    (there,) = held(world)
    assert (there["title"], there["bodyHtml"], there["bodyText"]) == ("Infolettre", HTML, TEXT)
    assert template.snapshot is None
    assert template.created_on is not None
    assert [version.actor for version in template.versions.all()] == [world.editor]
    assert differences(world.account.pk) == []


def test_a_pull_reads_bodies_of_what_is_new_or_changed_and_of_nothing_else(world: World) -> None:
    remote(world, "Une")
    remote(world, "")
    assert world.pull().state == "complete"
    first = EmailTemplate.objects.get(account=world.account, title="Une")
    assert (first.body_html, first.body_text, first.html_bytes) == (HTML, TEXT, len(HTML.encode()))
    untitled = EmailTemplate.objects.get(account=world.account, title="")
    assert untitled.body_html == HTML
    run = world.pull()
    assert run.counts["unchanged"] >= 2
    remote_edit(world, first, bodyHtml="<p>Changé</p>")
    seen = len(world.sandbox.requests())
    pulled(world, first)
    asked = [one["path"] for one in world.sandbox.requests()[seen:] if "/templates/" in one["path"]]
    assert len(asked) == 1
    assert first.body_html == "<p>Changé</p>"
    assert [version.actor_name for version in first.versions.all()] == ["", ""]


def test_a_replacement_keeps_what_it_does_not_speak_of_as_the_vendor_has_it_now(world: World) -> None:
    template = made(world)
    remote_edit(world, template, bodyText="Texte corrigé là-bas")
    replaced(world, template, title="Infolettre d’hiver")
    world.push()
    (there,) = held(world)
    assert (there["title"], there["bodyHtml"], there["bodyText"]) == (
        "Infolettre d’hiver",
        HTML,
        "Texte corrigé là-bas",
    )
    template.refresh_from_db()
    assert template.body_text == "Texte corrigé là-bas"
    assert template.snapshot is None


def test_a_template_changed_there_meanwhile_is_a_conflict_and_not_overwritten(world: World) -> None:
    template = made(world)
    remote_edit(world, template, bodyHtml="<p>Le leur</p>")
    change = replaced(world, template, body_html="<p>Le mien</p>")
    world.push()
    assert change is not None
    change.refresh_from_db()
    assert (change.state, change.reason) == ("conflict", "both_changed")
    assert held(world)[0]["bodyHtml"] == "<p>Le leur</p>"
    with pytest.raises(ValidationError):
        sync.resolve(world.editor, change, {"body_html": {"keep": "value", "value": "caf\ufffd"}})
    sync.resolve(world.editor, change, {"body_html": {"keep": "value", "value": "<p>Les\r\ndeux</p>\r\n"}})
    world.settle()
    assert held(world)[0]["bodyHtml"] == "<p>Les\ndeux</p>"


def test_deleting_reaches_the_vendor_and_leaves_the_versions(world: World) -> None:
    template = made(world)
    services.delete_template(world.editor, template, "Périmé")
    world.push()
    assert held(world) == []
    template.refresh_from_db()
    assert template.gone_at is not None
    assert template.versions.count() == 1


def test_one_deleted_there_disappears_here_after_a_complete_pull(world: World) -> None:
    template = made(world)
    made(world, "Autre")
    world.sandbox.control("DELETE", "templates", account=world.remote, id=template.remote_id)
    assert pulled(world, template).gone_at is not None
    assert EmailTemplate.objects.filter(account=world.account, gone_at=None).count() == 1


@pytest.mark.parametrize(
    "fault",
    [
        {"action": "drop_before"},
        {"action": "drop_after"},
        {"action": "drop_after", "reset": True},
        {"action": "reset_mid_body"},
        {"action": "truncate"},
        {"action": "html_200"},
        {"action": "html_200", "apply": False},
        {"action": "status", "code": 500, "apply": True},
        {"action": "status", "code": 503},
        {"action": "apply_then_hang"},
    ],
    ids=lambda fault: "-".join(str(value) for value in fault.values()),
)
def test_a_create_whose_answer_is_lost_is_made_exactly_once(world: World, fault: dict[str, Any], settings: Any) -> None:
    settings.SYNC_DEADLINE_SECONDS = 0.5
    world.sandbox.faults({"method": "POST", "path": "/templates", "times": 1, **fault})
    template = services.create_template(world.editor, world.account, values())
    world.push()
    world.settle()
    template.refresh_from_db()
    assert templates_made(world) == len(held(world)) == 1
    assert template.remote_id == held(world)[0]["id"]
    assert not Change.objects.filter(account=world.account, state__in=Change.OPEN).exists()


def test_many_creates_with_lost_answers_make_each_template_once(world: World, settings: Any) -> None:
    settings.SYNC_DEADLINE_SECONDS = 0.5
    wanted = [f"Numéro {number}" for number in range(30)]
    lost = {3: "drop_after", 7: "drop_before", 12: "drop_after", 20: "drop_after", 25: "drop_before"}
    rule = {"method": "POST", "path": "/templates", "times": 1}
    world.sandbox.faults(*({**rule, "nth": nth, "action": action} for nth, action in lost.items()))
    for title in wanted:
        services.create_template(world.editor, world.account, values(title))
    world.push()
    world.settle(200)
    assert sorted(one["title"] for one in held(world)) == sorted(wanted)
    assert templates_made(world) == len(wanted)


def test_another_template_of_that_title_made_there_meanwhile_is_not_taken_for_ours(world: World) -> None:
    world.sandbox.faults({"method": "POST", "path": "/templates", "action": "drop_after", "times": 1})
    template = services.create_template(world.editor, world.account, values())
    world.push()
    stranger = remote(world, "INFOLETTRE ", html="<p>Autre chose</p>")
    world.settle()
    template.refresh_from_db()
    assert template.remote_id not in (None, stranger)
    assert templates_made(world) == 1


def test_a_template_of_that_title_there_before_waits_for_a_person(world: World) -> None:
    stranger = remote(world, "infolettre")
    template = services.create_template(world.editor, world.account, values())
    world.push()
    change = Change.objects.get(object_id=template.pk, kind="template")
    assert (change.state, change.reason) == ("conflict", "same_mark_there")
    sync.adopt(world.editor, change, stranger)
    world.settle()
    template.refresh_from_db()
    assert template.remote_id == stranger
    assert templates_made(world) == 0
    assert held(world)[0]["title"] == "Infolettre"


def test_a_template_that_is_gone_there_can_be_made_again(world: World) -> None:
    template = made(world)
    world.sandbox.control("DELETE", "templates", account=world.remote, id=template.remote_id)
    change = replaced(world, template, title="Nouveau titre")
    world.push()
    assert change is not None
    change.refresh_from_db()
    assert change.reason == "gone_there"
    sync.recreate(world.editor, change)
    world.settle()
    (there,) = held(world)
    assert (there["title"], there["bodyHtml"]) == ("Nouveau titre", HTML)
