"""Templates in the small world of the tests: at the vendor, and here."""

from __future__ import annotations

from typing import Any

import requests

from cyberadmin.sync import clock
from cyberadmin.sync.models import Change
from templates import services
from templates.models import EmailTemplate
from tests.world import World

HTML = "<h1>Bonjour [PRENOM]</h1><p>Voici nos nouvelles.</p>"
TEXT = "Bonjour [PRENOM]\n\nVoici nos nouvelles."


def values(title: str = "Infolettre", **fields: str) -> dict[str, str]:
    """What the service takes."""
    return {"title": title, "body_html": HTML, "body_text": TEXT, **fields}


def made(world: World, title: str = "Infolettre", **fields: str) -> EmailTemplate:
    """A template made here and settled at the vendor."""
    template = services.create_template(world.editor, world.account, values(title, **fields))
    world.push()
    template.refresh_from_db()
    assert template.remote_id is not None
    return template


def remote(world: World, title: str = "Infolettre", html: str = HTML, text: str = TEXT) -> int:
    """A template made in the vendor's application."""
    answer = world.sandbox.control("POST", "templates", account=world.remote, title=title, bodyHtml=html, bodyText=text)
    return int(answer["id"])


def remote_edit(world: World, template: EmailTemplate, **fields: str) -> None:
    """Edit a template in the vendor's application; its clock moves, since the list shows nothing else."""
    world.sandbox.advance(5)
    world.sandbox.control("PATCH", "templates", account=world.remote, id=template.remote_id, **fields)


def held(world: World) -> list[dict[str, Any]]:
    """The vendor's templates with their bodies, as its API gives them."""
    with requests.Session() as session:
        session.trust_env = False
        session.headers["Authorization"] = f"Bearer {world.token}"
        listed = session.get(f"{world.sandbox.base_url}/templates?limit=1000", timeout=30).json()["templates"]
        return [session.get(f"{world.sandbox.base_url}/templates/{one['id']}", timeout=30).json() for one in listed]


def replaced(world: World, template: EmailTemplate, **fields: str) -> Change | None:
    """Replace a template here, as read just now."""
    template.refresh_from_db()
    return services.replace_template(world.editor, template, fields, template.edit_version)


def pulled(world: World, template: EmailTemplate) -> EmailTemplate:
    """The template after a complete pull."""
    clock.advance(10)
    run = world.pull()
    assert run.state == "complete", (run.reason, run.problems)
    template.refresh_from_db()
    return template
