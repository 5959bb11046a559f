"""Templates walked in a browser in both languages, on a real server, worker and sandbox."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser, expect

from tests.browser.desk import Desk
from tests.browser.stack import Stack, Vendor
from tests.infra.console import until

pytestmark = pytest.mark.browser

LIST = "/emailtemplates/emailtemplate/"
NEWS = """<!DOCTYPE html><html><head><style>h1 { color: #0f766e } @media (max-width: 480px) { h1 { font-size: 20px } }</style></head>
<body style="margin:0;font-family:Georgia,serif"><table width="100%" style="background:#ecfdf5"><tr><td align="center">
<table width="600" style="max-width:100%;background:#fff"><tr><td style="padding:24px">
<h1>Le théâtre rouvre ses portes</h1><p>Bonjour [PRENOM],</p><p>La saison d’automne commence le 12&nbsp;septembre.</p>
<ul><li>Cyrano</li><li>Les Belles-sœurs</li></ul>
<p><a href="https://example.com/billets" style="background:#0f766e;color:#fff;padding:10px 18px">Acheter un billet</a></p>
<p><img src="https://pictures.example/salle.jpg" alt="La salle" width="552" height="180"></p>
<p style="font-size:12px">Théâtre du Petit Quai, 12, rue du Quai, Rimouski · [LIEN_DESABONNEMENT]</p>
</td></tr></table></td></tr></table></body></html>"""


@pytest.fixture(params=["fr", "en"])
def desk(request: pytest.FixtureRequest, browser: Browser, stack: Stack, shots: Path) -> Iterator[Desk]:
    person = Desk(browser, stack, request.param, shots)
    yield person
    person.context.close()
    blocked = [said for said in person.trouble if "https://pictures.example/" in said]
    assert blocked, "the pictures elsewhere were asked for, and blocked"
    # The list right after the deletion may still ask for the picture of what goes at that very moment.
    late = [said for said in person.trouble if "404" in said and "/body/" in said]
    assert [said for said in person.trouble if said not in blocked + late] == []


def remote_template(vendor: Vendor, title: str, html: str, text: str = "") -> int:
    """A template made in the vendor's application."""
    made = vendor.stack.sandbox.control(
        "POST", "templates", account=vendor.name, title=title, bodyHtml=html, bodyText=text
    )
    return int(made["id"])


def held(vendor: Vendor) -> dict[str, dict[str, Any]]:
    """The vendor's templates with their bodies, by title."""
    with requests.Session() as session:
        session.trust_env = False
        session.headers["Authorization"] = f"Bearer {vendor.token}"
        address = f"{vendor.stack.sandbox.base_url}/templates"
        listed = session.get(f"{address}?limit=1000", timeout=30).json()["templates"]
        return {one["title"]: session.get(f"{address}/{one['id']}", timeout=30).json() for one in listed}


def look(desk: Desk) -> None:
    """The list with its pictures; one template at both widths, as text, and its pictures asked for."""
    page = desk.page
    desk.go(LIST)
    expect(page.locator("#result_list tbody tr")).to_have_count(4)
    expect(page.locator(".et-thumb iframe")).to_have_count(3)
    desk.shot("templates")
    page.locator("#result_list tbody th a", has_text="Infolettre").click()
    inside = page.frame_locator(".et-stage iframe")
    expect(inside.locator("h1")).to_have_text("Le théâtre rouvre ses portes")
    desk.shot("template")
    page.get_by_role("link", name=desk.say("Phone", "Téléphone")).click()
    expect(page.locator(".et-stage.phone iframe")).to_be_visible()
    desk.shot("template-phone")
    page.get_by_role("link", name=desk.say("Text version", "Version texte")).click()
    desk.see("There is no text version.", "Il n’y a pas de version texte.")
    page.get_by_role("link", name=desk.say("Desktop", "Ordinateur")).click()


def create(desk: Desk, vendor: Vendor) -> None:
    """A new one: refused without a title, its text made from the HTML, then made once."""
    page = desk.page
    desk.go(f"{LIST}add/")
    page.fill("[name=body_html]", NEWS)
    desk.see("KB", "Ko")
    page.locator("[name=make_text]").click()
    expect(page.locator("[name=body_text]")).to_have_value(desk_text())
    desk.see("nothing is saved yet", "rien n’est encore enregistré")
    desk.shot("template-add")
    page.locator("main form .ca-submit button.primary").click()
    desk.see("A template needs a title.", "Il faut un titre au gabarit.")
    page.fill("[name=title]", "Rentrée")
    page.focus("[name=body_text]")
    page.locator("[data-insert='[PRENOM]']").click()
    page.locator("main form .ca-submit button.primary").click()
    desk.see_state("done")
    until(lambda: "Rentrée" in held(vendor), 20, "made at the vendor")
    assert "[PRENOM]" in held(vendor)["Rentrée"]["bodyText"]


def desk_text() -> Any:
    """The text that is made from `NEWS`, as far as it matters."""
    return re.compile(
        r"Bonjour \[PRENOM\],[\s\S]*- Cyrano\n- Les Belles-sœurs[\s\S]*Acheter un billet \(https://example\.com/billets\)"
    )


def replace(desk: Desk, vendor: Vendor) -> None:
    """The whole difference is shown first; then it is sent; the older version can be seen and comes back."""
    page = desk.page
    page.locator("a[href$='/replace/']").first.click()
    page.fill("[name=body_html]", NEWS.replace("12&nbsp;septembre", "19&nbsp;septembre"))
    desk.submit()
    expect(page.locator(".et-rows ins")).to_contain_text("19&nbsp;septembre")
    expect(page.locator(".et-rows del")).to_contain_text("12&nbsp;septembre")
    desk.shot("template-review")
    assert "12&nbsp;septembre" in held(vendor)["Rentrée"]["bodyHtml"]
    page.locator("[name=confirmed]").click()
    desk.see_state("done")
    until(lambda: "19&nbsp;septembre" in held(vendor)["Rentrée"]["bodyHtml"], 20, "replaced at the vendor")
    page.locator("a[href$='/versions/']").first.click()
    expect(page.locator(".et-rows ins")).to_contain_text("19&nbsp;septembre")
    desk.shot("template-versions")


def conflict(desk: Desk, vendor: Vendor) -> None:
    """Somebody changed it at the vendor meanwhile: nothing is overwritten, a person decides."""
    page = desk.page
    page.locator(".ca-crumbs a").last.click()
    template = page.url
    there = held(vendor)["Rentrée"]
    vendor.stack.sandbox.control("PATCH", "templates", account=vendor.name, id=there["id"], bodyHtml="<h1>Le leur</h1>")
    page.goto(f"{template}replace/")
    page.fill("[name=body_html]", "<h1>Le nôtre</h1>\n<p>Deux</p>")
    desk.submit()
    page.locator("[name=confirmed]").click()
    desk.see_state("conflict")
    assert held(vendor)["Rentrée"]["bodyHtml"] == "<h1>Le leur</h1>"
    desk.change_of()
    page.locator("a.ca-button.primary[href$='/decide/']").click()
    desk.shot("template-decide")
    page.locator("[name='keep-body_html'][value=theirs]").check()
    desk.submit()
    page.goto(template)
    expect(page.frame_locator(".et-stage iframe").locator("h1")).to_have_text("Le leur")


def copy(desk: Desk, vendor: Vendor, other: Vendor, name: str) -> None:
    """To the other client: the plan with its verdict, then what became of it."""
    page = desk.page
    desk.go(LIST)
    page.locator("#result_list tbody th a", has_text="Infolettre").click()
    page.locator("a[href$='/copy/']").click()
    desk.shot("template-copy")
    page.get_by_label(name, exact=True).check()
    desk.submit()
    desk.see("Nothing was sent yet.", "Rien n’est encore envoyé.")
    desk.shot("template-plan")
    desk.submit()
    desk.see("Created; on its way to Cyberimpact.", "Créé; en route vers Cyberimpact.")
    desk.shot("template-copied")
    until(lambda: "Infolettre d’automne" in held(other), 20, "copied to the other client")
    assert held(other)["Infolettre d’automne"]["bodyHtml"] == NEWS


def delete(desk: Desk, vendor: Vendor) -> None:
    """What was made from it is listed; then it is gone on both sides."""
    page = desk.page
    desk.go(LIST)
    page.locator("#result_list tbody th a", has_text="Rentrée").click()
    page.locator("a[href$='/delete/']").click()
    desk.see("Made from this template", "Faits à partir de ce gabarit")
    desk.shot("template-delete")
    desk.submit()
    until(lambda: "Rentrée" not in held(vendor), 20, "deleted at the vendor")


def test_templates_from_a_pull_to_a_copy_and_a_deletion(desk: Desk) -> None:
    language = desk.language
    other, vendor = Vendor(desk.stack, f"Autre quai {language}"), Vendor(desk.stack, f"Grand quai {language}")
    remote_template(vendor, "Infolettre d’automne", NEWS)
    remote_template(vendor, "", "<p>Un gabarit sans titre</p>")
    remote_template(vendor, "Rappel", "", "Un rappel, en texte seul.")
    remote_template(vendor, "Très long", "<p>" + "Beaucoup de texte. " * 7_000 + "</p>")
    desk.go("/")
    desk.log_in()
    desk.connect(other, f"Autre {language}")
    desk.slug = ""
    desk.connect(vendor, f"Grand {language}")
    look(desk)
    create(desk, vendor)
    replace(desk, vendor)
    conflict(desk, vendor)
    copy(desk, vendor, other, f"Autre {language}")
    delete(desk, vendor)
